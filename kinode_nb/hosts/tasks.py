"""The tasks of one process: they belong together, and end together.

A process may make tasks of its own (`asyncio.create_task`, task groups, `gather`). On a real node
nothing of a process outlives it, and nothing that it does ends the node. So here its tasks are
cancelled when it ends, and a SystemExit or KeyboardInterrupt in any of them, which asyncio would
let through to the loop, ends the process and nothing else.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from types import FrameType
from typing import Any

from kinode_nb.runtime.fiber import Fiber
from kinode_nb.runtime.stepping import NeverYieldedError

_OWNER: ContextVar["ProcessTasks"] = ContextVar("kinode_process")
_PATIENCE = 1.0  # seconds that cancelled tasks have to tidy up before they are left alone


class ProcessTasks:
    """The main task of a process, and those that it made."""

    def __init__(
        self,
        main: Coroutine[Any, Any, BaseException | None],
        name: str,
        ended: Callable[[BaseException | None], None],
        strayed: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        """Start the main task, which returns what ended it; ``ended`` is told, once.

        ``strayed`` is told of an error that nobody has looked at, in a task or a callback of it.
        """
        self.strayed = strayed
        self._others: dict[asyncio.Task[Any], None] = {}
        self._error: BaseException | None = None
        self._stopping = False
        self._tell = ended
        self.name = name
        """The process's address."""
        # An empty context: processes share nothing, context variables neither.
        self.task = Context().run(self._begin, main, name)
        self.task.add_done_callback(self._ended)

    def _begin(
        self, main: Coroutine[Any, Any, BaseException | None], name: str
    ) -> asyncio.Task[BaseException | None]:
        _OWNER.set(self)
        loop = asyncio.get_running_loop()
        if not isinstance(loop.get_task_factory(), _TaskFactory):
            loop.set_task_factory(_TaskFactory(loop.get_task_factory()))
            loop.set_exception_handler(_Strays(loop.get_exception_handler()))
        return Fiber(main, loop, self).start(lambda f: asyncio.Task(f, loop=loop, name=name))

    def _ended(self, main: asyncio.Task[BaseException | None]) -> None:
        for task in list(self._others):
            task.cancel()
        if self._error is not None:
            error: BaseException | None = self._error
        elif main.cancelled():
            error = None if self._stopping else asyncio.CancelledError("it cancelled itself")
        else:
            error = main.exception() or main.result()
        self._tell(error)

    def stop(self) -> None:
        """Cancel all tasks."""
        self._stopping = True
        self.task.cancel()
        for task in list(self._others):
            task.cancel()

    def fail(self, error: BaseException) -> None:
        """End with an error, unless it has ended."""
        if not self.task.done():
            self._error = self._error or error
            self.task.cancel()

    async def wait(self) -> None:
        """Wait until all tasks have ended; those that refuse to are left alone."""
        await asyncio.wait([self.task, *self._others], timeout=_PATIENCE)

    def waits_in(self) -> list[FrameType]:
        """Return the frames in which the main task waits, from the outermost.

        Empty when it has ended. It is not waiting in them while it is being stepped.
        """
        frames: list[FrameType] = []
        awaited: Any = self.task.get_coro()
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
            if frame is not None:
                frames.append(frame)
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        return frames

    # What the task factory asks.

    def own(self, task: asyncio.Task[Any], work: Coroutine[Any, Any, Any]) -> None:
        """Count a task among the process's own."""

        def forget(task: asyncio.Task[Any]) -> None:
            self._others.pop(task, None)
            work.close()  # a task that was cancelled before its first step never awaited it

        self._others[task] = None
        task.add_done_callback(forget)
        if self.task.done():
            task.cancel()

    async def guard(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a task's coroutine; what asyncio would let through ends the process instead."""
        try:
            return await work
        except (SystemExit, KeyboardInterrupt) as error:
            self._error = self._error or error
            self.task.cancel()
            raise asyncio.CancelledError from error
        except NeverYieldedError as error:  # may be raised again: so no call, and `fail` follows
            self._error = self._error or error
            raise asyncio.CancelledError from error


def owner_in(handle: asyncio.Handle) -> ProcessTasks | None:
    """Return the process that asked the event loop for this callback, if one did."""
    context: Context = handle._context  # type: ignore[attr-defined]  # noqa: SLF001
    return context.get(_OWNER)


class _Strays:
    """Hears of the errors that nobody has looked at, and tells the process that each is of.

    asyncio writes them to stderr, which in a notebook is that of any cell.
    """

    def __init__(self, previous: Any) -> None:
        """Leave the others to the handler that the loop has had, if any."""
        self._previous = previous

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, owner = context.get("exception"), _owner_of(context)
        if owner is not None and owner.strayed is not None and error is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody reads any more
                # whichever thread collects the garbage may be the one that tells
                what = "callback" if "handle" in context else "task"
                loop.call_soon_threadsafe(owner.strayed, what, error, context=Context())
        elif self._previous is not None:
            self._previous(loop, context)
        else:
            loop.default_exception_handler(context)


def _owner_of(context: dict[str, Any]) -> ProcessTasks | None:
    """Return the process that an event loop tells of, if it is one's."""
    handle, task = context.get("handle"), context.get("task") or context.get("future")
    if isinstance(handle, asyncio.Handle):
        return owner_in(handle)
    owner = getattr(task.get_coro(), "owner", None) if isinstance(task, asyncio.Task) else None
    return owner if isinstance(owner, ProcessTasks) else None


class _TaskFactory:
    """Makes an event loop's tasks, and knows which of them are made by a process."""

    def __init__(self, previous: Any) -> None:
        """Go on using the factory that the loop has had, if any."""
        self._previous = previous

    def __call__(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> Any:
        owner = _OWNER.get(None)
        if owner is None or not asyncio.iscoroutine(work):
            return self._make(loop, work, **options)
        guarded = owner.guard(work)
        for name in ("__name__", "__qualname__"):  # what tracebacks and reprs show
            setattr(guarded, name, getattr(work, name, "task"))
        fiber = Fiber(guarded, loop, owner)
        task = fiber.start(lambda fiber: self._make(loop, fiber, **options))
        owner.own(task, work)
        return task

    def _make(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> Any:
        if self._previous is not None:
            return self._previous(loop, work, **options)
        return asyncio.Task(work, loop=loop, **options)
