"""The kinds of ``%%kinode`` cells that are no lines for a terminal: one file and one line each."""

from kinode_nb.notebook.cell_kinds.kind import CellKind
from kinode_nb.notebook.cell_kinds.process import PROCESS
from kinode_nb.notebook.cell_kinds.wit import WIT

KINDS: tuple[CellKind, ...] = (PROCESS, WIT)

BY_NAME = {kind.name: kind for kind in KINDS}
