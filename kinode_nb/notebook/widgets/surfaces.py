"""Where a notebook shows a transfer's progress: in a widget, or in an output without widgets.

A surface is opened in the cell's own thread, shown new rows from another, and settled from either,
one call at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from kinode_nb.notebook.widgets.progress_html import markup, page, view
from kinode_nb.notebook.widgets.progress_text import FINAL, describe
from kinode_nb.types.rows import TransferRow

if TYPE_CHECKING:
    from kinode_nb.notebook.widgets.progress_view import ProgressView

Bundle = dict[str, Any]


class Surface(Protocol):
    """One place on which one transfer is shown."""

    interval: float
    """The seconds that should pass between two updates."""

    def open(self, row: TransferRow) -> None:
        """Appear, with this."""

    def update(self, row: TransferRow) -> None:
        """Show this instead."""

    def settle(self, row: TransferRow) -> bool:
        """Make what is stored say this; return whether the surface lives on."""


def static(row: TransferRow) -> Bundle:
    """Return the mime bundle that is true wherever it is read, and at any time."""
    return {"text/html": page(row), "text/plain": describe(row).line}


class Output:
    """A place in a cell's outputs that can be filled again, from any thread, at any time."""

    def __init__(self) -> None:
        """Choose an id, by which front ends and notebooks find the place."""
        self._id = uuid4().hex
        self._bundle: Bundle = {}

    def show(self, bundle: Bundle) -> None:
        """Appear with a bundle, or show another one instead."""
        from IPython.display import display, update_display

        if bundle == self._bundle:
            return
        put: Callable[..., object] = update_display if self._bundle else display
        self._bundle = bundle
        put(bundle, display_id=self._id, raw=True)


class OutputSurface:
    """An output that is replaced as a whole, for front ends without widgets."""

    interval = 0.5  # a page that is drawn anew ten times a second cannot be read

    def __init__(self) -> None:
        """Find a place."""
        self._output = Output()

    def open(self, row: TransferRow) -> None:
        """Appear."""
        self._output.show(static(row))

    def update(self, row: TransferRow) -> None:
        """Replace the bundle."""
        self._output.show(static(row))

    def settle(self, row: TransferRow) -> bool:
        """Replace the bundle; what is final never changes again."""
        self._output.show(static(row))
        return row.status not in FINAL


class WidgetSurface:
    """A live widget until the transfer ends; then its output keeps a page in its stead.

    A stored widget needs its stored state: without, JupyterLab says only "model not found".
    """

    interval = 0.1

    def __init__(self) -> None:
        """Find a place."""
        self._output = Output()
        self._widget: ProgressView | None = None

    def open(self, row: TransferRow) -> None:
        """Appear; what has ended already needs no widget."""
        if row.status not in FINAL:
            from kinode_nb.notebook.widgets.progress_view import ProgressView

            self._widget = ProgressView(markup=markup(row), view=dict(view(row)))
        self._store(row)

    def update(self, row: TransferRow) -> None:
        """Send the widget what it shows, as one message."""
        if self._widget is not None:
            self._widget.view = dict(view(row))

    def settle(self, row: TransferRow) -> bool:
        """Store the present state; at the end let go of the widget."""
        self.update(row)
        widget = self._widget
        if row.status not in FINAL:
            self._store(row)
            return True
        self._widget = None
        self._store(row)
        if widget is not None:
            widget.close()
        return False

    def _store(self, row: TransferRow) -> None:
        reference = self._widget.reference() if self._widget is not None else {}
        self._output.show({**reference, **static(row)})
