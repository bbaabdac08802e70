"""What a manifest says of a process's end."""

from __future__ import annotations

import pytest

from kinode_nb.types import Address, LazyLoadBlob, OnExit, PackageError
from kinode_nb.types.onexit import LastRequest

TARGET = "a.dev@p:q:r"


def test_the_three_kinds():
    request = {"inherit": False, "expects_response": 5, "body": [104, 105], "capabilities": []}
    blob = {"mime": "text/plain", "bytes": [120]}
    read = OnExit.from_json({"Requests": [[TARGET, request, blob], [TARGET, request, None]]})
    target = Address.parse(TARGET)
    assert read == OnExit.send(
        LastRequest(target, b"hi", None, LazyLoadBlob(b"x", "text/plain")),
        LastRequest(target, b"hi"),
    )
    assert OnExit.from_json("None") == OnExit.NONE
    assert OnExit.from_json("Restart") == OnExit.RESTART
    kinds = [str(each) for each in (OnExit.NONE, OnExit.RESTART, read)]
    assert kinds == ["None", "Restart", "Requests"]


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
    ],
)
def test_a_request_that_cannot_be_read(item):
    with pytest.raises(PackageError, match="on_exit"):
        OnExit.from_json({"Requests": [item]})
