"""``kill``: ends a process, also one that never yields."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Argument, Values, Verb


def run(context: Context, values: Values) -> None:
    """End the process, on the node that is named or that stands before its ``@``."""
    process = values.one("process")
    node, at, _ = process.partition("@")
    named = context.named(values)
    if named is None:
        named = context.net.node(node if at and node != "our" else None)
    context.say(f"killed process {named.kill(process)}")


KILL = Verb(
    name="kill",
    summary="ends a process, also one that never yields",
    arguments=(Argument("process", kinds.KILLABLE),),
    flags=ACTING,
    example="kill counter:notebook:template.os",
    details=(
        "A short name will do where one process has it. What the process asked for on its exit is\n"
        "not done. A process of the node itself, such as vfs:distro:sys, is ended by stop alone."
    ),
    run=run,
)
