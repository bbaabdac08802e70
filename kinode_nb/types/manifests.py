"""What a package says of itself: ``metadata.json`` and ``pkg/manifest.json``.

Fields follow Kinode's ``lib/src/kernel.rs`` (manifest entries) and kit's ``build`` (metadata).
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from kinode_nb.types.address import PackageId, ProcessId
from kinode_nb.types.errors import PackageError
from kinode_nb.types.onexit import OnExit

T = TypeVar("T")
OnExitText = Literal["None", "Restart"]


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
    return _read(folder / "metadata.json", Metadata)


def read_manifest(folder: Path) -> list[ManifestEntry]:
    """Read a package folder's ``pkg/manifest.json``; raises PackageError or AddressError."""
    path = folder / "pkg" / "manifest.json"
    return parse_manifest(_bytes(path), read_metadata(folder).package_id, str(path))


def parse_manifest(data: bytes, package: PackageId, where: str) -> list[ManifestEntry]:
    """Read a package's manifest; ``where`` names it in a PackageError. Raises AddressError too."""
    entries = _parse(data, list[ManifestEntry], where)
    ids = {process_id(entry, package) for entry in entries}
    if len(ids) < len(entries):
        raise PackageError(f"{where} names a process twice: each needs a name of its own")
    for entry in entries:
        OnExit.from_json(entry.on_exit)
    return entries


def process_id(entry: ManifestEntry, package: PackageId) -> ProcessId:
    """Return the id of a manifest's process; raises AddressError when a part is not safe."""
    return ProcessId(entry.process_name, package.package_name, package.publisher_node).check()


def _read(path: Path, kind: type[T]) -> T:
    return _parse(_bytes(path), kind, str(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PackageError(f"no package at {path.parent}: {path.name} is missing there") from None
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error}") from None


def _parse(data: bytes, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PackageError(f"{where} cannot be read: {error}") from None
