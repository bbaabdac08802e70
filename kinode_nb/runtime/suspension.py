"""What a process's task waits on: a future that the scheduler itself wakes.

asyncio wakes a waiting task by one trip through its loop, with a selector call each. The
scheduler steps the tasks of many messages in one trip. It can, because asyncio's tasks accept
any object with the future protocol (``_asyncio_future_blocking``) and hand it their own
wake-up; that keeps them real tasks, so timeouts, task groups and cancellation work in them.
The wake-up wants the future that is done, to raise what it holds: any will do that holds nothing.
"""

from collections.abc import Callable, Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinode_nb.runtime.scheduler import Scheduler


class Suspension:
    """One place where at most one task waits; it can be waited on again and again."""

    __slots__ = (
        "_asyncio_future_blocking",
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
        self.context: Any = None
        self.wakeup: Any = None
        """The wake-up of the task that waited here last; run it in its `context`."""
        self.waiting = False
        """A task waits here, and was not told to go on yet."""

    def __await__(self) -> Generator[Any, None, None]:
        """Suspend the task until `wake`."""
        self._asyncio_future_blocking = True
        yield self

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

    def cancel(self, msg: object = None) -> bool:
        """Wake the task, and leave it to the task to raise the CancelledError: return False."""
        self.wake()
        return False
