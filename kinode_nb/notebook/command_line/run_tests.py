"""``run-tests`` from a terminal: its exit code is 0 when all tests pass, 1 when one does not."""

from dataclasses import replace

from kinode_nb.notebook.commands import run_tests
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values


def _run(context: Context, values: Values) -> int:
    net = context.net
    results = net.run_tests(values.maybe("path") or ".", junit=values.maybe("--junit"))
    for note in net.take_notes():
        context.say(note)
    context.say(results.summary())
    return 0 if results.passed else 1


RUN_TESTS = replace(run_tests.RUN_TESTS, run=_run)
