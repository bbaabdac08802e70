"""What a kernel knows of a process beside its code (``lib/src/core.rs``)."""

from typing import Any

import msgspec

from kinode_nb.types.address import ProcessId
from kinode_nb.types.capabilities import Capability
from kinode_nb.types.errors import AddressError, KinodeError
from kinode_nb.types.onexit import OnExit

UNREADABLE = (KinodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading raises of JSON that is not of the right shape, or is nested too deeply."""


class PersistedProcess(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is begun with, and begun again when its node boots."""

    handle: str
    """The vfs path of its code, such as ``chat:template.os/pkg/chat.wasm``; empty: none."""
    wit_version: int | None
    on_exit: OnExit
    capabilities: tuple[Capability, ...]
    public: bool

    @classmethod
    def from_json(cls, value: Any, capabilities: str = "capabilities") -> "PersistedProcess":
        """Read Kinode's JSON; raises KeyError, TypeError, AddressError, PackageError.

        ``capabilities`` is the name of that field: ``initial_capabilities`` in a command.
        """
        wit_version = value.get("wit_version")
        if not (
            isinstance(value["wasm_bytes_handle"], str)
            and isinstance(value["public"], bool)
            and isinstance(wit_version, int | None)
        ):
            raise TypeError(f"not a process: {value!r}")
        return cls(
            handle=value["wasm_bytes_handle"],
            wit_version=wit_version,
            on_exit=OnExit.from_json(value["on_exit"]),
            capabilities=tuple(map(Capability.from_json, value[capabilities])),
            public=value["public"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as Kinode's kernel writes it."""
        return {
            "wasm_bytes_handle": self.handle,
            "wit_version": self.wit_version,
            "on_exit": self.on_exit.to_json(),
            "capabilities": [each.to_json() for each in self.capabilities],
            "public": self.public,
        }


def lenient_process_id(text: Any) -> ProcessId:
    """Read a process id as Kinode's runtime does, which leaves its letters to a later check.

    Raises AddressError and TypeError.
    """
    if not isinstance(text, str):
        raise TypeError(f"a process id is text: {text!r}")
    try:
        return ProcessId.parse(text)
    except AddressError as error:
        if error.kind.endswith("NotKimapSafe"):
            return ProcessId(*text.split(":"))
        raise
