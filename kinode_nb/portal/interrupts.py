"""Sees an interrupt that another handler of the signal would not bring to the one who waits.

In a cell that awaits, Jupyter's kernel takes the signal, and cancels the cell's task when the event
loop has a turn. A blocking call gives it none. An awaited call is cancelled, and cannot tell an
interrupt, which is to end a process that never yields, from a timeout, which is not. So while such
a wait lasts, the handler is wrapped.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_wrapped: list["Interrupts"] = []  # the one whose handler is in place, if any


class InterruptedWait(KeyboardInterrupt):
    """An interrupt, shown as one line: where the waiting was done is nobody's concern."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


class Interrupts:
    """The interrupts of one wait."""

    def __init__(self, act: Callable[[], None]) -> None:
        """Call ``act`` when one comes, and then, unless it raises, what would have been called."""
        self._act = act
        self._previous: Any = None

    def watch(self) -> None:
        """Begin to look out for one, unless somebody does already."""
        if _wrapped or threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGINT)
        if callable(previous):
            self._previous = previous
            _wrapped.append(self)
            signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, number: int, frame: FrameType | None) -> Any:
        previous = self._previous
        self.end()
        self._act()
        return previous(number, frame)

    def end(self) -> None:
        """Look out no longer."""
        if self in _wrapped:
            _wrapped.remove(self)
            if signal.getsignal(signal.SIGINT) == self._interrupted:
                signal.signal(signal.SIGINT, self._previous)


@contextmanager
def heard() -> Iterator[None]:
    """Let an interrupt raise KeyboardInterrupt in a blocking wait, whoever else handles it.

    That is where it would wait for the event loop that this thread keeps waiting.
    """
    interrupts = Interrupts(_raise)
    if (
        threading.current_thread() is threading.main_thread()
        and asyncio._get_running_loop() is not None  # noqa: SLF001 - public by its documentation
        and signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        interrupts.watch()
    try:
        yield
    finally:
        interrupts.end()


def _raise() -> None:
    raise KeyboardInterrupt
