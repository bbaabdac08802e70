"""``remove``: uninstalls packages."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> None:
    """Remove packages from all nodes, or from the one that is named; say from where."""
    node = context.named(values)
    packages = values.many("package")
    before = context.net.started_packages()
    if node is None:
        context.net.remove(*packages)
    else:
        node.remove(*packages)
    removed = {each[:2] for each in before - context.net.started_packages()}
    nodes = context.net.node_names()
    for package in sorted({package for package, _ in removed}):
        where = [each for each in nodes if (package, each) in removed]
        context.say(f"{package} is removed from {', '.join(where)}")


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
