"""``list-files``: what a node offers."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, PACKAGE, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> object:
    """Return the table of the files that a node offers, its own by default."""
    node = context.acting(values)
    return node.list_files(values.maybe("node"), package=values.maybe("--package"))


LIST_FILES = Verb(
    name="list-files",
    aliases=("files",),
    summary="a table of the files that a node offers; default: the acting node's own",
    arguments=(Argument("node", kinds.NODE, Count.OPTIONAL),),
    flags=(*ACTING, PACKAGE),
    example="list-files fake2.dev",
    run=run,
)
