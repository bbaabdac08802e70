"""What a build remembers in ``target/build.json``: what it copied into ``pkg/``, and its ``-a``.

So the next build can tell a copy of a dependency's file from the author's own, and what was once
added to the API stays in it, as it does with kit.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

PLACE = "target/build.json"


class Record(msgspec.Struct, frozen=True):
    """What one build remembers."""

    copied: dict[str, str] = {}
    """By their path in the package's folder, the sha256 of what the build itself wrote there."""
    added: tuple[str, ...] = ()
    """What ``-a`` added to the API, by paths in the package's folder, or whole ones."""

    def wrote(self, path: str, content: bytes) -> bool:
        """Tell whether this content of a file is what the build wrote."""
        return self.copied.get(path) == _sha256(content)


def read(folder: Path) -> Record:
    """Return what the last build of a package remembered; nothing where that cannot be read."""
    try:
        return msgspec.json.decode((folder / PLACE).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Record()


def encoded(copied: Mapping[str, bytes], added: tuple[str, ...]) -> bytes:
    """Return the record of a build as its file."""
    sums = {path: _sha256(content) for path, content in sorted(copied.items())}
    return msgspec.json.format(msgspec.json.encode(Record(sums, added))) + b"\n"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
