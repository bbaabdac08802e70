"""``print`` in a process: the node's terminal, at verbosity 0."""

import builtins
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from kinode_nb.process_lib import Our

OUR: ContextVar[Our] = ContextVar("kinode_our")
"""The process that runs: a module that processes share prints for the one that called it."""


def printer(our: Our | None = None) -> Callable[..., None]:
    """Return a ``print`` for one process, or for whichever runs."""

    def print_(
        *values: object,
        sep: str | None = " ",
        end: str | None = "",
        file: Any = None,
        **_: Any,
    ) -> None:
        """Print on the node's terminal (verbosity 0), or to ``file`` where one is given."""
        to = our or OUR.get(None)
        if file is not None or to is None:
            builtins.print(*values, sep=sep, end=end or "\n", file=file)
        else:
            text = (" " if sep is None else sep).join(map(str, values))
            to.print_to_terminal(0, text + (end or ""))

    return print_


print_ = printer()
