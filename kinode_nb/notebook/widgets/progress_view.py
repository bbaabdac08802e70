"""The live widget of one transfer. Import it only where widgets can be shown: it is heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

HERE = Path(__file__).parent


class ProgressView(anywidget.AnyWidget):
    """Elements to begin with, and a view that fills them; progress.js does so in the browser."""

    _esm = HERE / "progress.js"
    _css = HERE / "progress.css"

    markup = traitlets.Unicode().tag(sync=True)
    # One trait, so that all numbers of a moment arrive in one message.
    view = traitlets.Dict().tag(sync=True)

    def reference(self) -> dict[str, Any]:
        """Return the part of a mime bundle that makes a front end show this widget."""
        version = {"version_major": 2, "version_minor": 0}  # of the widgets' protocol
        return {"application/vnd.jupyter.widget-view+json": {**version, "model_id": self.model_id}}
