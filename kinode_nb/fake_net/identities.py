"""Who the nodes of a net are to each other. There are no real keys: see docs/differences.md."""

import hashlib
import hmac
from collections.abc import Callable

from kinode_nb.system.net_actions import Identity


class Identities:
    """The nodes of one net, by name; keys come from the net's seed, so runs repeat."""

    def __init__(self, seed: int, names: Callable[[], dict[str, bool]]) -> None:
        """Look at ``names`` (name → is it running) whenever somebody asks."""
        self._seed = seed
        self._names = names

    def of(self, node: str) -> "NodeIdentities":
        """Return what one node knows."""
        return NodeIdentities(self, node)

    def names(self) -> dict[str, bool]:
        """Return all names that were booted, and whether each runs."""
        return self._names()

    def identity(self, name: str) -> Identity:
        """Return a node as others know it; it has no port, since messages need none here."""
        public = hashlib.sha256(self.key(name)).hexdigest()
        return Identity(name, f"0x{public}", {"Direct": ["127.0.0.1", {}]})

    def key(self, name: str) -> bytes:
        """Return what a node signs with."""
        return hashlib.sha256(f"{self._seed}/{name}/networking key".encode()).digest()


class NodeIdentities:
    """What one node knows of all: the `Peers` of its ``net:distro:sys``."""

    def __init__(self, all_nodes: Identities, node: str) -> None:
        """Speak for one node."""
        self._all = all_nodes
        self._node = node

    @property
    def own(self) -> Identity:
        """This node."""
        return self._all.identity(self._node)

    def connected(self) -> list[Identity]:
        """Return the other nodes that run."""
        return [
            self._all.identity(name)
            for name, runs in self._all.names().items()
            if runs and name != self._node
        ]

    def known(self) -> list[Identity]:
        """Return all nodes that were booted."""
        return [self._all.identity(name) for name in self._all.names()]

    def sign(self, message: bytes) -> bytes:
        """Return this node's signature, 64 bytes, as long as Kinode's."""
        return hmac.digest(self._all.key(self._node), message, hashlib.sha512)

    def verify(self, node: str, message: bytes, signature: bytes) -> bool:
        """Tell whether this is that node's signature."""
        if node not in self._all.names():
            return False
        expected = hmac.digest(self._all.key(node), message, hashlib.sha512)
        return hmac.compare_digest(expected, signature)
