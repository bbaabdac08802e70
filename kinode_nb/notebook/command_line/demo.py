"""``demo``: the first lesson's scenario, in the terminal."""

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb


def _run(_: Context, __: Values) -> int:
    from kinode_nb.notebook.demo import demo

    return demo(print)


DEMO = Verb(
    name="demo",
    summary="two fake nodes chat and transfer a file, for real, in a temporary folder",
    run=_run,
)
