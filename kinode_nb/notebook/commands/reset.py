"""``reset``: begins again."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Flag, Values, Verb
from kinode_nb.types import UsageError


def run(context: Context, values: Values) -> None:
    """Stop all nodes, clear the log, and start a new net."""
    if values.has("--virtual"):
        raise UsageError("reset --virtual is not there yet in this version: time is real")
    context.net.reset(seed=values.number("--seed"))


RESET = Verb(
    name="reset",
    summary="stops all nodes, clears the log and starts a new net",
    flags=(
        Flag(("--seed",), "the seed of the new net", kinds.NUMBER, "N"),
        Flag(("--virtual",), "time that passes at once (not there yet)"),
    ),
    run=run,
)
