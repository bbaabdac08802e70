"""``build`` from a terminal: a node is asked only for an API that lies in no folder."""

from typing import TYPE_CHECKING

from kinode_nb.notebook.command_line.running_node import PORT, RunningNode
from kinode_nb.notebook.commands import build
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb

if TYPE_CHECKING:
    from kinode_nb.kit.building import Built

FLAGS = (PORT, build.DOWNLOAD_FROM, *build.FLAGS)


def built(context: Context, values: Values, node: RunningNode) -> "Built":
    """Build what a line names, and say what was built."""
    from kinode_nb.kit.building import build as build_folder

    if values.has("--download-from"):
        context.say(node.no_download)
    made = build_folder(
        values.maybe("dir") or ".", fetch_api=node.apis().get, **build.options(values)
    )
    build.tell(context, values, made)
    return made


def _run(context: Context, values: Values) -> int:
    built(context, values, RunningNode(values))
    return 0


BUILD = Verb(
    name="build",
    aliases=build.BUILD.aliases,
    summary=build.BUILD.summary,
    arguments=build.BUILD.arguments,
    flags=FLAGS,
    example=build.BUILD.example,
    details=build.BUILD.details,
    run=_run,
)
