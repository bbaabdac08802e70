"""``transfers``: how the downloads went."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Count, Values, Verb


def run(context: Context, values: Values) -> object:
    """Return the table of all transfers, or of one transfer's progress."""
    return context.net.transfers(values.maybe("id"))


TRANSFERS = Verb(
    name="transfers",
    summary="a table of all transfers, or of one's progress over time",
    arguments=(Argument("id", kinds.TRANSFER, Count.OPTIONAL),),
    example="transfers t1",
    run=run,
)
