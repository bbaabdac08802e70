"""``terminal``: what a node's processes printed."""

import threading
from typing import TYPE_CHECKING

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Flag, Values, Verb

if TYPE_CHECKING:
    from kinode_nb.portal import Node

_BETWEEN_LOOKS = 0.1  # seconds; short enough to feel live, and for Interrupt


class TerminalText(str):
    """Text that a notebook shows as it is, not as a Python literal."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the text itself."""
        return str(self)

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]  # IPython's, which is not imported here


def run(context: Context, values: Values) -> object:
    """Return what was printed; with --follow show it as it comes, until Interrupt."""
    node, verbosity = context.acting(values), values.number("--verbosity")
    if values.has("--follow"):
        _follow(context, node, verbosity)
        return None
    return TerminalText(node.terminal(verbosity))


def _follow(context: Context, node: "Node", verbosity: int | None) -> None:
    from kinode_nb.portal.interrupts import heard

    place = 0
    never = threading.Event()
    try:
        with heard():
            while True:
                running = node.status == "running"
                texts, place = node.printed(verbosity, place)
                if texts:
                    context.say("\n".join(texts))
                if not running:
                    return
                never.wait(_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        context.say("(no longer following)")


TERMINAL = Verb(
    name="terminal",
    summary="what the node's processes printed",
    flags=(
        Flag(("--follow",), "show more as it comes, until Interrupt"),
        Flag(("--verbosity",), "how much: 0 to 3; default: the node's", kinds.NUMBER, "N"),
        *ACTING,
    ),
    example="terminal --follow",
    run=run,
)
