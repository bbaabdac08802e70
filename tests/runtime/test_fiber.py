"""Processes are asyncio tasks, though the scheduler makes most of their steps itself."""

from __future__ import annotations

import asyncio
import gc
import io
import weakref
from typing import Any

import pytest

from kinode_nb.process_lib import Our
from kinode_nb.runtime.fiber import Fiber
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.runtime.suspension import Suspension
from kinode_nb.testing import MockClock, virtual_loop
from tests.runtime.lab import Lab, echo, in_lab

ECHO = "b.dev@echo:t:os"
MAIN = "a.dev@main:t:os"


def task(work: Any) -> asyncio.Task[Any]:
    loop = asyncio.get_running_loop()
    return Fiber(work, loop).start(lambda fiber: asyncio.Task(fiber, loop=loop))


@in_lab
async def test_messages_and_asyncio_take_turns(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> list[bytes]:
        got = []
        for n in range(5):
            got.append((await our.send_and_await_response(ECHO, b"%d" % n)).body)
            await asyncio.sleep(n % 2)
            got.append((await our.send_and_await_response(ECHO, b"again")).body)
        return got

    assert (await lab.play(MAIN, main))[::2] == [b"0", b"1", b"2", b"3", b"4"]


@in_lab
async def test_the_current_task_is_the_same_in_every_step(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> set[Any]:
        seen = {asyncio.current_task()}
        for _ in range(3):
            await our.send_and_await_response(ECHO, b"x")
            seen.add(asyncio.current_task())
            await asyncio.sleep(0)
            seen.add(asyncio.current_task())
        return seen

    seen = await lab.play(MAIN, main)
    assert len(seen) == 1
    assert None not in seen
    assert asyncio.current_task() not in seen


@in_lab
async def test_a_timeout_over_a_wait_for_messages(lab: Lab):
    async def main(our: Our) -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await our.receive()
        return lab.clock.seconds

    assert await lab.play(MAIN, main) == 3


@in_lab
async def test_one_of_a_task_group_fails_while_the_other_waits_for_messages(lab: Lab):
    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("of the group")

    async def main(our: Our) -> str:
        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.TaskGroup() as group:
                group.create_task(our.receive())
                group.create_task(fail())
        return str(raised.value.exceptions[0])

    assert await lab.play(MAIN, main) == "of the group"


@in_lab
async def test_cancelled_while_it_waits_with_a_message(lab: Lab):
    place = Suspension(lab.scheduler)

    async def wait() -> None:
        await place

    waiting = task(wait())
    await lab.idle()
    waiting.cancel("for a reason")
    waiting.cancel("once more")
    with pytest.raises(asyncio.CancelledError, match="once more"):
        await waiting
    assert not place.waiting


@in_lab
async def test_cancelled_after_it_was_woken(lab: Lab):
    place = Suspension(lab.scheduler)

    async def wait() -> str:
        await place
        try:
            await place
        except asyncio.CancelledError:
            return "cancelled"
        return "woken"

    waiting = task(wait())
    await lab.idle()
    place.wake()
    await lab.idle()
    place.wake()
    waiting.cancel()
    assert await waiting == "cancelled"


@pytest.mark.parametrize("then", ["wait", "sleep", "bare", "return", "raise"])
@in_lab
async def test_a_fiber_that_cancels_its_task_in_a_step_of_the_scheduler(lab: Lab, then: str):
    place, other = Suspension(lab.scheduler), Suspension(lab.scheduler)
    future = lab.loop.create_future()

    async def wait() -> str:
        await place
        asyncio.current_task().cancel()  # type: ignore[union-attr]
        if then == "wait":
            await other
        elif then == "sleep":
            await future
        elif then == "bare":
            await asyncio.sleep(0)
        elif then == "raise":
            raise ValueError("its own")
        return "ended"

    waiting = task(wait())
    await lab.idle()
    place.wake()
    with pytest.raises(ValueError if then == "raise" else asyncio.CancelledError):
        await waiting
    assert future.cancelled() == (then == "sleep")
    await lab.idle()
    assert not other.waiting


@in_lab
async def test_a_fiber_that_goes_on_after_a_cancellation(lab: Lab):
    place, future = Suspension(lab.scheduler), lab.loop.create_future()
    heard: list[str] = []

    async def wait() -> str:
        for _ in range(3):
            try:
                await place
            except asyncio.CancelledError:
                heard.append("cancelled")
            else:
                heard.append("woken")
        return await future

    waiting = task(wait())
    await lab.idle()
    for act in (waiting.cancel, place.wake, waiting.cancel):
        act()
        await lab.idle()
    future.set_result("done")
    assert await waiting == "done"
    assert heard == ["cancelled", "woken", "cancelled"]


@in_lab
async def test_what_a_step_of_the_scheduler_raises_is_the_tasks(lab: Lab):
    place = Suspension(lab.scheduler)

    async def wait() -> None:
        await place
        raise ValueError("of the step")

    waiting = task(wait())
    await lab.idle()
    place.wake()
    with pytest.raises(ValueError, match="of the step"):
        await waiting


@in_lab
async def test_asyncio_can_show_it(lab: Lab):
    place = Suspension(lab.scheduler)

    async def some_work() -> None:
        await place

    waiting = task(some_work())
    await lab.idle()
    assert "some_work" in repr(waiting)
    shown = io.StringIO()
    waiting.print_stack(file=shown)
    assert "in some_work" in shown.getvalue()
    place.wake()
    await waiting


@in_lab
async def test_nothing_is_left_of_it(lab: Lab):
    place = Suspension(lab.scheduler)

    async def some_work() -> None:
        await place
        await asyncio.sleep(0)
        await place

    waiting = task(some_work())
    for _ in range(3):
        await lab.idle()
        place.wake()
    await waiting
    left = weakref.ref(waiting)
    gc.disable()
    try:
        del waiting
        assert left() is None  # and not only after a collection
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["_CTask", "_PyTask"])
def test_both_of_asyncios_tasks_run_fibers(kind: str):
    """Tools that nest event loops replace asyncio's C task by the one in Python."""
    clock = MockClock()
    loop = virtual_loop(clock)
    place = Suspension(Scheduler(loop, clock))
    make = getattr(asyncio.tasks, kind)

    async def wait() -> str:
        for _ in range(3):
            await place
            await asyncio.sleep(0)
        await place
        return "woken"

    async def main() -> list[str]:
        found = []
        for ending in (place.wake, None):
            tested = Fiber(wait(), loop).start(lambda fiber: make(fiber, loop=loop))
            for _ in range(10):
                await asyncio.sleep(0)
                place.wake()
                if ending is None:
                    tested.cancel()
            (result,) = await asyncio.gather(tested, return_exceptions=True)
            found.append(str(result) or type(result).__name__)
        return found

    try:
        assert loop.run_until_complete(main()) == ["woken", "CancelledError"]
    finally:
        loop.close()


def test_an_interrupt_inside_a_step_loses_no_other_step():
    """Ctrl-C is raised in whatever runs; asyncio lets it through. The next run goes on."""
    clock = MockClock()
    loop = virtual_loop(clock)
    scheduler = Scheduler(loop, clock)
    places = [Suspension(scheduler) for _ in range(3)]
    done: list[int] = []

    async def waiter(number: int) -> None:
        await places[number]
        if number == 0:
            raise KeyboardInterrupt
        done.append(number)

    async def main(tasks: list[Any]) -> None:
        tasks += [task(waiter(number)) for number in range(3)]
        await asyncio.sleep(1)
        for place in places:
            place.wake()
        await asyncio.sleep(1)

    tasks: list[asyncio.Task[None]] = []
    try:
        running = loop.create_task(main(tasks))
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(running)
        loop.run_until_complete(running)
        assert done == [1, 2]
        assert isinstance(tasks[0].exception(), KeyboardInterrupt)
    finally:
        loop.close()
