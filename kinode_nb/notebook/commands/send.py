"""``send``: a chat message."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, PACKAGE, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> None:
    """Send the words after the node as one message; raises SendError when nobody answers."""
    message = " ".join(values.many("message"))
    context.acting(values).send(values.one("node"), message, package=values.maybe("--package"))


SEND = Verb(
    name="send",
    summary="sends a chat message",
    arguments=(Argument("node", kinds.NODE), Argument("message", count=Count.SOME)),
    flags=(*ACTING, PACKAGE),
    example='send fake2.dev "hello from the notebook"',
    run=run,
)
