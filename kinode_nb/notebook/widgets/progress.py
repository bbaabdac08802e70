"""The live view of one transfer: it follows the transfer to its end, wherever it is shown.

The runtime tells of every change on its own thread, often. All that is done there is to set a
flag: a thread of this module looks at the flags, so that showing never slows what is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from threading import Event, RLock
from typing import TYPE_CHECKING, Any, Protocol

from kinode_nb.notebook.widgets.progress_text import FINAL, describe
from kinode_nb.notebook.widgets.refresher import REFRESHER, Refresher
from kinode_nb.notebook.widgets.surfaces import OutputSurface, Surface, WidgetSurface, static
from kinode_nb.notebook.widgets.terminal import TerminalSurface
from kinode_nb.types.rows import TransferRow

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

GRACE = 0.05  # a transfer that ends within this many seconds of its start needs no live view
STALE = 1.0  # seconds; without news the rate falls, and the time left grows


class Transfer(Protocol):
    """What is asked of a transfer."""

    @property
    def status(self) -> str:
        """Return the status; it is cheap, and can be asked from any thread."""

    def row(self) -> TransferRow:
        """Return a snapshot; can be asked from any thread."""

    def on_change(self, callback: Callable[[], None], /) -> Callable[[], None]:
        """Call on every change, on any thread; return what ends that."""


def show(transfer: Transfer) -> Progress:
    """Display a transfer's progress here: in a cell's output, or on the terminal.

    Returns at once. The view follows the transfer until it has ended, also when nobody waits for
    it; on a terminal until the cell has ended, since then the prompt needs the line.
    """
    shell = _shell()
    progress = Progress(transfer, _surface(shell))
    progress.start()
    if shell is not None and not _is_in_notebook(shell):
        progress.finish_with_cell(shell)
    return progress


class Progress:
    """A transfer's view. Every method can be called from any thread."""

    def __init__(
        self, transfer: Transfer, surface: Surface, refresher: Refresher = REFRESHER
    ) -> None:
        """Prepare to show a transfer on a surface."""
        self._transfer = transfer
        self._surface = surface
        self._refresher = refresher
        self._lock = RLock()  # one update at a time, and none after the last
        self._has_news = False
        self._is_live = False
        self._shown_at = 0.0
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Appear, and follow the transfer."""
        _give_grace(self._transfer)
        with self._lock:
            self._is_live = True
            # First of all, so that no change falls between looking and listening.
            self._unsubscribe = self._transfer.on_change(self._on_change)
            self._surface.open(self._transfer.row())
            self._refresher.add(self)
            if self._transfer.status in FINAL:
                self.finish()

    def refresh(self, now: float) -> None:
        """Show what is new, if there is and it is time; now is in seconds of a monotonic clock."""
        due = self._surface.interval if self._has_news else STALE
        if now - self._shown_at < due and self._transfer.status not in FINAL:
            return
        with self._lock:
            if not self._is_live:
                return
            self._has_news, self._shown_at = False, now
            row = self._transfer.row()
            if row.status in FINAL:
                self.finish()
            else:
                self._surface.update(row)

    def finish(self) -> None:
        """Make what is stored true as of now; a view of a transfer that has ended rests then."""
        with self._lock:
            if self._is_live and not self._surface.settle(self._transfer.row()):
                self.stop()

    def finish_with_cell(self, shell: InteractiveShell) -> None:
        """Finish when the cell has ended."""

        def end_of_cell(_result: object) -> None:
            shell.events.unregister("post_run_cell", end_of_cell)
            self.finish()

        shell.events.register("post_run_cell", end_of_cell)

    def stop(self) -> None:
        """Follow no longer; what is shown stays as it is."""
        with self._lock:
            self._is_live = False
            self._refresher.discard(self)
            if self._unsubscribe is not None:
                self._unsubscribe()
                self._unsubscribe = None

    def _on_change(self) -> None:
        self._has_news = True
        self._refresher.wake()

    def __repr__(self) -> str:
        """Return the line that a terminal would show."""
        return describe(self._transfer.row()).line

    def _repr_mimebundle_(self, **_options: object) -> dict[str, Any]:
        """Return the present state; the live view is where it was first shown."""
        return static(self._transfer.row())


def _give_grace(transfer: Transfer) -> None:
    """Wait a moment, so that a small file's view is not replaced before it can be seen."""
    elapsed = transfer.row().elapsed_ns or 0
    ended = Event()

    def look() -> None:
        if transfer.status in FINAL:
            ended.set()

    unsubscribe = transfer.on_change(look)
    look()
    ended.wait(max(0.0, GRACE - elapsed / 1e9))
    unsubscribe()


def _surface(shell: InteractiveShell | None) -> Surface:
    """Choose the richest surface that there is here."""
    if shell is None or not _is_in_notebook(shell):
        return TerminalSurface()
    if find_spec("anywidget") is None or find_spec("ipywidgets") is None:
        return OutputSurface()
    return WidgetSurface()


def _shell() -> InteractiveShell | None:
    if "IPython" not in sys.modules:  # then nobody can have started it
        return None
    from IPython import get_ipython

    shell: InteractiveShell | None = get_ipython()
    return shell


def _is_in_notebook(shell: InteractiveShell) -> bool:
    """Tell a shell that shows its outputs through Jupyter from one on a terminal."""
    return hasattr(shell, "kernel")
