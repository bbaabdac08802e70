"""``history``: the chat with a node."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, PACKAGE, Argument, Values, Verb


def run(context: Context, values: Values) -> object:
    """Return the table of what was said."""
    node = context.acting(values)
    return node.history(values.one("node"), package=values.maybe("--package"))


HISTORY = Verb(
    name="history",
    summary="a table of the chat with a node",
    arguments=(Argument("node", kinds.NODE),),
    flags=(*ACTING, PACKAGE),
    example="history fake2.dev",
    run=run,
)
