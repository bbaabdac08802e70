"""What ``%load_ext kinode_nb`` does, and undoes."""

import asyncio
import warnings
from itertools import takewhile
from typing import TYPE_CHECKING

from kinode_nb.notebook import completer
from kinode_nb.notebook.magics import KinodeMagics, show_notes
from kinode_nb.types import cells

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

_EVENT = "post_run_cell"
_BEFORE = "pre_run_cell"


def load(shell: "InteractiveShell") -> None:
    """Give the shell the magics and Tab; twice is as good as once."""
    unload(shell)
    KinodeMagics(shell).install()
    completer.install(shell)
    shell.events.register(_BEFORE, count_blank_lines)
    shell.events.register(_EVENT, show_notes)
    _warn_of_nest_asyncio()


def unload(shell: "InteractiveShell") -> None:
    """Take all of it away. Nodes go on: another load finds them."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("kinode", None)
    completer.remove(shell)
    for event, own in ((_BEFORE, count_blank_lines), (_EVENT, show_notes)):
        for callback in list(shell.events.callbacks[event]):
            if getattr(callback, "__qualname__", "") == own.__qualname__:
                shell.events.unregister(event, callback)


def count_blank_lines(info: "ExecutionInfo") -> None:
    """Count the blank lines at the top of a cell, before the shell drops them."""
    lines = (info.raw_cell or "").splitlines()
    cells.blank_lines = sum(1 for _ in takewhile(lambda line: not line.strip(), lines))


def _warn_of_nest_asyncio() -> None:
    """Warn of the first nest-asyncio: with it ipykernel loses cells that wait in the queue."""
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        warnings.warn(
            "nest_asyncio is active: cells that are queued behind a nested asyncio.run may never "
            "be run. Restart, and use nest_asyncio2 instead: %kinode nest",
            RuntimeWarning,
            stacklevel=2,
        )
