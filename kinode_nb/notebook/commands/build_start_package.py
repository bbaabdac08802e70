"""``build-start-package``: builds a package in its folder, and starts it."""

from typing import TYPE_CHECKING

from kinode_nb.notebook.commands import build, start
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Values, Verb

if TYPE_CHECKING:
    from kinode_nb.kit.building import Built


def run(context: Context, values: Values) -> "Built":
    """Build, then start on all nodes, or on the one that is named; say both."""
    node = context.named(values)
    folder, wanted = values.maybe("dir") or ".", build.options(values)
    download_from = values.maybe("--download-from")
    before = context.net.started_packages()
    if node is None:
        built = context.net.build_start_package(folder, download_from=download_from, **wanted)
    else:
        built = node.build_start_package(folder, download_from=download_from, **wanted)
    build.tell(context, values, built)
    start.tell(context, before)
    return built


BUILD_START_PACKAGE = Verb(
    name="build-start-package",
    aliases=("bs",),
    summary="builds a package and starts it, on all nodes where none is named",
    arguments=(build.DIR,),
    flags=(*ACTING, build.DOWNLOAD_FROM, *build.FLAGS),
    example="build-start-package chat-with-file-transfer -l file-transfer",
    details=build.BUILD.details,
    run=run,
)
