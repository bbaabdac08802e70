"""``nest``: lets ``asyncio.run`` work inside cells."""

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb


def run(context: Context, _: Values) -> None:
    """Apply nest-asyncio2: on request only, since it makes all of asyncio slower."""
    import nest_asyncio2

    nest_asyncio2.apply()
    context.say("asyncio.run(...) now works inside cells")


NEST = Verb(
    name="nest",
    summary="lets asyncio.run(...) work inside cells (nest-asyncio2)",
    run=run,
)
