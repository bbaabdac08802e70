"""What a package says of itself: ``metadata.json`` and ``pkg/manifest.json``.

Fields follow Kinode's ``lib/src/kernel.rs`` (manifest entries) and kit's ``build`` (metadata).
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from kinode_nb.types.address import PackageId, ProcessId
from kinode_nb.types.errors import PackageError

T = TypeVar("T")
OnExitText = Literal["None", "Restart"]


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a package; all seven fields are required, as in Kinode."""

    process_name: str
    process_wasm_path: str
    on_exit: OnExitText | dict[str, Any]
    request_networking: bool
    request_capabilities: list[str | dict[str, Any]]
    grant_capabilities: list[str | dict[str, Any]]
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
    package = read_metadata(folder).package_id
    entries = _read(folder / "pkg" / "manifest.json", list[ManifestEntry])
    for entry in entries:
        ProcessId(entry.process_name, package.package_name, package.publisher_node).check()
    return entries


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        raise PackageError(f"no package at {path.parent}: {path.name} is missing there") from None
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise PackageError(f"{path} cannot be read: {error}") from None
