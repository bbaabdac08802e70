"""The mock clock, and the event loop that lives by it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kinode_nb.runtime.clock import Clock, SystemClock
from kinode_nb.testing import MockClock, VirtualLoop, virtual_loop


def run(main: Callable[[MockClock], Awaitable[Any]], clock: MockClock | None = None) -> Any:
    clock = clock or MockClock()

    async def scene() -> Any:
        return await main(clock)

    with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
        return runner.run(scene())


def here() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def test_a_clock_stands_until_it_is_told_to_move():
    clock: Clock = MockClock()
    assert isinstance(clock, MockClock)
    assert clock.now_ns() == 0
    clock.advance(1.5)
    assert (clock.now_ns(), clock.seconds) == (1_500_000_000, 1.5)
    with pytest.raises(ValueError, match="only goes forward"):
        clock.advance(-1)
    assert MockClock(epoch_ns=7).epoch_ns == 7


def test_sleeping_takes_exactly_its_time_and_none_of_ours():
    async def main(clock: MockClock) -> list[int]:
        times = []
        for seconds in (0.1, 1, 1e-9, 86_400):
            await asyncio.sleep(seconds)
            times.append(clock.now_ns())
        return times

    day = 86_400 * 10**9
    assert run(main) == [10**8, 11 * 10**8, 11 * 10**8 + 1, 11 * 10**8 + 1 + day]


def test_after_years_time_still_moves():
    async def main(clock: MockClock) -> float:
        await asyncio.sleep(1 / 3)
        for _ in range(100):
            await asyncio.sleep(86_400 * 365.2422)
        return clock.seconds

    assert run(main) == pytest.approx(86_400 * 36_524.22 + 1 / 3, abs=1e-4)


def test_timers_fire_in_order_at_their_time():
    async def main(clock: MockClock) -> list[tuple[str, float]]:
        fired: list[tuple[str, float]] = []
        for name, seconds in (("c", 3), ("a", 1), ("b", 2)):
            here().call_later(seconds, lambda name=name: fired.append((name, clock.seconds)))
        await asyncio.sleep(5)
        return fired

    assert run(main) == [("a", 1), ("b", 2), ("c", 3)]


def test_what_is_ready_goes_before_time():
    async def main(clock: MockClock) -> float:
        async def busy() -> float:
            for _ in range(1000):
                await asyncio.sleep(0)
            return clock.seconds

        task = asyncio.create_task(busy())
        await asyncio.sleep(1)
        return await task

    assert run(main) == 0


def test_time_stands_while_a_thread_works():
    async def main(clock: MockClock) -> tuple[float, str]:
        release = threading.Event()
        released_at: list[float] = []

        def work() -> str:
            here_loop.call_soon_threadsafe(release.set)
            assert release.wait(30)
            return "worked"

        here_loop = here()
        here_loop.call_later(1, lambda: released_at.append(clock.seconds))
        result = await asyncio.to_thread(work)
        assert released_at == []
        return clock.seconds, result

    assert run(main) == (0, "worked")


def test_a_timeout_around_a_thread_does_not_strike():
    async def main(clock: MockClock) -> str:
        async with asyncio.timeout(0.001):
            return await asyncio.to_thread(lambda: "worked")

    assert run(main) == "worked"


def test_real_wait_holds_time_for_a_socket():
    async def main(clock: MockClock) -> tuple[bytes, float]:
        one, two = socket.socketpair()
        one.setblocking(False)
        sender = threading.Thread(target=two.sendall, args=[b"hello"])
        try:
            with here().real_wait():
                async with asyncio.timeout(60):
                    reading = asyncio.ensure_future(here().sock_recv(one, 5))
                    await asyncio.sleep(0)
                    sender.start()
                    received = await reading
        finally:
            sender.join()
            one.close()
            two.close()
        return received, clock.seconds

    assert run(main) == (b"hello", 0)


def test_without_autojump_time_moves_by_hand():
    async def main(clock: MockClock) -> list[float]:
        clock.autojump = False
        woken: list[float] = []
        loop = here()
        loop.call_later(2, lambda: woken.append(clock.seconds))
        sleeping = asyncio.ensure_future(asyncio.sleep(3))
        thread = threading.Thread(
            target=lambda: [loop.call_soon_threadsafe(clock.advance, 1) for _ in range(3)]
        )
        thread.start()
        await sleeping
        thread.join()
        return woken

    ((first),) = run(main)
    assert 2 <= first <= 3


def test_the_loop_closes_with_threads_still_in_its_pool():
    async def main(clock: MockClock) -> None:
        await asyncio.to_thread(lambda: None)

    run(main)  # a warning here is an error


def test_a_system_clock_agrees_with_the_loop():
    async def main() -> None:
        clock = SystemClock()
        before = asyncio.get_running_loop().time()
        now = clock.now_ns() / 1e9
        after = asyncio.get_running_loop().time()
        assert before <= now + 1e-6
        assert now <= after + 1e-6

    asyncio.run(main())
