"""A process's coroutine, stepped by the scheduler itself while it only waits for messages.

asyncio's way to step a waiting task is half of what a message costs. Yet processes are to be
real tasks: ``asyncio.timeout``, task groups and cancellation must work in them. So the task runs
a `Fiber`, and the fiber runs the coroutine. While that waits for a message, the task waits for
the fiber, and the scheduler sends into the coroutine directly, in the task's name
(``asyncio._enter_task``, see "Extending" in asyncio's documentation). For all else (the future
of somebody else, the end, a cancellation) the fiber wakes the task, which then goes on as if it
had made the steps itself.
"""

from asyncio import AbstractEventLoop, Future, Task, current_task, isfuture
from collections.abc import Callable, Coroutine
from contextvars import Context
from operator import attrgetter
from typing import Any

from kinode_nb.runtime.stepping import NeverYieldedError, stepping_of
from kinode_nb.runtime.suspension import Suspension

_NOTHING: Any = object()


class Fiber(Coroutine[Any, Any, Any]):
    """What a task runs, and at the same time the future that the task waits for."""

    __slots__ = (
        "_asyncio_future_blocking",
        "_context",
        "_coroutine",
        "_error",
        "_loop",
        "_stepping",
        "_wakeup",
        "_yielded",
        "owner",
        "place",
        "recalled",
        "run",
        "send_in",
        "task",
    )

    task: Task[Any]
    """The task that runs this fiber."""
    run: Callable[..., Any]
    """Run a function in the task's context."""
    _context: Context

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], loop: AbstractEventLoop, owner: object = None
    ) -> None:
        """Wrap the coroutine of a task of the loop; `start` makes the task."""
        self._coroutine = coroutine
        self.send_in = coroutine.send
        self._loop = loop
        self._stepping = stepping_of(loop)
        self.owner = owner
        """Whose task it is: what its host gave as the running process."""
        self._asyncio_future_blocking = False
        self.place: Suspension | None = None
        """Where the coroutine waits, or has waited last, while the task waits for the fiber."""
        self.recalled = False
        """The task makes the next step itself."""
        self._wakeup: Any = None
        self._yielded: Any = _NOTHING  # for the task, by a step that it did not make
        self._error: BaseException | None = None  # likewise

    def start(self, make: Callable[["Fiber"], Task[Any]]) -> Task[Any]:
        """Make the task, with ``make``."""
        self.task = make(self)
        return self.task

    # What the scheduler does.

    def resume(self, done: Future[None]) -> None:
        """Let the task make its next step, given a future that is done and holds nothing."""
        self._context.run(self._wakeup, done)

    def hand_over(self, yielded: Any, done: Future[None]) -> None:
        """Let the task go on: the coroutine waits for something of asyncio's."""
        self._yielded = yielded
        self.resume(done)

    def end(self, error: BaseException, done: Future[None]) -> None:
        """Let the task end, as the coroutine did: a StopIteration holds what it returned."""
        self._error = error
        self.resume(done)

    # What the task asks of a coroutine.

    def send(self, value: Any) -> Any:
        """Go on, in a step of the task."""
        self.place, self.recalled = None, False
        error, self._error = self._error, None
        if error is not None:
            return self._finish(error)
        if self._yielded is not _NOTHING:
            yielded, self._yielded = self._yielded, _NOTHING
            return yielded
        return self._step(self.send_in, value)

    def throw(self, *raised: Any) -> Any:
        """Go on with an error (asyncio's only one is the CancelledError), in a step of the task."""
        self.place, self.recalled = None, False
        error, self._error = self._error, None
        if error is not None:  # it is cancelled in its last step
            return self._finish(raised[0] if isinstance(error, StopIteration) else error)
        yielded, self._yielded = self._yielded, _NOTHING
        if isfuture(yielded) and yielded.cancel():
            return yielded
        return self._step(self._coroutine.throw, *raised)

    def _step(self, step: Callable[..., Any], *value: Any) -> Any:
        stepping = self._stepping
        stepping.number += 1
        stepping.fiber = self
        try:
            yielded = step(*value)
        except BaseException as error:  # noqa: BLE001 - it is raised, see `_finish`
            stepping.fiber = None
            if stepping.aimed:
                stepping.withdraw()
                stepping.aimed = False
            return self._finish(error)
        stepping.fiber = None
        if stepping.aimed:
            stepping.withdraw()
            stepping.aimed = False
        if not isinstance(yielded, Suspension):
            return yielded
        self.place, yielded.fiber = yielded, self
        self._asyncio_future_blocking = True
        return self

    def _finish(self, error: BaseException) -> Any:
        """Raise what ended the coroutine, unless it came too late and was meant for its inside."""
        if isinstance(error, NeverYieldedError) and self._coroutine.cr_frame is not None:  # type: ignore[attr-defined]
            return self._step(self._coroutine.throw, error)
        self._release()
        raise error

    def _release(self) -> None:
        """Let go of the task, which ends, and holds this fiber."""
        del self.task
        self._wakeup = None

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Any:
        """Await the coroutine: for whoever runs a fiber in something else than a task."""
        return self._coroutine.__await__()

    # What the task asks of a future that it waits for.

    def add_done_callback(self, wakeup: Callable[[Any], Any], *, context: Context) -> None:
        """Begin to step without the task, which waits."""
        self._wakeup = wakeup
        self._context = context
        self.run = context.run

    def cancel(self, msg: object = None) -> bool:
        """Wake the task, and leave it to the task to raise the CancelledError: return False."""
        if current_task(self._loop) is self.task:  # it cancels itself: its step has to end first
            self._loop.call_soon(self._recall)
        else:
            self._recall()
        return False

    def _recall(self) -> None:
        place = self.place
        if place is not None:
            self.recalled = True
            if place.fiber is self:
                place.wake()  # else it is woken already

    # What shows a coroutine: repr(task), task.print_stack(), and who asks where it waits.

    __name__ = property(attrgetter("_coroutine.__name__"))
    cr_code = property(attrgetter("_coroutine.cr_code"))
    cr_await = property(attrgetter("_coroutine.cr_await"))
    cr_frame = property(attrgetter("_coroutine.cr_frame"))
    cr_running = property(attrgetter("_coroutine.cr_running"))
