"""The run queue of one event loop: which process goes on next, and which Request is overdue."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from kinode_nb.runtime.clock import Clock
from kinode_nb.runtime.suspension import Suspension

_STEPS_A_TURN = 500  # then asyncio gets a turn: sockets, timers and threads wait at most ~1 ms
NEVER = 1 << 62
_SECOND = 1_000_000_000


class Deadlines(Protocol):
    """Something with Requests that may be overdue."""

    def expire(self, now: int) -> int:
        """Give up what is overdue at ``now`` and return the next deadline (NEVER: none)."""
        ...


class Scheduler:
    """What all nodes of one event loop share: its run queue, and its one timer for deadlines."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        """Schedule on the loop; the clock must agree with ``loop.time()``."""
        self.loop = loop
        self.clock = clock
        self.now = clock.now_ns
        self.crowded: set[object] = set()
        """The mailboxes that are full: while it is empty, senders need not look further."""
        self.armed = NEVER
        """The earliest deadline that the timer is set to."""
        self.deadlines: dict[Deadlines, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._ready: deque[Suspension] = deque()
        self._scheduled = False

    def push(self, suspension: Suspension) -> None:
        """Put a task that may go on at the end of the queue."""
        self._ready.append(suspension)
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        ready = self._ready
        steps = _STEPS_A_TURN
        try:
            while ready and steps:
                steps -= 1
                suspension = ready.popleft()
                suspension.context.run(suspension.wakeup, suspension)  # type: ignore[union-attr]
        finally:  # also when a step raised (asyncio lets KeyboardInterrupt through)
            self._scheduled = bool(ready)
            if ready:
                self.loop.call_soon(self._turn)

    def arm(self, deadline: int) -> None:
        """Make sure that overdue Requests are looked for at this time (clock nanoseconds)."""
        if deadline < self.armed:
            self.armed = deadline
            if self._timer is not None:
                self._timer.cancel()
            # +1 µs: loop.time() is a float, and must not come out just below the deadline
            self._timer = self.loop.call_at(deadline / _SECOND + 1e-6, self._sweep)

    def _sweep(self) -> None:
        self.armed, self._timer = NEVER, None
        now = self.now()
        earliest = min((each.expire(now) for each in list(self.deadlines)), default=NEVER)
        if earliest < NEVER:
            self.arm(earliest)

    def later(self, seconds: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        """Call the action after so many seconds of the clock."""
        return self.loop.call_later(seconds, action)

    def close(self) -> None:
        """Forget the timer; the loop may then be closed."""
        if self._timer is not None:
            self._timer.cancel()
