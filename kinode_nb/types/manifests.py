"""What a package says of itself: ``metadata.json`` and ``pkg/manifest.json``.

Fields follow Kinode's ``lib/src/kernel.rs`` (manifest entries) and kit's ``build`` (metadata).
"""

from pathlib import Path
from typing import Any, Literal

import msgspec

from kinode_nb.types.address import PackageId, ProcessId
from kinode_nb.types.errors import AddressError, PackageError
from kinode_nb.types.json_files import read_json
from kinode_nb.types.onexit import OnExit

OnExitText = Literal["None", "Restart"]
_MANIFEST = {
    "process_name": '"my-process"',
    "process_wasm_path": '"/my-process.wasm"',
    "on_exit": '"Restart" or "None"',
    "request_networking": "true or false",
    "request_capabilities": '["vfs:distro:sys"], or []',
    "grant_capabilities": '["http-server:distro:sys"], or []',
    "public": "true or false",
}
_METADATA = {
    "properties": '{"package_name": "my-package", …}',
    "package_name": '"my-package"',
    "publisher": '"template.os"',
    "current_version": '"0.1.0"',
    "mirrors": "[]",
    "code_hashes": '{"0.1.0": ""}',
    "wit_version": "1",
    "dependencies": '["chat:template.os"], or []',
    "api_includes": '["pkg/my_worker.py"], or []',
}


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a package; all seven fields are required, as in Kinode."""

    process_name: str
    process_wasm_path: str
    on_exit: OnExitText | dict[str, Any]
    request_networking: bool
    request_capabilities: list[Any]
    grant_capabilities: list[Any]
    """What is malformed in these two is told and passed over, as Kinode does."""
    public: bool


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the metadata that names the package."""

    package_name: str
    publisher: str
    current_version: str
    mirrors: list[str]
    code_hashes: dict[str, str]
    wit_version: int | None = None
    dependencies: list[str] = []
    api_includes: list[str] = []


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """``metadata.json``."""

    properties: Properties
    name: str | None = None
    description: str | None = None

    @property
    def package_id(self) -> PackageId:
        """The package's id; raises AddressError."""
        return PackageId(self.properties.package_name, self.properties.publisher).check()


def read_metadata(folder: Path) -> Metadata:
    """Read a package folder's ``metadata.json``; raises PackageError."""
    path = folder / "metadata.json"
    return read_json(_bytes(path), Metadata, str(path), _METADATA)


def read_manifest(folder: Path) -> list[ManifestEntry]:
    """Read a package folder's ``pkg/manifest.json``; raises PackageError or AddressError."""
    path = folder / "pkg" / "manifest.json"
    return parse_manifest(_bytes(path), read_metadata(folder).package_id, str(path))


def parse_manifest(data: bytes, package: PackageId, where: str) -> list[ManifestEntry]:
    """Read a package's manifest; ``where`` names it in a PackageError. Raises AddressError too."""
    entries = read_json(data, list[ManifestEntry], where, _MANIFEST)
    names: set[str] = set()
    for index, entry in enumerate(entries):
        name = entry.process_name
        try:
            process_id(entry, package)
            OnExit.from_json(entry.on_exit)
        except AddressError as error:
            raise AddressError(error.kind, f"{where}: [{index}].process_name: {error}") from None
        except PackageError as error:
            raise PackageError(f"{where}: [{index}]: {error}") from None
        if name in names:
            raise PackageError(
                f"{where} names the process {name!r} twice: each needs a name of its own"
            )
        names.add(name)
    return entries


def process_id(entry: ManifestEntry, package: PackageId) -> ProcessId:
    """Return the id of a manifest's process; raises AddressError when a part is not safe."""
    return ProcessId(entry.process_name, package.package_name, package.publisher_node).check()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PackageError(f"no package at {path.parent}: {path.name} is missing there") from None
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error}") from None
