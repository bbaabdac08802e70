"""What a verb is given besides its words: the net, and a way to answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kinode_nb.notebook.commands.verb import Values

if TYPE_CHECKING:
    from kinode_nb.portal import FakeNet, Node, Transfer


class Progress(Protocol):
    """A live view of one transfer."""

    def finish(self) -> object:
        """Bring what is stored of the view to the transfer's present state."""


class _Nothing:
    def finish(self) -> None:
        pass


@dataclass(slots=True)
class Context:
    """Where a verb runs: in a cell, in a terminal, or in a test.

    ``prompt`` is what a person types before the verb; ``say`` shows one line of text.
    """

    find_net: Callable[[], "FakeNet"]
    say: Callable[[str], None] = print
    show: Callable[["Transfer"], Progress] = lambda _: _Nothing()
    prompt: str = "%kinode"
    display: Callable[[object], object] = print
    """Shows what is no line of text, such as a table."""

    @property
    def net(self) -> "FakeNet":
        """The net that verbs act on; the notebook's is made when it is first asked for."""
        return self.find_net()

    def acting(self, values: Values) -> "Node":
        """Return the node that -n or -p names, or the current one; raises NodeError."""
        return self.net.node(values.maybe("--node"), values.number("--port"))

    def named(self, values: Values) -> "Node | None":
        """Return the node that -n or -p names, None where neither stands there."""
        if values.has("--node") or values.has("--port"):
            return self.acting(values)
        return None
