"""Which process an event loop is stepping, and how to raise in a step that does not end.

All processes of a net share one thread, so one that never yields stops them all. Another thread
can see which step that is, and raise `NeverYieldedError` in it. CPython delivers such an error
wherever the thread is when it looks next. Three things make sure that this is inside the step:

1. `Stepping.shoot` looks at the thread and sets the error in one call into C, during which the
   thread cannot go on: it is in the very step and the very function that was looked at.
2. The caller chooses a moment when that function is the process's own (`portal/watchdog.py`): so
   no call of the runtime is left half done.
3. Whoever makes a step (`Scheduler`, `Fiber`) says `left` as soon as it has ended, which takes
   back an error that was not delivered yet. Between the two lies one instruction where it may
   come too late; then it is thrown into the coroutine that has just yielded.
"""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from functools import cache, partial
from operator import attrgetter, call, itemgetter
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary


class NeverYieldedError(BaseException):
    """Raised inside a process that holds up all others, when somebody asks for its end.

    No Exception, so that what guards against a process's own mistakes lets it through.
    """

    def __str__(self) -> str:
        """Say what happened; it is raised by its class, with no text."""
        return "it did not yield, and was ended"


class Stepping:
    """The step that one event loop is in, as any thread may read it."""

    __slots__ = (
        "__weakref__", "aimed", "condemned", "crowded", "fiber", "number", "thread", "withdraw"
    )  # fmt: skip

    def __init__(self) -> None:
        """Be in no step; belong to the thread that calls."""
        self.number = 0
        """Counts steps: another number is another step."""
        self.fiber: Any = None  # a Fiber, which knows this class
        """What is being stepped; None between steps."""
        self.aimed = False
        """An error may be on its way: `withdraw` has to be called when the step ends."""
        self.withdraw: Callable[[], object] = int  # nothing, until there is something
        """Take the error back. In C, since any call of a Python function may deliver it."""
        self.condemned: tuple[int, Any] | None = None
        """The step that is to end at its next send."""
        self.crowded: set[object] = set()
        """The `Scheduler`'s: while it is not empty, each send asks for room, and so `obey`s."""
        self.thread = threading.get_ident()

    def condemn(self, step: tuple[int, Any] | None) -> None:
        """Let a step end at its next send (None: no step any more); from another thread.

        For one that is nearly always in the runtime's own calls, where nothing can be raised.
        """
        self.condemned = step
        if step is None:
            self.crowded.discard(self)
        else:
            self.crowded.add(self)

    def obey(self) -> None:
        """End the present step if it is condemned, between two of its messages."""
        if self.condemned is not None and self.condemned == self.now:
            raise NeverYieldedError

    def shoot(
        self, step: tuple[int, Any], frame: FrameType, error: type[NeverYieldedError]
    ) -> bool:
        """Raise the error in a step, unless the thread is elsewhere by now; from another thread.

        ``frame`` is the function that the thread was seen in, within that step.
        """
        thread, (set_error, clear_error) = self.thread, _calls()
        self.withdraw = partial(clear_error, thread, None)
        self.aimed = True
        there = map(itemgetter(thread), map(call, [sys._current_frames]))  # noqa: SLF001
        seen = zip(map(attrgetter("number", "fiber"), [self]), there, strict=True)
        shots = map(set_error, [thread], map({(step, frame): error}.__getitem__, seen))
        collecting = gc.isenabled()
        try:
            gc.disable()  # it could run Python code, and let the thread go on between the two
            return bool(next(shots))  # one call: whoever holds the interpreter keeps it
        except KeyError:
            return False
        finally:
            if collecting:
                gc.enable()

    @property
    def now(self) -> tuple[int, Any]:
        """The present step: its number, and its fiber or None."""
        return self.number, self.fiber


_of: "WeakKeyDictionary[asyncio.AbstractEventLoop, Stepping]" = WeakKeyDictionary()


def stepping_of(loop: asyncio.AbstractEventLoop) -> Stepping:
    """Return what is known of a loop's steps; the first to ask is to be on its thread."""
    found = _of.get(loop)
    if found is None:
        found = _of[loop] = Stepping()
    return found


@cache
def _calls() -> tuple[Callable[..., int], Callable[..., object]]:
    """Return the calls that set a thread's asynchronous error, and take it back."""
    import ctypes

    name = ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
    return (
        ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(name),
        ctypes.PYFUNCTYPE(None, ctypes.c_ulong, ctypes.c_void_p)(name),
    )


def insistent(thread: int) -> type[NeverYieldedError]:
    """Return an error that is raised again, wherever that thread goes, each time it is caught.

    So no `except` can hold it, and no `finally` tidies up. Python makes an error when it is
    caught; making this one sets it anew, by a call that is no Python function, since that would
    be where it is delivered.
    """
    import ctypes

    class InsistentError(NeverYieldedError):
        pass

    name = ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
    set_again = ctypes.PYFUNCTYPE(None, ctypes.c_ulong, ctypes.py_object)(name)
    InsistentError.__init__ = staticmethod(partial(set_again, thread, InsistentError))  # type: ignore[method-assign]
    InsistentError.__name__ = InsistentError.__qualname__ = NeverYieldedError.__name__
    return InsistentError
