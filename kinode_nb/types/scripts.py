"""``pkg/scripts.json``: which processes of a package the terminal may start, and with what.

Fields follow process_lib's ``kernel_types.rs`` (``DotScriptsEntry``).
"""

from typing import Any

import msgspec

from kinode_nb.types.address import Address, ProcessId
from kinode_nb.types.capabilities import Capability, networking
from kinode_nb.types.capability_entries import capability_entries
from kinode_nb.types.programs import program_name

Entry = str | dict[str, Any]
"""A process, to be messaged; or ``{"process": …, "params": …}``."""


class ScriptEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One script of a package."""

    root: bool
    public: bool
    request_networking: bool
    request_capabilities: list[Any] | None = None
    grant_capabilities: list[Any] | None = None
    wit_version: int | None = None

    def requested(self, node: str) -> list[Capability]:
        """Return what the script asks for; entries that make no sense are left out, as there."""
        return requested(self.request_networking, self.request_capabilities, node)

    def granted(self, script: Address) -> list[tuple[ProcessId, Capability]]:
        """Return which processes get which capabilities of the script."""
        entries = capability_entries(self.grant_capabilities)
        return [(entry.process, entry.of(script)) for entry in entries]


def requested(network: bool, entries: list[Any] | None, node: str) -> list[Capability]:
    """Return the capabilities that a manifest's or a script's entries ask for on a node."""
    held = [networking(node)] if network else []
    return held + [entry.of(Address(node, entry.process)) for entry in capability_entries(entries)]


def read_scripts(text: bytes) -> dict[str, ScriptEntry]:
    """Read a ``scripts.json``; raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=dict[str, ScriptEntry])


def find_script(scripts: dict[str, ScriptEntry], name: str) -> tuple[str, ScriptEntry] | None:
    """Return a script's file name (of Kinode's form, ``x-y.wasm``) and entry; None: no such one.

    ``_`` and ``-`` are the same in the name and in the keys.
    """
    keys = {key.replace("_", "-"): key for key in reversed(scripts)}
    found = program_name(f"{name.replace('_', '-')}.wasm", keys.__contains__)
    if found is None:
        return None
    key = keys[found]
    return f"{key.rpartition('.')[0]}.wasm", scripts[key]


def script_names(scripts: dict[str, ScriptEntry]) -> list[str]:
    """Return the names of the scripts, as they are typed."""
    return [key.rpartition(".")[0].replace("_", "-") for key in scripts if "." in key]
