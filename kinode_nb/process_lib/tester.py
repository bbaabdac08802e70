"""How a test process is written, for ``run-tests`` (kit's ``tester_lib``).

    from kinode_nb.process_lib import Our, tester

    @tester.test
    async def init(our: Our, nodes: list[str]) -> None:
        answer = await our.send_and_await_response("echo:echo:template.os", "hi")
        assert answer.json() == "Ack"

The test is handed the names of the nodes, its own first. It has passed when the function returns.
An ``assert`` that does not hold, or `fail`, fails it; any other error is a crash of the test. Both
are answered with the place in the test's own files, and the traceback is printed.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, NoReturn, TypeVar

import msgspec

from kinode_nb.process_lib.our import Our
from kinode_nb.process_lib.places import Place, place_of
from kinode_nb.process_lib.reasons import reason as reason_of
from kinode_nb.process_lib.reasons import story
from kinode_nb.types import BodyError, Request

T = TypeVar("T")
TestFunction = Callable[[Our, list[str]], Awaitable[None]]
"""Takes its handle and the names of the test's nodes, its own first."""

_TICK = 0.01  # seconds between two looks of `until`


class RunRequest(msgspec.Struct, frozen=True):
    """What is to be run: Kinode's WIT ``tester:sys``, ``run-request``."""

    input_node_names: list[str]
    test_names: list[str]
    test_timeout: Annotated[int, msgspec.Meta(ge=0)]
    """In seconds, for one test."""


class FailResponse(msgspec.Struct, frozen=True):
    """Which test failed, and where; line and column are 0 where nobody knows."""

    test: str
    file: str = ""
    line: int = 0
    column: int = 0


class Report(msgspec.Struct, frozen=True):
    """What an Err has no field for; it travels as JSON in the Response's metadata.

    A Response without it, as of a test that is written otherwise, has failed without a reason.
    """

    status: Literal["failed", "crashed", "hung", "error"]
    reason: str = ""
    traceback: str = ""
    process: str = ""
    """The id of the process that ran the test, where it may still be there."""


class _Request(msgspec.Struct, frozen=True):
    run: RunRequest = msgspec.field(name="Run")


class Outcome(msgspec.Struct, frozen=True):
    """The answer to a Run: ``{"Run":{"Ok":null}}`` or ``{"Run":{"Err":{…}}}``."""

    run: dict[str, FailResponse | None] = msgspec.field(name="Run")


OK = b'{"Run":{"Ok":null}}'


class TestFailedError(Exception):
    """What `fail` raises."""

    __test__ = False  # pytest: no test class


def read_run(body: bytes) -> RunRequest:
    """Return what a body asks to be run; raises BodyError."""
    try:
        return msgspec.json.decode(body, type=_Request).run
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError(f"the body is no Run: {error}") from None


def failed(failure: FailResponse) -> bytes:
    """Return the body of an Err."""
    return msgspec.json.encode(Outcome({"Err": failure}))


def fail(reason: str) -> NoReturn:
    """End the test as failed; the place is the line that calls this."""
    raise TestFailedError(reason)


async def until(look: Callable[[], Awaitable[T]], timeout: float = 5) -> T:
    """Return what a look returns as soon as it is true; the test fails after ``timeout`` seconds.

    An AssertionError in a look means: not yet.
    """
    reason = "it has not come true"
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            while True:
                try:
                    if found := await look():
                        return found
                except AssertionError as error:
                    reason = reason_of(error)
                await asyncio.sleep(_TICK)
    fail(f"{reason}, in {timeout:g} s")


def test(run: TestFunction) -> Callable[[Our], Awaitable[None]]:
    """Make a test's ``init`` of a function that gets the names of the nodes.

    It takes one Run of its own node and answers it. What other nodes send is passed over. Raises
    BodyError when the first Request is no Run; at once TypeError for a function of other arguments.
    """
    function = inspect.unwrap(run)
    file = getattr(getattr(function, "__code__", None), "co_filename", "")
    _check(run)

    async def init(our: Our) -> None:
        request = await our.receive()
        while not isinstance(request, Request) or request.source.node != our.node:
            request = await our.receive()
        nodes = read_run(request.body).input_node_names
        try:
            await run(our, nodes)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is the test's result
            place = place_of(error, str(Path(file).parent))
            if place.file == __file__:  # no line of the test has been reached
                place = Place()
            report = _report(error)
            our.print_to_terminal(0, report.traceback)
            test_name = Path(file).stem
            failure = FailResponse(test_name, place.file, place.line, place.column)
            said = msgspec.json.encode(report).decode()
            await our.send_response(failed(failure), metadata=said, to=request)
        else:
            await our.send_response(OK, to=request)

    return init


test.__test__ = False  # type: ignore[attr-defined]  # pytest: no test function


def _check(run: TestFunction) -> None:
    """Raise TypeError unless a function can be called with a handle and names."""
    name = getattr(run, "__name__", "a test")
    signature = inspect.signature(run)
    try:
        signature.bind(None, [])
    except TypeError:
        raise TypeError(
            f"{name}{signature} is no test: write async def {name}(our: Our, nodes: list[str])"
        ) from None


def _report(error: Exception) -> Report:
    if isinstance(error, TestFailedError):
        return Report("failed", str(error), story(error))
    status: Literal["failed", "crashed"] = (
        "failed" if isinstance(error, AssertionError) else "crashed"
    )
    return Report(status, reason_of(error), story(error))


__all__ = [
    "OK",
    "FailResponse",
    "Outcome",
    "Place",
    "Report",
    "RunRequest",
    "TestFailedError",
    "TestFunction",
    "fail",
    "failed",
    "read_run",
    "test",
    "until",
]
