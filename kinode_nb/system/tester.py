"""``tester:tester:sys``: runs test processes, as kit's run-tests asks (``packages/tester``).

kit writes the tests into ``/tester:sys/tests/``, with ``capabilities.json``, and sends ``Run`` to
every node. The first node named is the master: it spawns one test after the other, hands each the
Run as it came, and answers what came of it. The others answer Ok at once.
"""

from typing import Annotated, NoReturn

import msgspec

from kinode_nb.process_lib import (
    Capability,
    KinodeError,
    Our,
    PackageId,
    Request,
    SendError,
    VfsError,
    vfs,
)
from kinode_nb.system.tester_capabilities import Wishes

PACKAGE = PackageId("tester", "sys")
DRIVES = ("setup", "tests")
_FOLDER = f"{PACKAGE}/tests"
_OK = b'{"Run":{"Ok":null}}'


class _Run(msgspec.Struct, frozen=True):
    input_node_names: list[str]
    test_names: list[str]
    test_timeout: Annotated[int, msgspec.Meta(ge=0)]


class _RunRequest(msgspec.Struct, frozen=True):
    run: _Run = msgspec.field(name="Run")


class _Failure(msgspec.Struct, frozen=True):
    """Which test failed, and where; line and column are 0 where the test itself did not say."""

    test: str
    file: str = ""
    line: int = 0
    column: int = 0


class _Outcome(msgspec.Struct, frozen=True):
    run: dict[str, _Failure | None] = msgspec.field(name="Run")


class TestFailed(Exception):  # noqa: N818 - it says what happened, and ends the process
    """A test failed; the tester has answered so, and ends with this, to start afresh."""

    __test__ = False  # pytest: no test class

    def __init__(self, failure: _Failure, reason: str) -> None:
        """Name the test and say why."""
        super().__init__(f"test {failure.test} failed: {reason}")
        self.failure = failure


async def init(our: Our) -> None:
    """Run tests until one fails; the node then starts the tester again, as Kinode does."""
    async for message in our:
        if isinstance(message, Request):
            try:
                await _run_all(our, message)
            except TestFailed as error:
                await _refuse(our, message, error.failure, str(error))
                raise
            except (msgspec.DecodeError, UnicodeDecodeError, KinodeError) as error:
                await _refuse(our, message, _Failure("tester"), f"the Run cannot be done: {error}")


async def _refuse(our: Our, request: Request, failure: _Failure, reason: str) -> None:
    our.print_to_terminal(0, f"tester: {reason}")
    await our.send_response(msgspec.json.encode(_Outcome({"Err": failure})), to=request)


async def _run_all(our: Our, request: Request) -> None:
    """Answer a Run: as the master when all tests have passed."""
    run = msgspec.json.decode(request.body, type=_RunRequest).run
    if not run.input_node_names:
        raise msgspec.ValidationError("it names no node")
    if run.input_node_names[0] == our.node:
        wishes = await _wishes(our)
        for name in run.test_names:
            await _run_one(our, name, wishes.get(name, Wishes()), request.body, run.test_timeout)
    await our.send_response(_OK, to=request)


async def _wishes(our: Our) -> dict[str, Wishes]:
    """Read what capabilities the tests ask for; a missing file means none."""
    try:
        data = await vfs.File(our, f"{_FOLDER}/capabilities.json").read()
    except VfsError as error:
        if "(os error 2)" in str(error):
            return {}
        raise
    return msgspec.json.decode(data, type=dict[str, Wishes])


async def _run_one(our: Our, name: str, wishes: Wishes, body: bytes, timeout: int) -> None:
    """Spawn a test, hand it the Run and wait; raises TestFailed."""
    path = f"{_FOLDER}/{name}.wasm"
    held: tuple[Capability, ...] = our.our_capabilities()
    try:
        child = await our.spawn(
            path,
            request_capabilities=(*wishes.requested(our.node), *held),
            grant_capabilities=wishes.granted(),
        )
    except KinodeError as error:
        _fail(name, path, f"it could not be spawned: {error}")
    try:
        response = await our.send_and_await_response(child, body, max(1, timeout))
    except SendError as error:
        _fail(name, path, f"no answer: {error}")
    try:
        outcome = msgspec.json.decode(response.body, type=_Outcome).run
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _fail(name, path, f"its answer makes no sense: {error}")
    failure = outcome.get("Err")
    if failure is not None:
        where = f"{failure.file}:{failure.line}:{failure.column}"
        raise TestFailed(failure, f"{where} (a test of {name})")
    if "Ok" not in outcome:
        _fail(name, path, "its answer is neither Ok nor Err")


def _fail(name: str, path: str, reason: str) -> NoReturn:
    raise TestFailed(_Failure(name, path), reason)
