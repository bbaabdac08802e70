"""What a test asks for in ``capabilities.json``: capabilities to hold, and to give to others."""

import msgspec

from kinode_nb.types import Address, BodyError, Capability, ProcessId
from kinode_nb.types.capabilities import messaging

_MESSAGING = '"messaging"'


class _Custom(msgspec.Struct, frozen=True):
    """A capability as manifests write it."""

    process: str
    params: msgspec.Raw


class _Issued(msgspec.Struct, frozen=True):
    """A capability as messages write it."""

    issuer: str
    params: str


Wish = str | _Custom
"""A process id, a capability as JSON text, or an object as in a manifest.

Kinode's tester cannot read the last, though kit writes it when a test's manifest has one.
"""


class Wishes(msgspec.Struct, frozen=True):
    """What one test asks for."""

    request_capabilities: list[Wish] = []
    grant_capabilities: list[Wish] = []

    def requested(self, node: str) -> list[Capability]:
        """Return the capabilities to hold, as far as the tester may hand them on."""
        return [_requested(wish, node) for wish in self.request_capabilities]

    def granted(self) -> list[tuple[ProcessId, str]]:
        """Return who is to hold what of the test's own: process and params."""
        return [_granted(wish) for wish in self.grant_capabilities]


def _requested(wish: Wish, node: str) -> Capability:
    if isinstance(wish, _Custom):
        issuer = Address(node, ProcessId.parse(wish.process))
        return Capability(issuer, bytes(wish.params).decode())
    if wish.startswith("{"):
        try:
            issued = msgspec.json.decode(wish, type=_Issued)
        except msgspec.DecodeError as error:
            raise BodyError(f"{wish!r} is no capability: {error}") from None
        return Capability(Address.parse(issued.issuer), issued.params)
    return messaging(Address(node, ProcessId.parse(wish)))


def _granted(wish: Wish) -> tuple[ProcessId, str]:
    if isinstance(wish, _Custom):
        return ProcessId.parse(wish.process), bytes(wish.params).decode()
    if wish.startswith("["):
        try:
            holder, params = msgspec.json.decode(wish, type=tuple[str, str])
        except msgspec.DecodeError as error:
            raise BodyError(f"{wish!r} is no process with its params: {error}") from None
        return ProcessId.parse(holder), params
    return ProcessId.parse(wish), _MESSAGING
