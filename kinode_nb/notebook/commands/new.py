"""``new``: makes a package's folder from a template."""

import shlex

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Flag, Values, Verb


def make(context: Context, values: Values) -> str:
    """Make the folder, say what is in it, and return its path."""
    from kinode_nb.kit import packages
    from kinode_nb.kit.new import PUBLISHER, new

    package, publisher = values.maybe("--package"), values.maybe("--publisher")
    folder = new(
        values.one("directory"),
        package=package,
        publisher=PUBLISHER if publisher is None else publisher,
        template=values.maybe("--template") or "chat",
        language=values.maybe("--language") or "python",
        ui=values.has("--ui"),
    )
    named = package or folder.absolute().name
    note = ", since names of packages have - for _" if "_" in named else ""
    context.say(f"{folder} holds {packages.id_in(str(folder))}{note}")
    return str(folder)


def run(context: Context, values: Values) -> None:
    """Make the folder and say what can be done with it."""
    folder = make(context, values)
    named = shlex.quote(folder)
    context.say(f"Next: %kinode start {named}, or %kinode run-tests {named}")


NEW = Verb(
    name="new",
    aliases=("n",),
    summary="makes a package's folder from a template",
    arguments=(Argument("directory", kinds.FILE_OF_THE_MACHINE),),
    flags=(
        Flag(("-a", "--package"), "the package's name; default: the folder's", kinds.TEXT, "NAME"),
        Flag(
            ("-u", "--publisher"), "who publishes it; default: template.os", kinds.TEXT, "PUBLISHER"
        ),
        Flag(("-l", "--language"), "python", kinds.LANGUAGE, "LANGUAGE"),
        Flag(
            ("-t", "--template"),
            "what to start from, see above; default: chat",
            kinds.TEMPLATE,
            "TEMPLATE",
        ),
        Flag(("--ui",), "for kit's templates with pages; there are none here"),
    ),
    example="new my-chat -t chat -u me.os",
    details="The templates are blank, chat, echo, fibonacci and file-transfer, as in kit, and\n"
    "chat-with-file-transfer, which imports the last one's worker. Each has a test in test/.\n"
    "An empty folder is filled: new . is the package of the working folder.",
    run=run,
)
