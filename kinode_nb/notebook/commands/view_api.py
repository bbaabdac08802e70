"""``view-api``: the WIT of an installed package."""

from collections.abc import Mapping

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.build import DOWNLOAD_FROM
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Values, Verb


def tell(context: Context, texts: Mapping[str, str]) -> None:
    """Show the texts of an API, each below its file's name."""
    for name, text in texts.items():
        context.say(f"{name}\n\n{text.rstrip()}\n")


def tell_ids(context: Context, ids: list[str]) -> None:
    """Show which packages have an API."""
    for id_ in ids:
        context.say(id_)
    if not ids:
        context.say("no package with an API is installed")


def run(context: Context, values: Values) -> None:
    """Show a package's WIT; without a package, the ids of those that have an API."""
    node, package = context.acting(values), values.maybe("package")
    if package is None:
        tell_ids(context, node.view_api())
    else:
        tell(context, node.view_api(package, download_from=values.maybe("--download-from")))


VIEW_API = Verb(
    name="view-api",
    aliases=("v",),
    summary="shows the WIT of an installed package, or which packages have an API",
    arguments=(Argument("package", kinds.INSTALLED, Count.OPTIONAL),),
    flags=(*ACTING, DOWNLOAD_FROM),
    example="view-api file-transfer",
    run=run,
)
