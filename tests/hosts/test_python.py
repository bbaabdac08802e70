"""Python processes: how their code is found, and what it may do with asyncio."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.hosts.python import PythonHost
from kinode_nb.process_lib import Our, Request
from kinode_nb.types import Address, SpawnError
from tests.runtime.lab import Lab, collector, echo, in_lab, sink

MAIN = "a.dev@main:t:os"
ECHO = "b.dev@echo:t:os"


# --------------------------------------------------------------------------------------- asyncio


@in_lab
async def test_asyncio_timeout_around_receive(lab: Lab):
    async def main(our: Our) -> list[bytes]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await our.receive()
        await our.send_request(our.address, b"next")
        return [(await our.receive()).body]

    assert await lab.play(MAIN, main) == [b"next"]
    assert lab.clock.seconds >= 3


@in_lab
async def test_wait_for_around_receive(lab: Lab):
    async def main(our: Our) -> list[bytes]:
        found = []
        for n in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(our.receive(), 1)
            await our.send_request(our.address, b"%d" % n)
            found.append((await asyncio.wait_for(our.receive(), 1)).body)
        return found

    assert await lab.play(MAIN, main) == [b"0", b"1", b"2"]


@in_lab
async def test_task_groups_and_gather(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> list[bytes]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(our.send_and_await_response(ECHO, b"%d" % n)) for n in range(3)
            ]
        gathered = await asyncio.gather(
            our.send_and_await_response(ECHO, b"3"), our.send_and_await_response(ECHO, b"4")
        )
        return [task.result().body for task in tasks] + [each.body for each in gathered]

    assert await lab.play(MAIN, main) == [b"0", b"1", b"2", b"3", b"4"]


@in_lab
async def test_a_failing_task_group_cancels_the_rest_of_it(lab: Lab):
    async def main(our: Our) -> bytes:
        async def fail() -> None:
            await asyncio.sleep(1)
            raise ValueError("on purpose")

        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                group.create_task(our.receive())
        await our.send_request(our.address, b"alive")
        return (await our.receive()).body

    assert await lab.play(MAIN, main) == b"alive"


@in_lab
async def test_to_thread(lab: Lab):
    async def main(our: Our) -> bool:
        return await asyncio.to_thread(threading.get_ident) != threading.get_ident()

    assert await lab.play(MAIN, main)


@in_lab
async def test_two_tasks_receive_at_once(lab: Lab):
    """Each message goes to one of them, in turn; none is lost and none waits for ever."""

    async def main(our: Our) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = {"one": [], "two": [], "three": []}

        async def take(name: str) -> None:
            for _ in range(4):
                found[name].append((await our.receive()).body)

        async with asyncio.TaskGroup() as group:
            for name in found:
                group.create_task(take(name))
            await asyncio.sleep(1)
            for n in range(12):
                await our.send_request(our.address, b"%d" % n)
                if n % 3 == 0:
                    await asyncio.sleep(1)
        return found

    found = await lab.play(MAIN, main)
    assert all(len(each) == 4 for each in found.values())
    assert sorted(int(body) for each in found.values() for body in each) == list(range(12))


@in_lab
async def test_the_next_in_line_receives_when_the_first_is_cancelled(lab: Lab):
    async def main(our: Our) -> bytes:
        first = asyncio.create_task(our.receive())
        await asyncio.sleep(1)
        second = asyncio.create_task(our.receive())
        third = asyncio.create_task(our.receive())
        await asyncio.sleep(1)
        second.cancel()
        first.cancel()
        await our.send_request(our.address, b"for the third")
        return (await third).body

    assert await lab.play(MAIN, main) == b"for the third"


@pytest.mark.parametrize("when", ["before", "after"])
@in_lab
async def test_a_receive_that_is_cancelled_as_a_message_arrives_loses_nothing(lab: Lab, when: str):
    async def main(our: Our) -> bytes:
        task = asyncio.create_task(our.receive())
        await asyncio.sleep(1)
        if when == "before":
            task.cancel()
        await our.send_request(our.address, b"kept")
        if when == "after":
            task.cancel()
        message = await our.receive()  # at once: the cancelled task has not even gone on
        await asyncio.wait([task])
        assert task.cancelled()
        return message.body

    assert await lab.play(MAIN, main) == b"kept"


@in_lab
async def test_anext_and_a_queue_beside_receive(lab: Lab):
    async def main(our: Our) -> list[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()

        async def pump() -> None:
            async for message in our:
                await queue.put(message.body)

        pumping = asyncio.create_task(pump())
        for n in range(3):
            await our.send_request(our.address, b"%d" % n)
        found = [await queue.get() for _ in range(3)]
        pumping.cancel()
        await our.send_request(our.address, b"3")
        return [*found, (await anext(our)).body]

    assert await lab.play(MAIN, main) == [b"0", b"1", b"2", b"3"]


# ------------------------------------------------------------------------------ tasks and endings


@in_lab
async def test_the_tasks_of_a_process_end_with_it(lab: Lab):
    ends: list[str] = []

    async def main(our: Our) -> None:
        async def forever(name: str, waiting: Any) -> None:
            try:
                await waiting
            except asyncio.CancelledError:
                ends.append(name)
                raise

        async def parent() -> None:
            await forever("child", asyncio.create_task(forever("grandchild", asyncio.sleep(999))))

        asyncio.create_task(forever("sleeping", asyncio.sleep(999)))  # noqa: RUF006
        asyncio.create_task(forever("receiving", our.receive()))  # noqa: RUF006
        asyncio.create_task(parent())  # noqa: RUF006
        await asyncio.sleep(1)

    await lab.play(MAIN, main)
    await lab.idle()
    assert sorted(ends) == ["child", "grandchild", "receiving", "sleeping"]


@in_lab
async def test_a_task_that_never_started_ends_without_a_word(lab: Lab):
    async def main(our: Our) -> None:
        asyncio.create_task(our.receive(), name="never started")  # noqa: RUF006
        lab.kill(lab.kernels["a.dev"].processes[our.process])
        asyncio.create_task(our.receive(), name="made too late")  # noqa: RUF006

    lab.start(MAIN, main)
    await lab.idle()


@in_lab
async def test_the_tasks_of_a_killed_process_end_too(lab: Lab):
    lab.start("b.dev@sink:t:os", sink)
    ends: list[bool] = []

    async def main(our: Our) -> None:
        task = asyncio.create_task(our.send_and_await_response("b.dev@sink:t:os", b"x"))
        task.add_done_callback(lambda task: ends.append(task.cancelled()))
        await our.receive()

    process = lab.start(MAIN, main)
    await lab.idle()
    lab.kill(process)
    await lab.idle()
    assert ends == [True]


@in_lab
async def test_a_child_process_is_no_task_of_its_parent(lab: Lab):
    async def main(our: Our) -> Any:
        return await our.spawn(echo, name="child")

    child = await lab.play(MAIN, main)

    async def other(our: Our) -> bytes:
        return (await our.send_and_await_response("child:t:os", b"x")).body

    assert await lab.play("a.dev@other:t:os", other, may=[str(child)]) == b"x"


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, RecursionError, MemoryError])
@pytest.mark.parametrize("place", ["main", "task", "group", "after a wait", "first step"])
@in_lab
async def test_what_a_process_raises_ends_that_process_only(
    lab: Lab, error: type[BaseException], place: str
):
    lab.start(ECHO, echo)

    async def main(our: Our) -> None:
        async def fail() -> None:
            if place != "first step":
                await our.send_and_await_response(ECHO, b"x")
            raise error(3)

        if place == "main":
            raise error(3)
        if place == "group":
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                group.create_task(asyncio.sleep(999))
        task = asyncio.create_task(fail())
        await task if issubclass(error, Exception) else await asyncio.sleep(999)

    process = lab.start(MAIN, main)
    await lab.until(lambda: process.ended)
    raised = lab.ended[process.id]
    if isinstance(raised, BaseExceptionGroup):
        (raised,) = raised.exceptions
    assert isinstance(raised, error)

    async def other(our: Our) -> bytes:
        return (await our.send_and_await_response(ECHO, b"the others go on")).body

    assert await lab.play("a.dev@other:t:os", other) == b"the others go on"


@in_lab
async def test_a_process_that_cancels_itself_did_not_simply_return(lab: Lab):
    async def main(our: Our) -> None:
        raise asyncio.CancelledError

    process = lab.start(MAIN, main)
    await lab.idle()
    assert isinstance(lab.ended[process.id], asyncio.CancelledError)


@in_lab
async def test_waiting_for_the_end_of_a_process_that_refuses(lab: Lab):
    async def stubborn(our: Our) -> None:
        while True:
            try:
                await asyncio.sleep(100)
                return  # noqa: TRY300 - the test reads better so
            except asyncio.CancelledError:
                continue

    process = lab.start(MAIN, stubborn)
    running = process.running
    assert running is not None
    await lab.idle()
    lab.kill(process)
    await running.wait()
    assert 0 < lab.clock.seconds < 10
    await asyncio.sleep(200)


@in_lab
async def test_processes_share_no_context_variables(lab: Lab):
    variable: ContextVar[str] = ContextVar("variable", default="nobody's")

    async def child(our: Our) -> None:
        await our.send_request("main:t:os", variable.get().encode())

    async def main(our: Our) -> bytes:
        variable.set("the parent's")
        await our.spawn(child)
        return (await our.receive()).body

    assert await lab.play(MAIN, main) == b"nobody's"


@in_lab
async def test_the_loop_keeps_the_task_factory_that_it_had(lab: Lab):
    made: list[str] = []

    def factory(loop: Any, work: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(work.__name__)
        return asyncio.Task(work, loop=loop, **options)

    lab.loop.set_task_factory(factory)

    async def main(our: Our) -> None:
        await asyncio.create_task(named())

    async def named() -> None:
        pass

    await lab.play(MAIN, main)
    assert made == ["named"]
    task = asyncio.create_task(named(), name="ours")
    assert task.get_name() == "ours"
    await task


@in_lab
async def test_tasks_keep_their_names(lab: Lab):
    async def named() -> str:
        return asyncio.current_task().get_name()  # type: ignore[union-attr]

    async def main(our: Our) -> tuple[str, str, str]:
        task = asyncio.create_task(named(), name="mine")
        return await named(), await task, task.get_coro().__name__  # type: ignore[union-attr]

    assert await lab.play(MAIN, main) == (MAIN, "mine", "named")


# ----------------------------------------------------------------------------------------- code


def program(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


@in_lab
async def test_every_process_of_a_file_is_a_module_of_its_own(lab: Lab, tmp_path: Path):
    file = program(
        tmp_path,
        "counter.py",
        "count = 0\n"
        "async def init(our):\n"
        "    global count\n"
        "    async for _ in our:\n"
        "        count += 1\n"
        "        await our.send_response(str(count).encode())\n",
    )
    for name in ("one", "two"):
        lab.start(f"a.dev@{name}:t:os", file)

    async def main(our: Our) -> list[bytes]:
        targets = ["one:t:os", "one:t:os", "two:t:os"]
        return [(await our.send_and_await_response(each, b"")).body for each in targets]

    assert await lab.play(MAIN, main) == [b"1", b"2", b"1"]


@in_lab
async def test_a_file_imports_its_siblings(lab: Lab, tmp_path: Path):
    program(tmp_path, "api.py", "ANSWER = b'from a sibling'\n")
    file = program(
        tmp_path,
        "main.py",
        "from .api import ANSWER\n"
        "async def init(our):\n"
        "    await our.send_request('main:t:os', ANSWER)\n",
    )
    received: list[Request] = []
    lab.start(MAIN, collector(received))
    lab.start("a.dev@file:t:os", file)
    await lab.idle()
    assert [each.body for each in received] == [b"from a sibling"]
    folders = [str(tmp_path)]
    loaded = [name for name, each in sys.modules.items() if getattr(each, "__path__", 0) == folders]
    assert len(loaded) == 1
    lab.files.python.close()
    assert not [name for name in sys.modules if name.startswith(loaded[0])]


@in_lab
async def test_a_changed_file_is_run_as_it_is_now(lab: Lab, tmp_path: Path):
    received: list[Request] = []
    lab.start(MAIN, collector(received))
    for number in (1, 2):
        file = program(
            tmp_path,
            "main.py",
            f"async def init(our): await our.send_request('main:t:os', b'{number}')\n",
        )
        os.utime(file, ns=(number * 10**9, number * 10**9))
        lab.start(f"a.dev@file-{number}:t:os", file)
        await lab.idle()
    assert [each.body for each in received] == [b"1", b"2"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x = 1\n", SpawnError),
        ("init = 1\n", SpawnError),
        ("async def init(our: broken", SyntaxError),
        ("import no_such_module_anywhere\n", ModuleNotFoundError),
        ("raise SystemExit\n", SystemExit),
    ],
)
@in_lab
async def test_a_file_that_is_no_process(
    lab: Lab, tmp_path: Path, text: str, error: type[BaseException]
):
    process = lab.start(MAIN, program(tmp_path, "main.py", text))
    await lab.idle()
    assert isinstance(lab.ended[process.id], error)


@in_lab
async def test_a_file_that_is_gone_when_it_runs(lab: Lab, tmp_path: Path):
    process = lab.start(MAIN, tmp_path / "main.py")
    await lab.idle()
    assert isinstance(lab.ended[process.id], FileNotFoundError)


@in_lab
async def test_print_in_a_file(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = (
        "import sys\n"
        "def say(what): print(what)\n"
        "async def init(our):\n"
        "    say('to the terminal')\n"
        "    print('elsewhere', file=sys.stderr)\n"
    )
    process = lab.start(MAIN, program(tmp_path, "main.py", text))
    await lab.idle()
    assert process.ended
    printed = [e.body for e in lab.events("print") if e.source == Address.parse(MAIN)]
    assert printed == ["to the terminal"]
    assert capsys.readouterr() == ("", "elsewhere\n")


COUNT = 0


@in_lab
async def test_functions_have_globals_of_their_own(lab: Lab):
    async def main(our: Our) -> None:
        global COUNT  # noqa: PLW0603 - what the test is about
        COUNT += 1
        print("count", COUNT)

    for name in ("one", "two"):
        lab.start(f"a.dev@{name}:t:os", main)
    await lab.idle()
    assert COUNT == 0
    assert [e.body for e in lab.events("print") if e.verbosity == 0] == ["count 1", "count 1"]


@in_lab
async def test_other_callables_run_as_they_are(lab: Lab):
    class Service:
        def __init__(self, received: list[bytes]) -> None:
            self.received = received

        async def init(self, our: Our) -> None:
            self.received.append((await our.receive()).body)

    async def init(received: list[bytes], our: Our, *, suffix: bytes = b"!") -> None:
        received.append((await our.receive()).body + suffix)

    received: list[bytes] = []
    lab.start("a.dev@method:t:os", Service(received).init)
    lab.start("a.dev@partial:t:os", functools.partial(init, received))

    async def main(our: Our) -> None:
        await our.send_request("method:t:os", b"method")
        await our.send_request("partial:t:os", b"partial")

    await lab.play(MAIN, main)
    await lab.idle()
    assert received == [b"method", b"partial!"]


@in_lab
async def test_defaults_and_closures_stay(lab: Lab):
    found: list[Any] = []

    async def init(our: Our, number: int = 1, *, word: str = "two") -> None:
        found.append((number, word))

    lab.start(MAIN, init)
    await lab.idle()
    assert found == [(1, "two")]


def test_a_host_that_ran_nothing_can_be_closed():
    PythonHost().close()
