"""What nodes' processes printed, as their terminals show it."""

from collections.abc import Callable
from datetime import UTC, datetime

from kinode_nb.fake_net import Net
from kinode_nb.types import Event
from kinode_nb.types.printed import terminal_text


def printed(net: Net, node: str, verbosity: int, start: int) -> tuple[list[str], int]:
    """Return what a node printed from a place of the log on, and the place after it."""
    log, epoch = net.log, net.clock.epoch_ns
    first, end = log.first, log.next_seq
    texts = [
        shown(entry, epoch)
        for entry in log.entries[max(start - first, 0) : end - first]
        if isinstance(entry, Event)
        and entry.kind == "print"
        and entry.source.node == node
        and entry.verbosity <= verbosity
    ]
    return texts, end


def shown(event: Event, epoch_ns: int) -> str:
    """Return a print as Kinode's terminal shows it: time, package unless the runtime's, text."""
    when = datetime.fromtimestamp((event.time + epoch_ns) / 1e9, UTC).astimezone()
    return f"{when:%a %H:%M} {terminal_text(event)}"


def follow(net: Net, show: Callable[[str], None]) -> None:
    """Show every line that a node's terminal shows from now on."""

    def observe(event: Event) -> None:
        node = net.nodes.get(event.source.node)
        limit = node.verbosity if node else 0  # while it boots, it is not in the net yet
        if event.kind == "print" and event.verbosity <= limit:
            show(shown(event, net.clock.epoch_ns))

    net.log.observers.append(observe)
