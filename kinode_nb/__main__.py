"""The command line: ``kinode-nb VERB …``, or ``python -m kinode_nb VERB …``."""

import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, cast

from kinode_nb.notebook.commands import VERBS, find, kinds
from kinode_nb.notebook.commands.boot import BOOT
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.parser import parse, wants_help
from kinode_nb.notebook.commands.verb import HELP, Argument, Flag, Values, Verb
from kinode_nb.notebook.words import Word
from kinode_nb.types import KinodeError, UsageError, nearest

if TYPE_CHECKING:
    from kinode_nb.portal import FakeNet, Node

PROMPT = "kinode-nb"
# Known by name here and in the notebook, and to come: `kinode-nb build` and the like.
_TO_COME = ("new", "build", "start", "remove", "inject", "run-tests")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code: 0, 1 for a failure, 2 for a mistake in it."""
    line = [Word(word) for word in (sys.argv[1:] if words is None else words)]
    try:
        return _run(line)
    except UsageError as error:
        print(f"{PROMPT}: {error}", file=sys.stderr)
        return 2
    except KinodeError as error:
        print(f"{PROMPT}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # what a shell expects of a program that Ctrl-C ended


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
    result = command.run(Context(_net, prompt=PROMPT), parse(command, line[1:], PROMPT))
    return result if isinstance(result, int) else 0


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
        if verb in _TO_COME:
            raise UsageError(f"{verb} is not there yet in this version")
        raise UsageError(f"{verb} is for a notebook, where the nodes are: %kinode {verb}")
    hint = nearest(name, [each for command in COMMANDS for each in command.names])
    raise UsageError(f"there is no command {name!r}.{hint or f' {PROMPT} help lists them.'}")


def _boot(context: Context, values: Values) -> int:
    """Boot nodes and serve until Ctrl-C, or until the system asks for the end."""
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    net = context.net
    try:
        booted = BOOT.run(context, values)
        nodes = cast("list[Node]", booted if isinstance(booted, list) else [booted])
        for node in nodes:
            where = f"at {node.url()}" if node.port else "without HTTP"
            print(f"{node.name} runs {where}, home {node.home}")
        print("Ctrl-C stops it", flush=True)
        ended.wait()
    finally:
        net.close()
    return 0


def _demo(_: Context, __: Values) -> int:
    from kinode_nb.notebook.demo import demo

    return demo(print)


def _kernel(_: Context, values: Values) -> int:
    from kinode_nb.notebook.kernelspec_files import install

    if values.one("action") != "install":
        raise UsageError(f"kernel does one thing: {PROMPT} kernel install")
    places = [name for name in ("--user", "--sys-prefix", "--prefix") if values.has(name)]
    if len(places) > 1:
        raise UsageError(f"one place is enough: {' or '.join(places)}")
    prefix = sys.prefix if values.has("--sys-prefix") else values.maybe("--prefix")
    print(f"the Kinode Jupyter kernel is in {install(prefix)}")
    return 0


DEMO = Verb(
    name="demo",
    summary="two fake nodes chat and transfer a file, for real, in a temporary folder",
    run=_demo,
)
SERVE = Verb(
    name="boot",
    aliases=BOOT.aliases,
    summary="boots a fake node and serves until Ctrl-C",
    arguments=BOOT.arguments,
    flags=BOOT.flags,
    example=BOOT.example,
    details=BOOT.details,
    run=_boot,
)
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
    run=_kernel,
)
COMMANDS = (DEMO, SERVE, KERNEL)

if __name__ == "__main__":
    sys.exit(main())
