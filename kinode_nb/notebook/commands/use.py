"""``use``: makes a node the current one."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Values, Verb


def run(context: Context, values: Values) -> object:
    """Return the node that is now the current one."""
    return context.net.use(values.one("node"))


USE = Verb(
    name="use",
    summary="makes a node the one that acts where none is named",
    arguments=(Argument("node", kinds.NODE),),
    example="use fake2.dev",
    run=run,
)
