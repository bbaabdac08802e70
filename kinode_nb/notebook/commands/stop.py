"""``stop``: stops nodes."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Count, Flag, Values, Verb
from kinode_nb.types import UsageError


def run(context: Context, values: Values) -> None:
    """Stop the nodes that are named, or all."""
    names = values.many("node")
    if values.has("--all"):
        context.net.stop()
        return
    if not names:
        raise UsageError(f"stop which node? {context.prompt} stop NODE, or --all for all of them")
    context.net.stop(*names)


STOP = Verb(
    name="stop",
    summary="stops nodes; the homes that boot made for them go too",
    arguments=(Argument("node", kinds.NODE, Count.ANY),),
    flags=(Flag(("--all",), "all nodes; never complains"),),
    example="stop fake2.dev",
    run=run,
)
