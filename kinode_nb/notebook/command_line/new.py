"""``new`` from a terminal: makes a package's folder from a template."""

from kinode_nb.notebook.commands import new
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb


def _run(context: Context, values: Values) -> int:
    folder = new.make(context, values)
    context.say(f"Next: {context.prompt} build {folder}, or {context.prompt} run-tests {folder}")
    return 0


NEW = Verb(
    name="new",
    aliases=new.NEW.aliases,
    summary=new.NEW.summary,
    arguments=new.NEW.arguments,
    flags=new.NEW.flags,
    example=new.NEW.example,
    details=new.NEW.details,
    run=_run,
)
