"""``view-api`` from another terminal: the WIT of a package on a running node."""

from kinode_nb.notebook.command_line.running_node import PORT, RunningNode
from kinode_nb.notebook.commands import view_api
from kinode_nb.notebook.commands.build import DOWNLOAD_FROM
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb


def _run(context: Context, values: Values) -> int:
    node, package = RunningNode(values), values.maybe("package")
    if values.has("--download-from"):
        context.say(node.no_download)
    if package is None:
        view_api.tell_ids(context, node.apis().ids())
    else:
        view_api.tell(context, node.apis().texts(package))
    return 0


VIEW_API = Verb(
    name="view-api",
    aliases=view_api.VIEW_API.aliases,
    summary=view_api.VIEW_API.summary,
    arguments=view_api.VIEW_API.arguments,
    flags=(PORT, DOWNLOAD_FROM),
    example=view_api.VIEW_API.example,
    run=_run,
)
