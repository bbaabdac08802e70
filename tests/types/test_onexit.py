"""What a manifest says of a process's end."""

from __future__ import annotations

import pytest

from kinode_nb.types import Address, Capability, LazyLoadBlob, OnExit, PackageError
from kinode_nb.types.onexit import LastRequest

TARGET = "a.dev@p:q:r"


def test_the_three_kinds():
    request = {"inherit": False, "expects_response": 5, "body": [104, 105], "capabilities": []}
    blob = {"mime": "text/plain", "bytes": [120]}
    read = OnExit.from_json({"Requests": [[TARGET, request, blob], [TARGET, request, None]]})
    target = Address.parse(TARGET)
    assert read == OnExit.send(
        LastRequest(target, b"hi", None, LazyLoadBlob(b"x", "text/plain"), expects_response=5),
        LastRequest(target, b"hi", expects_response=5),
    )
    assert OnExit.from_json("None") == OnExit.NONE
    assert OnExit.from_json("Restart") == OnExit.RESTART
    kinds = [str(each) for each in (OnExit.NONE, OnExit.RESTART, read)]
    assert kinds == ["None", "Restart", "Requests"]


def test_what_is_written_is_read_again():
    door = {"issuer": TARGET, "params": '"messaging"'}
    for capabilities in ([door], [[door, [1, 2]]]):  # process_lib's form, and the runtime's
        request = {"inherit": True, "body": [0], "metadata": "m", "capabilities": capabilities}
        read = OnExit.from_json({"Requests": [[TARGET, request, {"bytes": []}]]})
        (last,) = read.requests
        assert last.capabilities == (Capability(Address.parse(TARGET), '"messaging"'),)
        assert OnExit.from_json(read.to_json()) == read
    for simple in (OnExit.NONE, OnExit.RESTART):
        assert OnExit.from_json(simple.to_json()) == simple


@pytest.mark.parametrize("value", ["none", "", {"Requests": 1}, {"Other": []}, {}])
def test_anything_else_is_told(value):
    with pytest.raises(PackageError, match="on_exit"):
        OnExit.from_json(value)


@pytest.mark.parametrize(
    "item",
    [
        [],
        [TARGET, {}, None],
        ["nonsense", {"body": []}, None],
        [TARGET, {"body": [300]}, None],
        [TARGET, {"body": []}, {"mime": None}],
        [TARGET, {"body": 10**12}, None],
        [TARGET, {"body": [], "metadata": 1}, None],
        [TARGET, {"body": [], "expects_response": "5"}, None],
        [TARGET, {"body": [], "expects_response": -1}, None],
        [TARGET, {"body": [], "expects_response": True}, None],
        [TARGET, {"body": [], "expects_response": 1 << 64}, None],
        [TARGET, {"body": [], "capabilities": ["x"]}, None],
        [TARGET, "request", None],
        7,
    ],
)
def test_a_request_that_cannot_be_read(item):
    with pytest.raises(PackageError, match="on_exit"):
        OnExit.from_json({"Requests": [item]})
