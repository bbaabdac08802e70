"""``tester:tester:sys``: runs test processes, as kit's run-tests asks (``packages/tester``).

kit writes the tests into ``/tester:sys/tests/``, with ``capabilities.json``, and sends ``Run`` to
every node. The first node named is the master: it spawns one test after the other, hands each the
Run as it came, and answers what came of it. The others answer Ok at once.

A test is ``tests/<name>.wasm``, or ``tests/<name>/<name>.wasm`` where it has modules beside it. Its
OnExit tells the tester of its end, so that nobody waits for one that has crashed. What an Err has
no field for is the Response's metadata (`Report`).
"""

from collections import deque
from typing import Literal, NoReturn

import msgspec

from kinode_nb.process_lib import (
    Address,
    Capability,
    KinodeError,
    OnExit,
    Our,
    PackageId,
    ProcessId,
    Request,
    Response,
    SendError,
    SpawnError,
    VfsError,
    vfs,
)
from kinode_nb.process_lib.tester import OK, FailResponse, Outcome, Report, failed, read_run
from kinode_nb.system.tester_capabilities import Wishes
from kinode_nb.types import BodyError, Received
from kinode_nb.types.onexit import LastRequest

PACKAGE = PackageId("tester", "sys")
DRIVES = ("setup", "tests")
_FOLDER = f"{PACKAGE}/tests"
_ENDED = b'"TestEnded"'


class TestFailed(Exception):  # noqa: N818 - it says what happened, and ends the process
    """A test failed; the tester has answered so, and ends with this, to start afresh."""

    __test__ = False  # pytest: no test class

    def __init__(self, failure: FailResponse, report: Report) -> None:
        """Name the test and say why."""
        super().__init__(f"test {failure.test} failed: {report.reason}")
        self.failure = failure
        self.report = report


async def init(our: Our) -> None:
    """Run tests until one fails; the node then starts the tester again, as Kinode does."""
    kept: deque[Received] = deque()  # what came while a test was waited for
    while True:
        message = kept.popleft() if kept else await our.receive()
        if isinstance(message, Request) and not _tells_an_end(our, message):
            try:
                await _run_all(our, message, kept)
            except TestFailed as error:
                await _refuse(our, message, error.failure, error.report, str(error))
                raise
            except (msgspec.DecodeError, UnicodeDecodeError, KinodeError) as error:
                reason = f"the Run cannot be done: {error}"
                await _refuse(our, message, FailResponse("tester"), Report("error", reason), reason)


def _tells_an_end(our: Our, message: Request) -> bool:
    source = message.source
    is_own = source.node == our.node and source.package_id == our.package_id
    return is_own and message.body == _ENDED


async def _refuse(
    our: Our, request: Request, failure: FailResponse, report: Report, said: str
) -> None:
    our.print_to_terminal(0, f"tester: {said}")
    metadata = msgspec.json.encode(report).decode()
    await our.send_response(failed(failure), metadata=metadata, to=request)


async def _run_all(our: Our, request: Request, kept: deque[Received]) -> None:
    """Answer a Run: as the master when all tests have passed."""
    run = read_run(request.body)
    if not run.input_node_names:
        raise BodyError("it names no node")
    if run.input_node_names[0] == our.node:
        wishes = await _wishes(our)
        for name in run.test_names:
            child = await _spawn(our, name, wishes.get(name, Wishes()))
            answer = await _answer(our, child, request.body, max(1, run.test_timeout), kept)
            _judge(name, child, answer)
    await our.send_response(OK, to=request)


async def _wishes(our: Our) -> dict[str, Wishes]:
    """Read what capabilities the tests ask for; a missing file means none."""
    try:
        data = await vfs.File(our, f"{_FOLDER}/capabilities.json").read()
    except VfsError as error:
        if "(os error 2)" in str(error):
            return {}
        raise
    return msgspec.json.decode(data, type=dict[str, Wishes])


async def _spawn(our: Our, name: str, wishes: Wishes) -> ProcessId:
    """Start a test; raises TestFailed."""
    try:
        requested = _requested(our, name, wishes)
        granted = wishes.granted()
        at_end = OnExit.send(LastRequest(our.address, _ENDED))
        try:
            return await our.spawn(
                f"{_FOLDER}/{name}.wasm", None, at_end, requested, granted, public=False
            )
        except SpawnError as error:
            if error.kind != "NoFileAtPath":
                raise
            inside = f"{_FOLDER}/{name}/{name}.wasm"
            return await our.spawn(inside, None, at_end, requested, granted, public=False)
    except KinodeError as error:
        _fail(name, "error", f"it could not be spawned: {error}")


def _requested(our: Our, name: str, wishes: Wishes) -> list[Capability]:
    """Return what a test is to hold; what the tester cannot hand on is dropped, and told."""
    held: tuple[Capability, ...] = our.our_capabilities()
    requested = wishes.requested(our.node)
    for each in requested:
        if each not in held and each.issuer != our.address:
            said = f"tester: {name} requests {each}, which the tester does not hold"
            our.print_to_terminal(1, said)
    return [*requested, *held]


async def _answer(
    our: Our, child: ProcessId, body: bytes, timeout: int, kept: deque[Received]
) -> Response | SendError | None:
    """Hand a test the Run and wait for its answer; None when it ended without one."""
    at = Address(our.node, child)
    await our.send_request(at, body, expects_response=timeout, context=child)
    while True:
        message = await our.receive()
        if not isinstance(message, Request) and message.context is child:
            return message
        if isinstance(message, Request) and message.source == at and message.body == _ENDED:
            return None
        kept.append(message)


def _judge(name: str, child: ProcessId, answer: Response | SendError | None) -> None:
    """Raise TestFailed unless a test has answered Ok."""
    if answer is None:
        _fail(name, "crashed", "it ended without an answer", child)
    if isinstance(answer, SendError):
        _fail(name, "hung", f"no answer: {answer}", child)
    try:
        outcome = msgspec.json.decode(answer.body, type=Outcome).run
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _fail(name, "crashed", f"its answer makes no sense: {error}")
    failure = outcome.get("Err")
    if failure is not None:
        where = f"{failure.file}:{failure.line}:{failure.column}"
        report = _report(answer.metadata, f"{where} (a test of {name})")
        raise TestFailed(failure, msgspec.structs.replace(report, process=str(child)))
    if "Ok" not in outcome:
        _fail(name, "crashed", "its answer is neither Ok nor Err")


def _report(metadata: str | None, where: str) -> Report:
    """Return what a test said beside its Err, if it is one that does."""
    try:
        return msgspec.json.decode(metadata or "", type=Report)
    except msgspec.DecodeError:
        return Report("failed", where)


def _fail(
    name: str,
    status: Literal["failed", "crashed", "hung", "error"],
    reason: str,
    child: ProcessId | None = None,
) -> NoReturn:
    process = "" if child is None else str(child)
    failure = FailResponse(name, f"{_FOLDER}/{name}.wasm")
    raise TestFailed(failure, Report(status, reason, process=process))
