"""``build-start-package`` from another terminal: builds a package, and sends it to a node."""

from kinode_nb.notebook.command_line import build, start
from kinode_nb.notebook.command_line.running_node import RunningNode
from kinode_nb.notebook.commands.build_start_package import BUILD_START_PACKAGE as NOTEBOOKS
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb


def _run(context: Context, values: Values) -> int:
    node = RunningNode(values)
    start.send(context, node, build.built(context, values, node).package)
    return 0


BUILD_START_PACKAGE = Verb(
    name="build-start-package",
    aliases=NOTEBOOKS.aliases,
    summary="builds a package, and starts it on a running node",
    arguments=NOTEBOOKS.arguments,
    flags=build.FLAGS,
    example=NOTEBOOKS.example,
    details=NOTEBOOKS.details,
    run=_run,
)
