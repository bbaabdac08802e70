"""Types a line at a node's terminal, from another thread, and follows what it leads to."""

import asyncio
import contextlib
from collections.abc import Callable

from kinode_nb.fake_net import FINAL, Net, TransferRecord
from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.typed_line import Printed, TypedLine
from kinode_nb.portal.bridge import Portal
from kinode_nb.portal.interrupts import InterruptedWait
from kinode_nb.portal.transfer import Transfer
from kinode_nb.types import KinodeError, nearest

Say = Callable[[str], None]
Show = Callable[[Transfer], object]

_MOMENT = 0.1  # seconds


class Typing:
    """Lines for one node's terminal."""

    def __init__(self, portal: Portal, net: Net, node: Node) -> None:
        """Type at that node."""
        self._portal = portal
        self._net = net
        self._node = node

    def run(self, text: str, say: Say | None = None, show: Show | None = None) -> str:
        """Type a line and wait for its end; raises the KinodeError that it failed with."""
        node, transfers = self._node, self._net.transfers
        line = self._portal.do(lambda: node.scripts.type(text, transfers, node.verbosity))
        said: list[str] = []
        shown: list[object] = []
        try:
            while (news := self._portal.call(line.news())) is not None:
                if isinstance(news, TransferRecord):
                    if show is not None:
                        shown.append(show(Transfer(self._portal, self._net, news)))
                else:
                    said.append(_text(news))
                    if say is not None:
                        say(said[-1])
            failure = self._portal.do(line.failure)
        except KeyboardInterrupt:
            raise InterruptedWait(self._what_goes_on(line)) from None
        finally:
            self._portal.later(line.close)  # it may be held up still
            for view in shown:
                finish = getattr(view, "finish", None)
                if finish is not None:
                    finish()
        if failure is not None:
            raise self._explained(failure, text)
        return "\n".join(said)

    def _what_goes_on(self, line: TypedLine) -> str:
        """Say what an interrupt has left, and what it has ended."""
        with contextlib.suppress(TimeoutError):  # what ended just now is told first
            self._portal.submit(asyncio.sleep(0)).result(_MOMENT)
        running = [each.id for each in line.transfers if each.status not in FINAL]
        if running:
            return (
                f"only the waiting has ended: {' and '.join(running)} "
                f"{'goes' if len(running) == 1 else 'go'} on. See %kinode transfers {running[0]}"
            )
        if line.script is None:
            return "the waiting has ended"
        if line.script_runs:
            return f"only the waiting has ended: {line.script.process} may still run"
        return f"the waiting has ended, and {line.script.process} with it"

    def _explained(self, failure: KinodeError, line: str) -> KinodeError:
        """Add what helps to the terminal's own words for a line that named no script."""
        said = str(failure)
        hint = self._node.script_hint(line, said) or self._node_hint(line, said)
        return type(failure)(f"{said}{hint}") if hint else failure

    def _node_hint(self, line: str, said: str) -> str:
        """Name the node that a word of the line may have meant, where one is Offline."""
        if "offline" not in said.lower():
            return ""
        nodes = list(self._net.nodes)
        strange = (word for word in line.split()[1:] if word not in nodes)
        hints = [hint for word in strange if (hint := nearest(word, nodes))]
        return f".{hints[0]}" if hints else ""


def _text(printed: Printed) -> str:
    """Return a print as a cell shows it: whose it is, unless it is the script's own."""
    return f"{printed.package}: {printed.text}" if printed.package else printed.text
