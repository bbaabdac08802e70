"""A transfer's progress as a line of text, rewritten on a terminal, written once elsewhere.

A terminal has one line that can be rewritten, so transfers take turns: the first shows how far it
is, and each leaves its last words above.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from threading import Lock
from typing import TextIO

from kinode_nb.notebook.widgets.progress_text import describe, width
from kinode_nb.types.rows import TransferRow


class LastLine:
    """The line that the cursor is on, and the surfaces that would write there, in their order."""

    def __init__(self, find_output: Callable[[], TextIO] = lambda: sys.stdout) -> None:
        """Start with an empty line, on what is the standard output whenever there is a word."""
        self._find_output = find_output
        self._lock = Lock()
        self._waiting: list[object] = []
        self._columns = 0

    def enter(self, surface: object) -> None:
        """Take one's place in the queue."""
        with self._lock:
            self._waiting.append(surface)

    def rewrite(self, surface: object, text: str) -> None:
        """Put this on the line, when it is the surface's turn and the line is a terminal's."""
        with self._lock:
            if self._waiting[:1] == [surface] and self._find_output().isatty():
                self._write(text)
                self._columns = width(text)

    def leave(self, surface: object, text: str) -> None:
        """Write one's last words, and free the line; nothing happens the second time."""
        with self._lock:
            if surface in self._waiting:
                self._waiting.remove(surface)
                self._write(text, "\n")
                self._columns = 0

    def _write(self, text: str, end: str = "") -> None:
        output = self._find_output()
        start = "\r" if output.isatty() else ""
        blanks = " " * (self._columns - width(text))
        encoding = getattr(output, "encoding", None) or "utf-8"
        writable = text.encode(encoding, "replace").decode(encoding)
        output.write(f"{start}{writable}{blanks}{end}")
        output.flush()


_LAST_LINE = LastLine()


class TerminalSurface:
    """One transfer on the terminal, or on whatever stands in for it."""

    interval = 0.1

    def __init__(self, last_line: LastLine = _LAST_LINE) -> None:
        """Share the line with all others."""
        self._last_line = last_line

    def open(self, row: TransferRow) -> None:
        """Queue up for the line."""
        self._last_line.enter(self)
        self.update(row)

    def update(self, row: TransferRow) -> None:
        """Rewrite the line, when it is this transfer's turn."""
        columns = shutil.get_terminal_size().columns - 1
        self._last_line.rewrite(self, describe(row).line_within(columns))

    def settle(self, row: TransferRow) -> bool:
        """Write the line for the last time, even when the transfer goes on: a prompt follows."""
        self._last_line.leave(self, describe(row).line)
        return False
