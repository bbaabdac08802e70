"""``put``: offers files of the machine for download."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, PACKAGE, Argument, Count, Values, Verb


def run(context: Context, values: Values) -> None:
    """Copy the files and say where to; a list of paths would name the machine's folders."""
    node = context.acting(values)
    paths = node.put(*values.many("file"), package=values.maybe("--package"))
    context.say(f"{node.name} offers {', '.join(path.name for path in paths)}")


PUT = Verb(
    name="put",
    summary="copies files of the machine into the package's files drive",
    arguments=(Argument("file", kinds.FILE_OF_THE_MACHINE, Count.SOME),),
    flags=(*ACTING, PACKAGE),
    example="put my_file.txt -n fake2.dev",
    run=run,
)
