"""``state:distro:sys``: what it does with its Requests (specification, sections 3 and 5)."""

from __future__ import annotations

from typing import Any

import pytest

from kinode_nb.process_lib import LazyLoadBlob, Our
from kinode_nb.system.state import State
from kinode_nb.types import ProcessId
from tests.runtime.lab import Lab, failure, in_lab

STATE = "state:distro:sys"
MAIN = "a.dev@main:t:os"
OTHER = "other:t:os"


class FullDisk(dict[ProcessId, bytes]):
    """States that cannot be written."""

    def __setitem__(self, process: ProcessId, state: bytes) -> None:
        raise OSError(28, "No space left on device")


def start(lab: Lab, states: Any = None) -> None:
    kept = lab.kernels["a.dev"].states if states is None else states
    process = lab.start(f"a.dev@{STATE}", State(kept), public=False)
    process.system = process.runtime = True


def stateful(test: Any) -> Any:
    """Make a test of a process that may message state."""

    @in_lab
    async def run(lab: Lab) -> None:
        start(lab)
        await lab.play(MAIN, lambda our: test(lab, our), may=[STATE], public=False)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def ask(our: Our, action: Any, **options: Any) -> Any:
    return (await our.send_and_await_response(STATE, action, **options)).json()


@stateful
async def test_a_state_is_set_got_and_deleted(lab: Lab, our: Our):
    assert await ask(our, {"SetState": OTHER}, blob=LazyLoadBlob(b"x")) == "SetState"
    assert not our.has_blob()
    assert await ask(our, {"GetState": OTHER}) == "GetState"
    assert our.get_blob() == LazyLoadBlob(b"x", "application/octet-stream")
    for _ in range(2):
        assert await ask(our, {"DeleteState": OTHER}) == "DeleteState"
    missing = {"Err": {"NotFound": {"process_id": OTHER}}}
    assert await ask(our, {"GetState": OTHER}) == missing
    assert not our.has_blob()


@stateful
async def test_it_is_the_state_that_the_process_itself_has(lab: Lab, our: Our):
    our.set_state(b"mine")
    assert await ask(our, {"GetState": str(our.process)}) == "GetState"
    blob = our.get_blob()
    assert blob is not None
    assert blob.bytes == b"mine"
    await ask(our, {"SetState": str(our.process)}, blob=LazyLoadBlob(b""))
    assert our.get_state() == b""


@stateful
async def test_metadata_comes_back_with_success_alone(lab: Lab, our: Our):
    for action, expected in (("DeleteState", "m"), ("GetState", None)):
        response = await our.send_and_await_response(STATE, {action: OTHER}, metadata="m")
        assert response.metadata == expected


@stateful
async def test_success_is_told_to_those_who_expect_it_and_errors_to_all(lab: Lab, our: Our):
    await our.send_request(STATE, {"SetState": OTHER}, blob=LazyLoadBlob(b"unasked"))
    await our.send_request(STATE, {"SetState": OTHER})
    await ask(our, {"GetState": OTHER})
    said = [
        each.body
        for each in lab.log.entries
        if str(getattr(each, "source", "")) == f"a.dev@{STATE}"
    ]
    assert said == [b'{"Err":{"BadBytes":{"action":"SetState"}}}', b'"GetState"']


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"7", b"[]", b"{}", b'"GetState"', b'{"GetState":7}', b'{"GetState":"a"}',
     b'{"Nonsense":"a:b:c"}', b'{"GetState":"../a:b:c"}', b"[" * 100_000],
)  # fmt: skip
@in_lab
async def test_what_is_no_action_is_bad_json(lab: Lab, body: bytes):
    start(lab)

    async def main(our: Our) -> Any:
        return await ask(our, body)

    assert (await lab.play(MAIN, main, may=[STATE]))["Err"].keys() == {"BadJson"}


@in_lab
async def test_a_full_disk_is_answered(lab: Lab):
    start(lab, FullDisk())

    async def main(our: Our) -> Any:
        return await ask(our, {"SetState": OTHER}, blob=LazyLoadBlob(b"x"))

    error = (await lab.play(MAIN, main, may=[STATE]))["Err"]
    assert error == {"IOError": {"error": "[Errno 28] No space left on device"}}


@in_lab
async def test_other_nodes_are_ignored(lab: Lab):
    start(lab)

    async def main(our: Our) -> str:
        there = our.send_and_await_response(f"a.dev@{STATE}", {"GetState": OTHER}, timeout=1)
        return (await failure(there)).kind

    assert await lab.play("b.dev@main:t:os", main) == "Timeout"
    assert lab.prints(1)[0] == (
        "state: got request from b.dev, but requests must come from our node a.dev"
    )
