"""``processes``: a table of what runs where."""

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Values, Verb


def run(context: Context, values: Values) -> object:
    """Return the table, of all nodes or of the one that is named."""
    return (context.named(values) or context.net).processes()


PROCESSES = Verb(
    name="processes",
    aliases=("top",),
    summary="a table of the processes, with what they sent and received",
    flags=ACTING,
    details=(
        "A process that keeps all others from running is blocking. Of those that were made in a\n"
        "notebook, the last 20 of each node stay as ended; workers and packages' processes do not."
    ),
    run=run,
)
