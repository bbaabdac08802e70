"""``%kinode`` and ``%%kinode``, as IPython calls them."""

from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.magic import needs_local_scope, no_var_expand, output_can_be_silenced
from IPython.display import display

import kinode_nb
from kinode_nb.notebook.cell import run_cell
from kinode_nb.notebook.cell_kinds import KINDS
from kinode_nb.notebook.commands import VERBS
from kinode_nb.notebook.commands.context import Context, Progress
from kinode_nb.notebook.commands.help import table
from kinode_nb.notebook.line import run_line

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kinode_nb.portal import FakeNet, Transfer

_DOCSTRING = """Kinode in a notebook: boot fake nodes, let them talk, see every message.

{table}

Words are split as a shell splits them. $name and {{expression}} become their values, except inside
single quotes, where JSON goes. A result can be kept:  df = %kinode log

%%kinode [-n NODE] types every line below it at that node's terminal: hi fake2.dev hello!
{cells}
"""


# The portal's own class of this kind stays unimported: loading the magics loads no runtime.
class InterruptedWait(KeyboardInterrupt):
    """An interrupt, shown as one line: where the waiting was done is nobody's concern."""

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


class KinodeMagics:
    """The two magics of one shell."""

    def __init__(self, shell: "InteractiveShell") -> None:
        """Belong to the shell, whose variables stand for themselves on a line."""
        self.shell = shell

    def install(self) -> None:
        """Let the shell know the magics."""

        @no_var_expand
        @needs_local_scope
        @output_can_be_silenced
        def kinode(line: str, cell: str | None = None, local_ns: Any = None) -> object:
            return self.run(line, cell, local_ns or {})

        kinode.__doc__ = _DOCSTRING.format(
            table=table(VERBS, "%kinode"),
            cells="\n".join(f"%%kinode {kind.verb.head} {kind.verb.summary}" for kind in KINDS),
        )
        self.shell.magics_manager.register_function(kinode, "line_cell", "kinode")

    def run(self, line: str, cell: str | None, local_names: Mapping[str, Any]) -> object:
        """Run a line, or a cell, and then show what the net has to say about it."""
        names = ChainMap(dict(local_names), self.shell.user_ns)
        context = Context(notebooks_net, show=show_progress, display=display)
        try:
            if cell is None:
                return run_line(line, context, names)
            run_cell(line, cell, context, names, display)
        except KeyboardInterrupt as interrupt:
            raise InterruptedWait(str(interrupt) or "the waiting has ended; nodes go on") from None
        finally:
            show_notes()
        return None


def notebooks_net() -> "FakeNet":
    """Return the notebook's net; the first call makes it."""
    return kinode_nb.fakenet()


def show_notes(*_: object) -> None:
    """Print what the net has to say since the last time. IPython calls it after every cell too."""
    if "fakenet" in vars(kinode_nb):  # else nobody asked for the notebook's net, and none is made
        for note in notebooks_net().take_notes():
            print(note)  # noqa: T201  a cell's output


def show_progress(transfer: "Transfer") -> Progress:
    """Show a live view of a transfer below the cell."""
    from kinode_nb.notebook.widgets.progress import show

    return show(transfer)
