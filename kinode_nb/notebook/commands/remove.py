"""``remove``: uninstalls packages."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.installed import say_where
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Flag, Values, Verb
from kinode_nb.types import PackageId, UsageError

NAMED = (
    Flag(("-a", "--package"), "the package's name, with -u", kinds.TEXT, "NAME"),
    Flag(("-u", "--publisher"), "its publisher, with -a", kinds.TEXT, "NODE"),
)
"""kit's way to name a package."""


def named_as_by_kit(values: Values) -> PackageId | None:
    """Return the package that -a and -u name; None without them. UsageError for half of it."""
    name, publisher = values.maybe("--package"), values.maybe("--publisher")
    if name is None and publisher is None:
        return None
    if name is None or publisher is None or values.many("package"):
        raise UsageError("a package is named by -a and -u together, or without both")
    return PackageId(name.replace("_", "-"), publisher).check()


def run(context: Context, values: Values) -> None:
    """Remove packages from all nodes, or from the one that is named; say from where."""
    place = context.named(values) or context.net
    named = named_as_by_kit(values)
    before = context.net.started_packages()
    place.remove(*([str(named)] if named else values.many("package")))
    removed = before - context.net.started_packages()
    say_where(context, removed, "is removed from")


REMOVE = Verb(
    name="remove",
    aliases=("remove-package", "r"),
    summary="uninstalls a package, on all nodes where none is named",
    arguments=(Argument("package", kinds.INSTALLED, Count.ANY),),
    flags=(*ACTING, *NAMED),
    example="remove chat",
    details="A package is named by its name, its id, or its folder; default: this folder.\n"
    "Its processes end and its pkg drive goes; its files and saved states stay.",
    run=run,
)
