"""The run queue of one event loop: which process goes on next, and which Request is overdue."""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Any, Protocol

from kinode_nb.runtime.clock import Clock
from kinode_nb.runtime.fiber import Fiber
from kinode_nb.runtime.stepping import stepping_of
from kinode_nb.runtime.suspension import PlainTask, Suspension

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
        self.stepping = stepping_of(loop)
        """The step that the loop is in, for other threads to see."""
        self.crowded = self.stepping.crowded
        """The mailboxes that are full: while it is empty, senders need not look further."""
        self.patience: float = inf
        """`arm` has to be called for a Request that waits for fewer seconds than this."""
        self.deadlines: dict[Deadlines, None] = {}
        self.ready: deque[Any] = deque()
        """Those that may go on. Whoever appends to it while not `awake` calls `wake`."""
        self.awake = False
        self._timer: asyncio.TimerHandle | None = None
        self._done = loop.create_future()  # a real one: asyncio's wake-ups are fastest with it
        self._done.set_result(None)

    def push(self, fiber: Fiber | PlainTask) -> None:
        """Put one that may go on at the end of the queue."""
        self.ready.append(fiber)
        if not self.awake:
            self.wake()

    def wake(self) -> None:
        """Ask the loop for a turn."""
        self.awake = True
        self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        ready, done, loop, stepping = self.ready, self._done, self.loop, self.stepping
        try:
            for _ in range(_STEPS_A_TURN):
                if not ready:
                    break
                fiber: Fiber = ready.popleft()  # or a PlainTask, which is always recalled
                if fiber.recalled:
                    fiber.resume(done)
                    continue
                _enter_task(loop, fiber.task)
                stepping.number += 1
                stepping.fiber = fiber
                try:
                    place = fiber.run(fiber.send_in, None)
                except BaseException as error:  # noqa: BLE001 - its task raises it
                    stepping.fiber = None
                    if stepping.aimed:
                        stepping.withdraw()
                        stepping.aimed = False
                    _leave_task(loop, fiber.task)
                    fiber.end(error, done)
                    continue
                stepping.fiber = None
                if stepping.aimed:
                    stepping.withdraw()
                    stepping.aimed = False
                _leave_task(loop, fiber.task)
                if isinstance(place, Suspension):
                    fiber.place = place
                    place.fiber = fiber
                else:
                    fiber.hand_over(place, done)
        finally:  # also when a step raised (asyncio lets KeyboardInterrupt through)
            self.awake = False
            if ready:
                self.wake()

    def arm(self, seconds: float) -> None:
        """Look for overdue Requests in so many seconds, or earlier.

        A Request that waits as long as the last one that called here, or longer, and is sent after
        it, is overdue after it: so comparing seconds is enough, and the path of a message needs no
        deadlines. A timer that fires earlier than that stays, since it is for an older Request.
        """
        self.patience = seconds
        when = self.loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        self.patience, self._timer = inf, None
        now = self.now()
        earliest = min((each.expire(now) for each in list(self.deadlines)), default=NEVER)
        seconds = (earliest - now) / _SECOND
        if earliest < NEVER and seconds < self.patience:
            self.arm(seconds)

    def later(self, seconds: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        """Call the action after so many seconds of the clock."""
        return self.loop.call_later(seconds, action)

    def close(self) -> None:
        """Forget the timer; the loop may then be closed."""
        if self._timer is not None:
            self._timer.cancel()
