"""``new`` from a terminal: makes a package's folder from a template."""

import shlex
from dataclasses import replace

from kinode_nb.notebook.commands import new
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values


def _run(context: Context, values: Values) -> int:
    folder = shlex.quote(new.make(context, values))
    context.say(f"Next: {context.prompt} build {folder}, or {context.prompt} run-tests {folder}")
    return 0


NEW = replace(new.NEW, run=_run)
