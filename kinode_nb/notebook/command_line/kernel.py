"""``kernel install``: puts the Kinode Jupyter kernel where Jupyter looks."""

import sys

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Flag, Values, Verb
from kinode_nb.types import UsageError


def _run(context: Context, values: Values) -> int:
    from kinode_nb.notebook.kernelspec_files import install

    if values.one("action") != "install":
        raise UsageError(f"kernel does one thing: {context.prompt} kernel install")
    places = [name for name in ("--user", "--sys-prefix", "--prefix") if values.has(name)]
    if len(places) > 1:
        raise UsageError(f"one place is enough: {' or '.join(places)}")
    prefix = sys.prefix if values.has("--sys-prefix") else values.maybe("--prefix")
    context.say(f"the Kinode Jupyter kernel is in {install(prefix)}")
    return 0


KERNEL = Verb(
    name="kernel",
    summary="kernel install: puts the Kinode Jupyter kernel where Jupyter looks",
    arguments=(Argument("action"),),
    flags=(
        Flag(("--user",), "for this person; the default"),
        Flag(("--sys-prefix",), "for this Python environment"),
        Flag(("--prefix",), "for the environment in that folder", kinds.FILE_OF_THE_MACHINE, "DIR"),
    ),
    example="kernel install --sys-prefix",
    run=_run,
)
