"""The kinds of ``%%kinode`` cells that are no lines for a terminal: one file and one line each."""

from kinode_nb.notebook.cell_kinds.kind import CellKind

KINDS: tuple[CellKind, ...] = ()

BY_NAME = {kind.name: kind for kind in KINDS}
