"""Blocking calls, awaited in an event loop: interruptible, and cancelled with all they began."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from kinode_nb.portal.interrupts import Interrupts

if TYPE_CHECKING:
    from kinode_nb.portal.bridge import Portal

T = TypeVar("T")
P = ParamSpec("P")

TICK = 0.1
"""Seconds: an interrupt reaches an event loop only when something wakes it."""


class Work:
    """What one awaited call has submitted, so that it can be cancelled with it.

    What is submitted after that, to clean up, runs to its end.
    """

    def __init__(self) -> None:
        self._future: Future[Any] | None = None
        self._lock = threading.Lock()
        self._cancel_next = False
        self.portal: Portal | None = None
        """Where it was submitted to."""

    def add(self, future: "Future[Any]", portal: "Portal") -> None:
        """Count what was submitted to a portal among it."""
        with self._lock:
            self._future, self.portal = future, portal
            cancel, self._cancel_next = self._cancel_next, False
        if cancel:
            future.cancel()

    def cancel(self) -> None:
        """Cancel it, or what is submitted next."""
        with self._lock:  # between two submissions, it is the second that is cancelled
            self._cancel_next = self._future is None or not self._future.cancel()


awaited_work: "contextvars.ContextVar[Work | None]" = contextvars.ContextVar(
    "awaited", default=None
)


class _Attendance:
    """Tells the one who awaits of a process that holds it up, and of its end by an interrupt."""

    def __init__(self) -> None:
        self._portal: Portal | None = None
        self._interrupts = Interrupts(self._interrupted)
        self._told = ""

    def look(self, portal: "Portal | None") -> None:
        """Look whether one does, until one did."""
        if portal is None or self._portal is not None:
            return
        blocked = portal.watchdog.look()
        if blocked is not None:
            self._portal = portal
            self._interrupts.watch()
            portal.say(blocked.named)

    def _interrupted(self) -> None:
        if self._portal is not None:
            self._told = self._portal.interrupt()

    def end(self) -> None:
        """Say what there is to say: a signal's handler belongs to no cell."""
        self._interrupts.end()
        if self._portal is not None and self._told:
            self._portal.say(self._told)


async def ticking(
    future: "asyncio.Future[T]", portal: "Callable[[], Portal | None]" = lambda: None
) -> T:
    """Await a future of this loop, waking the loop often enough for an interrupt to be seen.

    When the waiting is cancelled, so is the future. A process that holds the portal up is named,
    and ended by an interrupt.
    """
    attendance = _Attendance()
    try:
        while not future.done():
            await asyncio.wait([future], timeout=TICK)
            attendance.look(portal())
    finally:
        attendance.end()
        if not future.cancel() and not future.cancelled():
            future.exception()  # looked at, so that asyncio does not complain that nobody did
    return future.result()


async def awaited(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await a blocking call, made in a thread; cancelling it cancels what it submitted."""
    work = Work()
    context = contextvars.copy_context()
    context.run(awaited_work.set, work)
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(None, lambda: context.run(call, *args, **kwargs))
    try:
        return await ticking(future, lambda: work.portal)
    finally:
        work.cancel()
