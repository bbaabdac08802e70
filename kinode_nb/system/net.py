"""``net:distro:sys``: says hello, and knows the other nodes (``kinode/src/net/mod.rs``).

A Request that is no action of net's is a greeting: it is shown, and answered ``ack``. Kinode leaves
a greeting of the own node without answer; here it is answered too (docs/differences.md).
"""

from typing import Protocol, assert_never

from kinode_nb.process_lib import LazyLoadBlob, Our, Request
from kinode_nb.system import net_actions as actions
from kinode_nb.system.net_actions import Identity

_MOST_PEERS = 32


class Peers(Protocol):
    """What the node knows of itself and the others; whoever composes the node supplies it."""

    @property
    def own(self) -> Identity:
        """This node."""
        ...

    def connected(self) -> list[Identity]:
        """Return the other nodes that can be reached now."""
        ...

    def known(self) -> list[Identity]:
        """Return all nodes that ever had a name here, this one among them."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return this node's signature, 64 bytes."""
        ...

    def verify(self, node: str, message: bytes, signature: bytes) -> bool:
        """Tell whether this is that node's signature."""
        ...


class Net:
    """The process's program."""

    def __init__(self, peers: Peers) -> None:
        """Know the nodes of one net."""
        self._peers = peers

    async def __call__(self, our: Our) -> None:
        """Answer Requests until the node stops; everything else is ignored."""
        async for message in our:
            if isinstance(message, Request):
                await self._handle(our, message)

    async def _handle(self, our: Our, request: Request) -> None:
        action = actions.read_action(request.body)
        if action is None:
            await _greeted(our, request)
        elif request.source.node == our.node:  # what is asked of a node is its own affair
            await self._answer(our, request, action)

    async def _answer(self, our: Our, request: Request, action: actions.Action) -> None:
        blob = None
        match action:
            case actions.GetPeers():
                body = actions.peers(self._peers.connected())
            case actions.GetPeer(name):
                known = {identity.name: identity for identity in self._peers.known()}
                body = actions.peer(known.get(name))
            case actions.GetDiagnostics():
                body = actions.diagnostics(self._diagnostics())
            case actions.Sign():
                signature = self._peers.sign(_signed(str(request.source), our.get_blob()))
                body, blob = actions.SIGNED, LazyLoadBlob(signature)
            case actions.Verify(source, signature):
                message = _signed(str(source), our.get_blob())
                body = actions.verified(self._peers.verify(source.node, message, signature))
            case actions.Ignored():
                return
            case _:
                assert_never(action)
        await our.send_response(body, blob=blob, to=request)

    def _diagnostics(self) -> str:
        """Say what Kinode says, where there is something to say: lines end as a terminal's do."""
        own = self._peers.own
        connected = self._peers.connected()
        lines = [
            "no contract is indexed: the nodes of this net know each other",
            f"our Identity: {own.name}, networking key {own.networking_key}",
            f"we have connections with {len(connected)} peers ({_MOST_PEERS} max):",
            *(f"    {peer.name}" for peer in connected),
            f"we have {len(self._peers.known())} entries in the PKI",
        ]
        return "".join(f"{line}\r\n" for line in lines)


async def _greeted(our: Our, request: Request) -> None:
    text = request.body.decode(errors="replace")
    our.print_to_terminal(0, f"{request.source.node}: {text}")
    if request.rsvp is not None or request.expects_response is not None:
        await our.send_response(b"ack", to=request)


def _signed(source: str, blob: LazyLoadBlob | None) -> bytes:
    return source.encode() + (blob.bytes if blob is not None else b"")
