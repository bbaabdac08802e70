"""``remove``: uninstalls packages."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.installed import say_where
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> None:
    """Remove packages from all nodes, or from the one that is named; say from where."""
    place = context.named(values) or context.net
    before = context.net.started_packages()
    place.remove(*values.many("package"))
    removed = before - context.net.started_packages()
    say_where(context, removed, "is removed from")


REMOVE = Verb(
    name="remove",
    aliases=("remove-package", "r"),
    summary="uninstalls a package, on all nodes where none is named",
    arguments=(Argument("package", kinds.INSTALLED, Count.ANY),),
    flags=ACTING,
    example="remove chat",
    details="A package is named by its name, its id, or its folder; default: this folder.\n"
    "Its processes end and its pkg drive goes; its files and saved states stay.",
    run=run,
)
