"""What the processes of one node have issued: who holds it, and what of it left the node.

Kinode's kernel keeps the first as its reverse index of capabilities (``kernel/mod.rs``), to take
back what a process issued when that ends. For the second its node signs capabilities, and believes
in one that another node brings only with its own signature; here the node remembers what it let go.
"""

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, Capability, ProcessId, Received, SendError
from kinode_nb.types.capabilities import canonical

R = TypeVar("R", bound=Received)


class Issued:
    """The capabilities that were issued on one node."""

    def __init__(self, node: str) -> None:
        """Start with none."""
        self._node = node
        self._holders: dict[ProcessId, dict[ProcessId, None]] = {}
        self._let_go: set[Capability] = set()

    def note(self, holder: ProcessId, capability: Capability) -> None:
        """Remember who holds it. What a module of the runtime issued is never taken back."""
        issuer = capability.issuer.process
        if issuer != holder and issuer.package_name != "distro":
            self._holders.setdefault(issuer, {})[holder] = None

    def holders(self, issuer: ProcessId) -> Iterable[ProcessId]:
        """Return, and forget, who holds what a process issued."""
        return self._holders.pop(issuer, ())

    def forget(self, holder: ProcessId, capabilities: Iterable[Capability]) -> None:
        """Forget a holder, with all that it holds."""
        for capability in capabilities:
            issuer = capability.issuer.process
            holders = self._holders.get(issuer)
            if holders is not None:
                holders.pop(holder, None)
                if not holders:
                    del self._holders[issuer]

    def attached(
        self, sender: Process, capabilities: Iterable[Capability], target: Address
    ) -> tuple[Capability, ...]:
        """Return what a message may carry: what its sender issued or holds.

        The rest vanishes silently, as in Kinode.
        """
        attached = tuple(each for each in capabilities if sender.holds(each))
        if target.node != self._node:
            own = (each for each in attached if each.issuer.node == self._node)
            self._let_go.update(map(canonical, own))
        return attached

    def without_forged(self, message: R) -> R:
        """Return a message without what claims to be of this node and never left it."""
        if isinstance(message, SendError) or message.source.node == self._node:
            return message
        genuine = tuple(
            each
            for each in message.capabilities
            if each.issuer.node != self._node or canonical(each) in self._let_go
        )
        if len(genuine) == len(message.capabilities):
            return message
        return replace(message, capabilities=genuine)
