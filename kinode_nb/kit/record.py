"""What a build remembers in ``target/build.json``: what it wrote into ``pkg/``, and its flags.

So the next build can tell a copy of a dependency's file from the author's own; what was once added
to the API stays in it, as it does with kit; and `start` starts what was built. The file comes with
the folder, perhaps from somebody else: what it says of files elsewhere is not believed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from kinode_nb.kit import generated
from kinode_nb.kit.inside import is_inside
from kinode_nb.types import PackageId, UsageError

PLACE = "target/build.json"


class Record(msgspec.Struct, frozen=True):
    """What one build remembers."""

    copied: dict[str, str] = {}
    """By their path in the package's folder, the sha256 of what the build itself wrote there."""
    added: tuple[str, ...] = ()
    """What ``-a`` added to the API, by paths in the package's folder."""
    local: tuple[str, ...] = ()
    """The folders that ``-l`` named, by paths from the package's folder on."""
    features: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    """The ids of the packages whose APIs the copies are of."""

    def wrote(self, path: str, content: bytes) -> bool:
        """Tell whether this content of a file is what the build wrote."""
        return self.copied.get(path) == _sha256(content)


def read(folder: Path) -> Record:
    """Return what the last build of a package remembered; nothing where that cannot be read.

    A build writes below ``pkg/``, and remembers what is in the folder: no other path counts.
    """
    try:
        found = msgspec.json.decode((folder / PLACE).read_bytes(), type=Record)
        generated.checked_features(found.features)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, UsageError):
        return Record()
    copied = {
        path: digest
        for path, digest in found.copied.items()
        if is_inside(folder, path, below="pkg")
    }
    added = tuple(path for path in found.added if is_inside(folder, path))
    return msgspec.structs.replace(found, copied=copied, added=added)


def of_build(
    written: Mapping[str, bytes],
    added: tuple[str, ...],
    local: Iterable[Path],
    features: Iterable[str],
    dependencies: Iterable[PackageId],
) -> Record:
    """Return the record of a build; ``local`` are paths from the package's folder on."""
    return Record(
        copied={path: _sha256(content) for path, content in sorted(written.items())},
        added=added,
        local=tuple(each.as_posix() for each in local),
        features=tuple(sorted(set(features))),
        dependencies=tuple(map(str, dependencies)),
    )


def encoded(made: Record) -> bytes:
    """Return a record as its file."""
    return msgspec.json.format(msgspec.json.encode(made)) + b"\n"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
