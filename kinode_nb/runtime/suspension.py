"""What a process's task waits on: a future that the scheduler itself wakes.

asyncio wakes a waiting task by one trip through its loop, with a selector call each. The
scheduler steps the tasks of many messages in one trip. It can, because asyncio's tasks accept
any object with the future protocol (``_asyncio_future_blocking``) and hand it their own
wake-up; that keeps them real tasks, so timeouts, task groups and cancellation work in them.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinode_nb.runtime.scheduler import Scheduler


class Suspension:
    """One place where at most one task waits; it can be waited on again and again."""

    __slots__ = (
        "_asyncio_future_blocking",
        "_cancelled",
        "_loop",
        "_scheduler",
        "context",
        "waiting",
        "wakeup",
    )

    def __init__(self, scheduler: "Scheduler") -> None:
        """Belong to the scheduler whose loop the tasks run on."""
        self._scheduler = scheduler
        self._loop = scheduler.loop
        self._asyncio_future_blocking = False
        self._cancelled = False
        self.context: Context | None = None
        self.wakeup: Callable[[Any], Any] | None = None
        self.waiting = False

    def __await__(self) -> Generator[Any, None, None]:
        """Suspend the task until `wake`."""
        self.check()
        self._asyncio_future_blocking = True
        yield self

    def check(self) -> None:
        """Raise when a second task is about to wait here."""
        if self.waiting:
            raise RuntimeError("two tasks of one process wait for the same thing at once")

    def wake(self) -> None:
        """Let the waiting task go on, soon; nothing happens when none waits."""
        if self.waiting:
            self.waiting = False
            self._scheduler.push(self)

    # What asyncio asks of a future that a task waits on.

    def add_done_callback(self, wakeup: Callable[[Any], Any], *, context: Context) -> None:
        """Take the wake-up of the task that begins to wait."""
        self.wakeup = wakeup
        self.context = context
        self.waiting = True

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002 - asyncio's signature
        """Wake the task with a CancelledError."""
        if not self.waiting:
            return False
        self._cancelled = True
        self.wake()
        return True

    def result(self) -> None:
        """Raise CancelledError after `cancel`; asyncio calls it when the task goes on."""
        if self._cancelled:
            self._cancelled = False
            raise asyncio.CancelledError
