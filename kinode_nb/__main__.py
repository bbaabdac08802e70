"""The command line: ``kinode-nb VERB …``, or ``python -m kinode_nb VERB …``."""

import io
import os
import select
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kinode_nb.notebook.command_line import COMMANDS
from kinode_nb.notebook.commands import VERBS, find
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.parser import parse, wants_help
from kinode_nb.notebook.commands.verb import HELP, Verb
from kinode_nb.notebook.words import Word
from kinode_nb.types import KinodeError, UsageError, nearest

if TYPE_CHECKING:
    from kinode_nb.portal import FakeNet

PROMPT = "kinode-nb"


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code: 0, 1 for a failure, 2 for a mistake in it."""
    line = [Word(word) for word in (sys.argv[1:] if words is None else words)]
    _let_all_be_written()
    try:
        code = _run(line)
        sys.stdout.flush()
    except UsageError as error:
        print(f"{PROMPT}: {error}", file=sys.stderr)
        return 2
    except KinodeError as error:
        print(f"{PROMPT}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        if str(interrupt):
            print(f"{PROMPT}: {interrupt}", file=sys.stderr)
        return 130  # what a shell expects of a program that Ctrl-C ended
    except BrokenPipeError:
        if _is_read():
            raise
        return 141  # what a shell expects of a program that nobody reads on, as of `… | head`
    return code


def _let_all_be_written() -> None:
    """Write what the encoding of stdout and stderr lacks as its escape, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_read() -> bool:
    """Tell whether what is printed can be read; if not, the rest of it goes nowhere."""
    stdout = sys.stdout.fileno()
    poll = select.poll()
    poll.register(stdout, 0)  # errors alone
    if not poll.poll(0):
        return True
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stdout)
    os.close(nowhere)
    return False


def _run(line: Sequence[Word]) -> int:
    from kinode_nb.notebook.commands.help import text

    if not line or line[0].text in {*HELP.names, "help"}:
        print(_table() if len(line) < 2 else text(_command(line[1].text), PROMPT))  # noqa: PLR2004
        return 0
    if line[0].text == "--version":
        import kinode_nb

        print(f"kinode_nb {kinode_nb.__version__}")
        return 0
    command = _command(line[0].text)
    if wants_help(line[1:]):
        print(text(command, PROMPT))
        return 0
    context = Context(_net, say=_say, prompt=PROMPT)
    result = command.run(context, parse(command, line[1:], PROMPT))
    return result if isinstance(result, int) else 0


def _say(text: str) -> None:
    print(text, flush=True)  # others may read along, through a pipe


def _net() -> "FakeNet":
    from kinode_nb.portal import fakenet

    return fakenet()


def _table() -> str:
    from kinode_nb.notebook.commands.help import table

    return table(COMMANDS, PROMPT)


def _command(name: str) -> Verb:
    """Return what the first word names; raises UsageError that says where else it can be had."""
    for command in COMMANDS:
        if name in command.names:
            return command
    known = {each for verb in VERBS for each in verb.names}
    if name in known:
        verb = find(name, PROMPT).name
        raise UsageError(f"{verb} is for a notebook, where the nodes are: %kinode {verb}")
    hint = nearest(name, [each for command in COMMANDS for each in command.names])
    raise UsageError(f"there is no command {name!r}.{hint or f' {PROMPT} help lists them.'}")


if __name__ == "__main__":
    sys.exit(main())
