"""The package ``terminal:sys``, which every node has: its scripts, and what its terminal may do."""

import shutil
from functools import cache
from pathlib import Path

import msgspec

from kinode_nb.system import terminal
from kinode_nb.types import Capability, PackageId
from kinode_nb.types.capabilities import drive
from kinode_nb.types.manifests import ManifestEntry
from kinode_nb.types.scripts import requested

ID = PackageId("terminal", "sys")
_SOURCE = Path(terminal.__file__).parent / "pkg"


def unpack(home: Path) -> None:
    """Write the package's ``pkg`` drive anew, for the node to start scripts from."""
    drive = home / "vfs" / str(ID) / "pkg"
    shutil.rmtree(drive, ignore_errors=True)
    drive.mkdir(parents=True)
    for name, content in _files().items():
        (drive / name).write_bytes(content)


@cache
def _files() -> dict[str, bytes]:
    """Return the files of the drive; they are read once, for all nodes."""
    return {
        path.name: path.read_bytes()
        for path in sorted(_SOURCE.iterdir())
        if path.is_file() and path.name != "__init__.py"
    }


def capabilities(node: str) -> list[Capability]:
    """Return what the manifest asks for, as the real terminal's does."""
    (entry,) = msgspec.json.decode(_files()["manifest.json"], type=list[ManifestEntry])
    own = [drive(node, kind, ID, "pkg") for kind in ("read", "write")]
    return [*own, *requested(entry.request_networking, entry.request_capabilities, node)]
