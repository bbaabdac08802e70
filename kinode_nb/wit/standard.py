"""Kinode's ``interface standard`` (kinode-wit 1.0.0), whose types any interface may use.

Inside a message's body they are plain records: an address is an object there, not the text
``node@process:package:publisher`` that the system processes write.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kinode_nb.types import Address, Capability, PackageId, ProcessId

# The records of `standard` whose values are objects of kinode_nb's own.
OWN_CLASSES: dict[str, type] = {
    "address": Address,
    "capability": Capability,
    "package-id": PackageId,
    "process-id": ProcessId,
}


@cache
def standard_text() -> str:
    """Return Kinode's own WIT: ``package kinode:process``, with its worlds."""
    return Path(__file__).with_name("kinode.wit").read_text(encoding="utf-8")
