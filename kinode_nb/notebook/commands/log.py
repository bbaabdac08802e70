"""``log``: the message log."""

from typing import Any

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Flag, Values, Verb

_TEXT_FILTERS = ("process", "kind", "type", "since", "grep", "save")


def run(context: Context, values: Values) -> object:
    """Return the rows of the log that all the flags let through."""
    given: dict[str, Any] = {name: values.maybe(f"--{name}") for name in _TEXT_FILTERS}
    node = context.named(values)
    return context.net.log(
        node=node.name if node else None,
        last=values.number("--last"),
        **{name: value for name, value in given.items() if value is not None},
    )


LOG = Verb(
    name="log",
    summary="a table of every message",
    flags=(
        Flag(("-n", "--node"), "rows from or to that node", kinds.NODE, "NODE"),
        ACTING[1],
        Flag(("--process",), "rows from or to that process", kinds.PROCESS, "PROCESS"),
        Flag(
            ("--kind",),
            "rows of one kind",
            kinds.choice("request", "response", "send_error", "print", "condition"),
            "KIND",
        ),
        Flag(("--type",), "rows of one type, such as Send", kinds.TEXT, "TYPE"),
        Flag(("--since",), "rows from that time on", kinds.TEXT, "TIME"),
        Flag(("--last",), "the last rows", kinds.NUMBER, "N"),
        Flag(("--grep",), "rows whose body matches", kinds.TEXT, "REGEX"),
        Flag(("--save",), "write them to a file", kinds.FILE_OF_THE_MACHINE, "FILE"),
    ),
    example="log --last 10",
    run=run,
)
