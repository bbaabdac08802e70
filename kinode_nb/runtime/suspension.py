"""Where a process's coroutine waits for a message, for room, or for its turn.

It is a future to asyncio (``_asyncio_future_blocking``), so that any task can wait there; what
the scheduler steps itself is a `Fiber` (see there why).
"""

from asyncio import Future
from collections.abc import Callable, Generator
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinode_nb.runtime.fiber import Fiber
    from kinode_nb.runtime.scheduler import Scheduler


class Suspension:
    """One place where at most one task waits; it can be waited on again and again."""

    __slots__ = ("_loop", "_scheduler", "fiber")

    def __init__(self, scheduler: "Scheduler") -> None:
        """Belong to the scheduler whose loop the tasks run on."""
        self._scheduler = scheduler
        self._loop = scheduler.loop
        self.fiber: Fiber | PlainTask | None = None
        """Who waits here, and was not told to go on yet."""

    def __await__(self) -> Generator[Any, None, None]:
        """Suspend the task until `wake`."""
        yield self

    @property
    def waiting(self) -> bool:
        """Tell whether a task waits here, and was not told to go on yet."""
        return self.fiber is not None

    def wake(self) -> None:
        """Let the waiting task go on, soon; nothing happens when none waits."""
        fiber = self.fiber
        if fiber is not None:
            self.fiber = None
            self._scheduler.push(fiber)

    # What asyncio asks of a future that a task waits on.

    @property
    def _asyncio_future_blocking(self) -> bool:
        return True  # whoever yields a suspension waits for it

    @_asyncio_future_blocking.setter
    def _asyncio_future_blocking(self, value: bool) -> None:
        """Take what asyncio resets."""

    def add_done_callback(self, wakeup: Callable[[Any], Any], *, context: Context) -> None:
        """Take the wake-up of a task that is not run by a fiber."""
        self.fiber = PlainTask(wakeup, context)

    def cancel(self, msg: object = None) -> bool:
        """Wake the task, and leave it to the task to raise the CancelledError: return False."""
        self.wake()
        return False


class PlainTask:
    """A waiting task that is not run by a fiber, as the scheduler knows it."""

    __slots__ = ("_context", "_wakeup")

    recalled = True
    """The task makes its next step itself."""

    def __init__(self, wakeup: Callable[[Any], Any], context: Context) -> None:
        """Keep the task's own wake-up."""
        self._wakeup = wakeup
        self._context = context

    def resume(self, done: Future[None]) -> None:
        """Let the task make its next step, given a future that is done and holds nothing."""
        self._context.run(self._wakeup, done)
