"""What nodes print, kept in their homes: ``.terminal_logs/<date>.log`` (``terminal/mod.rs``).

Every print of every level is a line, ``[RFC 2822 time] text``, whether a terminal shows it or not.
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TextIO

from kinode_nb.runtime.clock import Clock
from kinode_nb.types import Event
from kinode_nb.types.printed import terminal_text

FOLDER = ".terminal_logs"
_SECOND = 1_000_000_000


class TerminalLogs:
    """The logs of all nodes of a net; a file is opened at the first print of a day."""

    def __init__(self, clock: Clock) -> None:
        """Write nothing before a node is opened."""
        self._clock = clock
        self._folders: dict[str, Path] = {}
        self._files: dict[str, tuple[str, TextIO]] = {}
        self._second, self._day, self._time = -1, "", ""

    def open(self, node: str, home: Path) -> None:
        """Keep what a node prints from now on."""
        self._folders[node] = home / FOLDER

    def close(self, node: str) -> None:
        """Keep it no longer."""
        self._folders.pop(node, None)
        _, file = self._files.pop(node, ("", None))
        if file is not None:
            file.close()

    def observe(self, event: Event) -> None:
        """Hear of an event of the message log."""
        node = event.source.node
        if event.kind != "print" or node not in self._folders:
            return
        self._look(event.time)
        try:
            file = self._file(node)
            file.write(f"[{self._time}] {terminal_text(event)}\n")
        except OSError:  # a disk that is full must not end what prints
            self.close(node)

    def _look(self, time: int) -> None:
        """Find the texts of day and time, which are the same for a whole second."""
        second = (time + self._clock.epoch_ns) // _SECOND
        if second != self._second:
            when = datetime.fromtimestamp(second, UTC).astimezone()
            self._second, self._day = second, f"{when:%Y-%m-%d}"
            self._time = format_datetime(when)

    def _file(self, node: str) -> TextIO:
        day, file = self._files.get(node, ("", None))
        if file is not None and day == self._day:
            return file
        if file is not None:
            file.close()
        folder = self._folders[node]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{self._day}.log"
        # each line at once: somebody may be reading while the node runs
        file = path.open("a", encoding="utf-8", errors="replace", buffering=1)
        self._files[node] = (self._day, file)
        return file
