"""Capabilities as ``manifest.json`` and ``scripts.json`` write them.

A text is a process, to be messaged; ``{"process": …, "params": …}`` is another capability of it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from kinode_nb.types.address import Address, ProcessId
from kinode_nb.types.capabilities import Capability, messaging
from kinode_nb.types.errors import AddressError


class CapabilityEntry(msgspec.Struct, frozen=True):
    """An entry that makes sense: a process, and params where it is not messaging."""

    process: ProcessId
    params: Any = msgspec.UNSET

    def of(self, issuer: Address) -> Capability:
        """Return the capability, issued by ``issuer``."""
        if self.params is msgspec.UNSET:
            return messaging(issuer)
        return Capability.make(issuer, self.params)


def capability_entries(
    written: Iterable[Any] | None, malformed: Callable[[Any], None] = lambda _: None
) -> Iterator[CapabilityEntry]:
    """Yield the entries; ``malformed`` is told of each that makes no sense, which is left out.

    Kinode prints those of a manifest, and passes over those of a scripts.json in silence.
    """
    for each in written or ():
        entry = _entry(each)
        if entry is None:
            malformed(each)
        else:
            yield entry


def _entry(written: Any) -> CapabilityEntry | None:
    try:
        match written:
            case str():
                return CapabilityEntry(ProcessId.parse(written))
            case {"process": str() as process, "params": params}:
                return CapabilityEntry(ProcessId.parse(process), params)
    except AddressError:
        pass
    return None
