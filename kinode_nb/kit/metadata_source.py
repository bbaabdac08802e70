"""``metadata.json`` as its author laid it out, with one value changed."""

import re

import msgspec

from kinode_nb.types import PackageError
from kinode_nb.types.manifests import Metadata

_CURRENT = re.compile(rb'"current_version"\s*:\s*("(?:[^"\\]|\\.)*")')


def with_version(text: bytes, metadata: Metadata, where: str) -> bytes:
    """Return the text with the ``current_version`` of this metadata; raises PackageError.

    Only the one in ``properties`` counts. All else stays, byte for byte.
    """
    version = metadata.properties.current_version
    said = msgspec.json.decode(text)
    wanted = {**said, "properties": {**said["properties"], "current_version": version}}
    for match in _CURRENT.finditer(text):
        start, end = match.span(1)
        changed = text[:start] + msgspec.json.encode(version) + text[end:]
        if _said(changed) == wanted:
            return changed
    raise PackageError(f'{where}: write properties.current_version plainly, as "{version}"')


def _said(text: bytes) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):  # it was no field, but text of a value
        return None
