"""``packages``: a table of what is installed where."""

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Values, Verb


def run(context: Context, values: Values) -> object:
    """Return the table, of all nodes or of the one that is named."""
    return (context.named(values) or context.net).packages()


PACKAGES = Verb(name="packages", summary="a table of the packages", flags=ACTING, run=run)
