"""``start``: installs and starts packages."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.installed import say_where
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> None:
    """Start packages on all nodes, or on the one that is named; say what runs now, and where."""
    place = context.named(values) or context.net
    before = context.net.started_packages()
    place.start(*values.many("package"))
    tell(context, before)


def tell(context: Context, before: set[tuple[str, str, str]]) -> None:
    """Say what runs now that did not run before, and where."""
    started = context.net.started_packages() - before  # what was there before, the net's notes tell
    say_where(context, started, "runs on")


START = Verb(
    name="start",
    aliases=("start-package", "s"),
    summary="installs and starts a package, on all nodes where none is named",
    arguments=(Argument("package", kinds.STARTABLE, Count.ANY),),
    flags=ACTING,
    example="start chat-with-file-transfer",
    details="A package is one of the built-in ones by its name, or a folder or a zip; default:\n"
    "this folder. A folder is built, and nothing is written to it.",
    run=run,
)
