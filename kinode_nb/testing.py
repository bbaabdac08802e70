"""For tests of processes: a clock that tests own, and an event loop that lives by it.

On a virtual loop nothing waits in vain: when no task can go on, time jumps to the next timer, so
a test of a five-second timeout takes no time, and its timestamps are the same in every run.

    clock = MockClock()
    with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
        runner.run(main())
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_SECOND = 1_000_000_000
_NEW_YEAR_2025 = 1_735_689_600 * _SECOND


class MockClock:
    """A clock that moves only when it is told to.

    It starts at 0, which is 2025-01-01 00:00 UTC unless ``epoch_ns`` (nanoseconds since 1970)
    says otherwise.
    """

    def __init__(self, epoch_ns: int = _NEW_YEAR_2025) -> None:
        """Stand at 0."""
        self.epoch_ns = epoch_ns
        self.autojump = True
        """Let a virtual loop move the clock to its next timer when nothing else is to do.

        While it is False the loop really waits, and time moves by `advance` alone.
        """
        self._now = 0

    def now_ns(self) -> int:
        """Return the nanoseconds since the start."""
        return self._now

    @property
    def seconds(self) -> float:
        """The seconds since the start."""
        return self._now / _SECOND

    def advance(self, seconds: float) -> None:
        """Move forward; timers that become due fire when their loop has its next turn.

        From another thread use ``loop.call_soon_threadsafe(clock.advance, seconds)``.
        """
        if seconds < 0:
            raise ValueError(f"a clock only goes forward, not by {seconds} s")
        self._now += round(seconds * _SECOND)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a MockClock's. Make it with `virtual_loop`."""

    def __init__(self, clock: MockClock) -> None:
        """Live by the clock."""
        super().__init__(_JumpingSelector(self, clock))
        self.clock = clock
        self._outside = 0

    def time(self) -> float:
        """Return the clock's time in seconds."""
        seconds = self.clock.seconds
        # asyncio takes times as close as this for one; after 48 days a float is coarser than 1 ns
        self._clock_resolution = max(1 / _SECOND, math.ulp(seconds))
        return seconds

    @property
    def waits_outside(self) -> bool:
        """True while a thread works for the loop, or inside `real_wait`: then time stands."""
        return self._outside > 0

    @contextmanager
    def real_wait(self) -> Iterator[None]:
        """Let no time pass inside, for what the loop cannot see: sockets, subprocesses, threads."""
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> "asyncio.Future[_T]":
        """Run a function in a thread; no time passes until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._outside += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, future: "asyncio.Future[Any]") -> None:
        self._outside -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the threads; without a patience that would be over at once."""
        with self.real_wait():
            await super().shutdown_default_executor(*args)


class _JumpingSelector(selectors.BaseSelector):
    """Waits for the next timer by moving the clock there."""

    def __init__(self, loop: VirtualLoop, clock: MockClock) -> None:
        self._loop = loop
        self._clock = clock
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return self._real.select(timeout)
        ready = self._real.select(0)
        if ready:
            return ready
        if self._loop.waits_outside or not self._clock.autojump:
            return self._real.select(None)
        # at least a nanosecond: a float may lie just above what the clock can show
        self._clock.advance(max(timeout, 1 / _SECOND))
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


def virtual_loop(clock: MockClock) -> VirtualLoop:
    """Return a new event loop whose time is the clock's."""
    return VirtualLoop(clock)
