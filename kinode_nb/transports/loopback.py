"""The loopback transport: nodes of one machine process, which hand messages over by reference.

A message goes straight to the other node's `Kernel.route`, the same door as on its own node.
A node that is not there is Offline at once, as in Kinode when a peer cannot be connected to
(``net/connect.rs``); what a node then does with the message is its own affair.
"""

from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.mailbox import Mailbox
from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, LazyLoadBlob, Message

# Kinode's limit of a serialised message between nodes (net/ws/utils.rs).
LARGEST_MESSAGE = 10_485_800
_TOO_LARGE = "net: tried to send too-large message, limit is 10.00mb"
_ONE_BYTE = bytes(range(128))


class Loopback:
    """Knows the running nodes of one net by name."""

    def __init__(self) -> None:
        """Start with no nodes."""
        self.nodes: dict[str, Kernel] = {}

    def carry(
        self, kernel: Kernel, sender: Process, message: Message, blob: LazyLoadBlob | None
    ) -> None:
        """Bring a message to its node, or call the sender's `Kernel.undeliverable`."""
        peer = self.nodes.get(message.target.node)
        if peer is None:
            kernel.undeliverable(message, f"{message.target.node} is offline or does not exist")
        elif _too_large(message, blob):
            kernel.log.end(message.seq, "dropped", _TOO_LARGE)
            kernel.print(_TOO_LARGE, 0)
        else:
            peer.route(message, blob)
            receiver = peer.open_to(message.target.process)
            if receiver is not None:  # go straight there from now on
                sender.connect(receiver, message.target)

    def mailbox(self, target: Address) -> Mailbox | None:
        """Return the mailbox of a process on another node, if it is there."""
        peer = self.nodes.get(target.node)
        return peer.mailbox(target) if peer is not None else None


def _too_large(message: Message, blob: LazyLoadBlob | None) -> bool:
    """Tell whether a real node could not send it: there bytes from 128 take two on the wire."""
    parts = (message.body,) if blob is None else (message.body, blob.bytes)
    size = sum(map(len, parts))
    if 2 * size <= LARGEST_MESSAGE:
        return False
    return size + sum(len(part.translate(None, _ONE_BYTE)) for part in parts) > LARGEST_MESSAGE
