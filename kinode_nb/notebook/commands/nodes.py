"""``nodes``: a table of the net's nodes."""

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb


def run(context: Context, _: Values) -> object:
    """Return the table; stopped nodes are in it."""
    return context.net.nodes()


NODES = Verb(name="nodes", summary="a table of the nodes, stopped ones too", run=run)
