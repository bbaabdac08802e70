"""``hi``: asks a node whether it is there."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> None:
    """Show what Kinode's terminal shows: the node's answer, or that there is none."""
    message = " ".join(values.many("message"))
    context.say(context.acting(values).hi(values.one("node"), message))


HI = Verb(
    name="hi",
    summary="says hi to a node, and shows its answer",
    arguments=(Argument("node", kinds.NODE), Argument("message", count=Count.SOME)),
    flags=ACTING,
    example="hi fake2.dev hello!",
    run=run,
)
