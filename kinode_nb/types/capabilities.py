"""Capabilities: who may do what, as Kinode writes it (``lib/src/core.rs``)."""

from typing import Any

import msgspec

from kinode_nb.types.address import Address, PackageId, ProcessId

KERNEL = ProcessId("kernel", "distro", "sys")
VFS = ProcessId("vfs", "distro", "sys")
HTTP_SERVER = ProcessId("http-server", "distro", "sys")
NET = ProcessId("net", "distro", "sys")
STATE = ProcessId("state", "distro", "sys")
TIMER = ProcessId("timer", "distro", "sys")
KV = ProcessId("kv", "distro", "sys")
SQLITE = ProcessId("sqlite", "distro", "sys")
TERMINAL = ProcessId("terminal", "terminal", "sys")
APP_STORE = ProcessId("main", "app-store", "sys")
TESTER = ProcessId("tester", "tester", "sys")


class Capability(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """An issuer's word that its holder may do what ``params`` (JSON text) says.

    Two capabilities are equal when issuer and *parsed* params are, so build them with `make`,
    which writes the params in one canonical form.
    """

    issuer: Address
    params: str

    @classmethod
    def make(cls, issuer: Address, params: object) -> "Capability":
        """Return the capability with its params as canonical JSON text."""
        return cls(issuer, msgspec.json.encode(params, order="deterministic").decode())

    @classmethod
    def from_json(cls, value: Any) -> "Capability":  # JSON enters here
        """Read ``{"issuer": …, "params": …}``; raises KeyError, TypeError, AddressError."""
        if not isinstance(value["params"], str):
            raise TypeError(f"params of a capability are JSON text: {value!r}")
        return cls(Address.parse(value["issuer"]), value["params"])

    def to_json(self) -> dict[str, str]:
        """Return it as Kinode's system processes write it."""
        return {"issuer": str(self.issuer), "params": self.params}

    def __str__(self) -> str:
        """Return Kinode's text form, ``issuer(params)``."""
        return f"{self.issuer}({self.params})"


def canonical(capability: Capability) -> Capability:
    """Return an equal capability whose params compare as parsed JSON (invalid JSON is null)."""
    try:
        params = msgspec.json.decode(capability.params)
    except msgspec.DecodeError:
        params = None
    return Capability.make(capability.issuer, params)


def messaging(target: Address) -> Capability:
    """Return the capability to message a process of the same node."""
    return Capability.make(target, "messaging")


def networking(node: str) -> Capability:
    """Return the capability to send to and receive from other nodes."""
    return Capability.make(Address(node, KERNEL), "network")


def drive(node: str, kind: str, package: PackageId, drive_name: str) -> Capability:
    """Return the capability to ``"read"`` or ``"write"`` a VFS drive."""
    params = {"kind": kind, "drive": f"/{package}/{drive_name}"}
    return Capability.make(Address(node, VFS), params)


def database(module: Address, kind: str, package: PackageId, db: str) -> Capability:
    """Return the capability to ``"read"`` or ``"write"`` a database of kv or sqlite."""
    owner = {"package_name": package.package_name, "publisher_node": package.publisher_node}
    return Capability.make(module, {"kind": kind, "db_key": [owner, db]})


def vfs_root(node: str) -> Capability:
    """Return the capability to read and write every drive of the node."""
    return Capability.make(Address(node, VFS), {"root": True})
