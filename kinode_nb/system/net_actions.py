"""What ``net:distro:sys`` is asked and answers, in MessagePack as rmp-serde writes it.

A variant without payload is its name; any other is a map of one entry; records are arrays
(``lib/src/core.rs``: ``NetAction``, ``NetResponse``, ``Identity``).
"""

from typing import Any

import msgspec

from kinode_nb.types import Address, AddressError

Routing = dict[str, Any]
"""``{"Direct": [ip, {protocol: port}]}`` or ``{"Routers": [name, …]}``."""


class Identity(msgspec.Struct, frozen=True, array_like=True):
    """A node as others know it."""

    name: str
    networking_key: str
    routing: Routing


class GetPeers(msgspec.Struct, frozen=True):
    """Which nodes is ours connected to?"""


class GetPeer(msgspec.Struct, frozen=True):
    """Who is the node of this name?"""

    name: str


class GetDiagnostics(msgspec.Struct, frozen=True):
    """How is the network, in words?"""


class Sign(msgspec.Struct, frozen=True):
    """Sign the blob in the name of the process that asks."""


class Verify(msgspec.Struct, frozen=True):
    """Did that process have its node sign the blob?"""

    source: Address
    signature: bytes


class Ignored(msgspec.Struct, frozen=True):
    """News of names, and of connections by way of routers: there are neither here."""


Action = GetPeers | GetPeer | GetDiagnostics | Sign | Verify | Ignored

_BARE: dict[str, Action] = {
    "GetPeers": GetPeers(),
    "GetDiagnostics": GetDiagnostics(),
    "Sign": Sign(),
}
_IGNORED = ("KnsUpdate", "KnsBatchUpdate", "ConnectionRequest")


def read_action(body: bytes) -> Action | None:
    """Return the action that a body asks for; None when it is none, and so somebody's greeting."""
    try:
        said = msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(said, str):
        return _BARE.get(said)
    if not isinstance(said, dict) or len(said) != 1:
        return None
    ((name, payload),) = said.items()
    if name == "GetPeer":
        return GetPeer(payload) if isinstance(payload, str) else None
    if name == "Verify":
        return _verify(payload)
    return Ignored() if name in _IGNORED else None


def _verify(payload: Any) -> Verify | None:
    """Read ``[from, signature]``, or the same by name; bytes may be a list of numbers."""
    if isinstance(payload, dict):
        payload = [payload.get("from"), payload.get("signature")]
    if not isinstance(payload, list) or len(payload) != 2:  # noqa: PLR2004 - the two
        return None
    source, signature = payload
    try:
        if isinstance(signature, list):
            signature = bytes(signature)
        if not isinstance(source, str) or not isinstance(signature, bytes):
            return None
        return Verify(Address.parse(source), signature)
    except (AddressError, TypeError, ValueError):
        return None


def peers(identities: list[Identity]) -> bytes:
    """Return the answer to GetPeers."""
    return msgspec.msgpack.encode({"Peers": identities})


def peer(identity: Identity | None) -> bytes:
    """Return the answer to GetPeer."""
    return msgspec.msgpack.encode({"Peer": identity})


def diagnostics(text: str) -> bytes:
    """Return the answer to GetDiagnostics."""
    return msgspec.msgpack.encode({"Diagnostics": text})


SIGNED = msgspec.msgpack.encode("Signed")


def verified(answer: bool) -> bytes:
    """Return the answer to Verify."""
    return msgspec.msgpack.encode({"Verified": answer})
