"""``run-tests``: runs the tests of packages on nodes of their own."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Count, Flag, Values, Verb


def run(context: Context, values: Values) -> object:
    """Run them, print the summary, and return the table; where one has not passed, fail in a line.

    A terminal shows little of a table.
    """
    results = context.net.run_tests(values.maybe("path") or ".", junit=values.maybe("--junit"))
    if results.passed:
        context.say(results.summary())
        return results.frame
    context.display(results.frame)
    context.say(results.summary())
    results.raise_if_failed()
    return None


RUN_TESTS = Verb(
    name="run-tests",
    aliases=("t",),
    summary="runs the tests of a tests.toml on nodes of their own",
    arguments=(Argument("path", kinds.FILE_OF_THE_MACHINE, Count.OPTIONAL),),
    flags=(Flag(("--junit",), "also writes a junit.xml", kinds.FILE_OF_THE_MACHINE, "FILE"),),
    example="run-tests my-chat",
    details=(
        "PATH is a tests.toml, or a folder with one in it or in its test/; default: this folder.\n"
        "A test that does not pass fails the cell, or the command: its place is in the table."
    ),
    run=run,
)
