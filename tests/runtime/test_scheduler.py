"""The run queue: turns, deadlines, and what an exception in a step leaves behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kinode_nb.process_lib import Our, SendError
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.runtime.suspension import Suspension
from kinode_nb.testing import MockClock, virtual_loop
from tests.runtime.lab import Lab, echo, in_lab, sink


@in_lab
async def test_a_task_waits_until_it_is_woken(lab: Lab):
    place = Suspension(lab.scheduler)
    done: list[str] = []

    async def waiter() -> None:
        await place
        done.append("woken")

    task = asyncio.create_task(waiter())
    await lab.idle()
    assert place.waiting
    assert not done
    place.wake()
    place.wake()
    await task
    assert done == ["woken"]


@in_lab
async def test_cancelling_carries_its_message(lab: Lab):
    place = Suspension(lab.scheduler)

    async def waiter() -> None:
        await place

    task = asyncio.create_task(waiter())
    await lab.idle()
    task.cancel("for a reason")
    with pytest.raises(asyncio.CancelledError, match="for a reason"):
        await task


@in_lab
async def test_cancelled_after_it_was_woken(lab: Lab):
    place = Suspension(lab.scheduler)

    async def waiter() -> str:
        try:
            await place
        except asyncio.CancelledError:
            return "cancelled"
        return "woken"

    task = asyncio.create_task(waiter())
    await lab.idle()
    place.wake()
    task.cancel()
    assert await task == "cancelled"


@in_lab
async def test_a_task_that_is_cancelled_before_it_waits(lab: Lab):
    place = Suspension(lab.scheduler)

    async def waiter() -> None:
        asyncio.current_task().cancel()  # type: ignore[union-attr]
        await place

    task = asyncio.create_task(waiter())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not place.waiting


@in_lab
async def test_asyncio_gets_its_turns_between_the_steps_of_processes(lab: Lab):
    """Two processes that always have something to do do not keep a timer from firing."""

    async def player(our: Our) -> None:
        if our.process.process_name == "serve":
            await our.send_request("return:t:os", b"ball")
        async for message in our:
            await our.send_request(message.source, b"ball")

    players = [lab.start(f"a.dev@{name}:t:os", player) for name in ("return", "serve")]
    for _ in range(5):
        await asyncio.sleep(0)
    assert players[0].sent + players[1].sent < 3000
    for each in players:
        lab.kill(each)


@in_lab
async def test_deadlines_are_watched_with_one_timer(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)
    calls: list[float] = []
    call_later = lab.loop.call_later

    def counted(delay: float, *args: Any, **kwargs: Any) -> asyncio.TimerHandle:
        calls.append(delay)
        return call_later(delay, *args, **kwargs)

    lab.loop.call_later = counted  # type: ignore[method-assign]

    async def main(our: Our) -> None:
        for n in range(100):
            await our.send_and_await_response("b.dev@echo:t:os", b"x", timeout=1 + n % 7 + 3)

    lab.start("a.dev@main:t:os", main)
    await lab.until(lambda: len(lab.ended) == 1)
    assert [delay for delay in calls if delay > 0.5] == [4]


@in_lab
async def test_a_short_deadline_does_not_put_off_an_earlier_one(lab: Lab):
    lab.start("a.dev@sink:t:os", sink)

    async def main(our: Our) -> list[tuple[Any, float]]:
        await our.send_request("sink:t:os", b"x", expects_response=10, context="long")
        await asyncio.sleep(8)
        await our.send_request("sink:t:os", b"x", expects_response=3, context="short")
        return [((await our.receive()).context, lab.clock.seconds) for _ in range(2)]

    times = await lab.play("a.dev@main:t:os", main)
    assert times == [("long", pytest.approx(10)), ("short", pytest.approx(11))]


@in_lab
async def test_one_that_is_overdue_does_not_hurt_the_others(lab: Lab):
    lab.start("b.dev@sink:t:os", sink)
    lab.log.observers.append(lambda event: 1 / 0)

    async def main(our: Our) -> float:
        with pytest.raises(SendError):
            await our.send_and_await_response("b.dev@sink:t:os", b"x", timeout=2)
        return round(lab.clock.seconds)

    played = await asyncio.gather(*(lab.play(f"a.dev@{n}:t:os", main) for n in range(3)))
    assert played == [2, 2, 2]


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

    async def wake() -> None:
        for place in places:
            place.wake()
        await asyncio.sleep(1)

    try:
        tasks = [loop.create_task(waiter(number)) for number in range(3)]
        loop.run_until_complete(asyncio.sleep(0))
        waking = loop.create_task(wake())
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(waking)
        loop.run_until_complete(waking)
        assert done == [1, 2]
        assert isinstance(tasks[0].exception(), KeyboardInterrupt)
    finally:
        loop.close()


def test_a_python_task_can_wait_too():
    """Tools that nest event loops replace asyncio's C task by the one in Python."""
    clock = MockClock()
    loop = virtual_loop(clock)
    scheduler = Scheduler(loop, clock)
    place = Suspension(scheduler)
    make = asyncio.tasks._PyTask  # type: ignore[attr-defined]

    async def main() -> list[str]:
        async def wait() -> str:
            await place
            return "woken"

        found = []
        for ending in ("wake", "cancel"):
            task = make(wait(), loop=loop)
            await asyncio.sleep(0)
            if ending == "wake":
                place.wake()
            else:
                task.cancel()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            found.append(str(result) or type(result).__name__)
        return found

    try:
        assert loop.run_until_complete(main()) == ["woken", "CancelledError"]
    finally:
        loop.close()


@in_lab
async def test_closing_forgets_the_timer(lab: Lab):
    lab.start("b.dev@sink:t:os", sink)

    async def main(our: Our) -> None:
        await our.send_request("b.dev@sink:t:os", b"x", expects_response=5)

    await lab.play("a.dev@main:t:os", main)
    lab.scheduler.close()
    lab.scheduler.close()
