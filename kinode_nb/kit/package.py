"""A package, as it is installed: all that becomes its ``pkg`` drive, and what it says of itself."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from kinode_nb.kit import generated, offers, zips
from kinode_nb.types import PackageError, PackageId
from kinode_nb.types.manifests import ManifestEntry, Metadata, Properties, parse_manifest
from kinode_nb.types.programs import program_name

_WASM = ".wasm"


class Package(msgspec.Struct, frozen=True):
    """A package, ready to be installed."""

    id: PackageId
    metadata: Metadata
    manifest: tuple[ManifestEntry, ...]
    files: dict[str, bytes]
    """By their path below the installed ``pkg`` folder."""
    interfaces: frozenset[str]
    """What it can be asked for: the WIT interfaces that its own worlds import or export.

    One with the messages of a known interface goes by that name too (`offers`).
    """
    source: str
    digest: str
    archive: bytes
    """The zip of its files, as kit builds it."""

    def __repr__(self) -> str:
        """Return one line: its files may be many MiB."""
        version = self.metadata.properties.current_version
        return f"<Package {self.id} {version}: {len(self.files)} files>"


def from_files(
    metadata: Metadata, manifest: Sequence[ManifestEntry], files: dict[str, bytes], source: str
) -> Package:
    """Return the package of these files, its own WIT in ``api.zip``; see `check_programs`."""
    return Package(
        id=metadata.package_id,
        metadata=metadata,
        manifest=tuple(manifest),
        files=files,
        interfaces=offers.offered(_texts(_own_wit(files)), _texts(files)),
        source=source,
        digest=digest(files),
        archive=zips.pack(files),
    )


def from_archive(archive: bytes, id_: PackageId, metadata: Metadata | None, source: str) -> Package:
    """Return the package whose ``pkg`` folder kit zipped; raises PackageError, AddressError.

    Without metadata it has no version, since no chain can be asked. Modules for its WIT are made
    where it brings none, since kit for Rust makes none; Python in the ``api.zip`` is for importers,
    and not unpacked.
    """
    files = zips.contents(archive)
    if "manifest.json" not in files:
        raise PackageError("the zip holds no manifest.json at its root: zip what is in pkg/")
    manifest = parse_manifest(files["manifest.json"], id_.check(), "manifest.json")
    check_programs(manifest, files, "the zip")
    own = _own_wit(files)
    files |= {f"api/{name}": text for name, text in own.items()}
    files = generated.missing(files) | files
    return Package(
        id=id_,
        metadata=metadata or _unknown(id_),
        manifest=tuple(manifest),
        files=files,
        interfaces=offers.offered(_texts(own), _texts(files), strict=False),
        source=source,
        digest=digest(files),
        archive=archive,
    )


def _unknown(id_: PackageId) -> Metadata:
    return Metadata(
        properties=Properties(
            package_name=id_.package_name,
            publisher=id_.publisher_node,
            current_version="",
            mirrors=[],
            code_hashes={},
        )
    )


def check_programs(
    manifest: Sequence[ManifestEntry], files: Mapping[str, bytes], where: str
) -> None:
    """Raise PackageError for a process whose code is missing, and for Wasm, which cannot run."""
    for name in sorted(files):
        if name.endswith(_WASM) and "/" not in name:
            raise PackageError(
                f"{where}: pkg/{name} cannot run here: only Python (.py) processes can; put "
                f"pkg/{name.removesuffix(_WASM).replace('-', '_')}.py in its place"
            )
    for entry in manifest:
        path = entry.process_wasm_path.lstrip("/")
        if program_name(path, files.__contains__) is None:
            stem = path.removesuffix(_WASM).removesuffix(".py").replace("-", "_")
            raise PackageError(
                f"{where}: the manifest's {entry.process_wasm_path} is missing in pkg/: write "
                f"pkg/{stem}.py"
            )


def _own_wit(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the WIT that a package itself publishes."""
    if "api.zip" not in files:
        return {}
    api = zips.contents(files["api.zip"], "api.zip")
    left = {name for name in api if name.endswith(".py")} | {"dependencies.json"}  # for importers
    return {name: text for name, text in api.items() if name not in left}


def _texts(files: Mapping[str, bytes]) -> list[str]:
    """Return the WIT among files."""
    return [
        content.decode(errors="replace") for name, content in files.items() if name.endswith(".wit")
    ]


def digest(files: Mapping[str, bytes]) -> str:
    """Return a sha256 over files and their names."""
    found = hashlib.sha256()
    for name, content in sorted(files.items()):
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
