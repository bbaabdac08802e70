"""Packages, from a folder or a zip to what can be installed.

A package is a folder with ``metadata.json``, ``api/*.wit``, ``pkg/manifest.json`` and Python
processes in ``pkg``. Its API's own files, and those that its dependencies include in theirs, are
copied into the installed ``pkg``: so kit lets an imported worker travel (kit ``build``). What
travels to a node is a zip of that ``pkg``, with the API as an ``api.zip`` in it.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from kinode_nb.kit import offers, zips
from kinode_nb.types import PackageError, PackageId, nearest
from kinode_nb.types.manifests import (
    ManifestEntry,
    Metadata,
    Properties,
    parse_manifest,
    read_manifest,
    read_metadata,
)
from kinode_nb.types.programs import program_name

BUILT_IN = Path(__file__).parent.parent / "packages"


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


def built_in() -> dict[str, Path]:
    """Return the folders of the built-in packages, by package name."""
    return {
        folder.name.replace("_", "-"): folder
        for folder in sorted(BUILT_IN.iterdir())
        if (folder / "metadata.json").is_file()
    }


def find(name: str) -> Package:
    """Return a built-in package by name, or the package in a folder; raises PackageError."""
    bare = name.partition(":")[0].replace("_", "-")
    known = built_in()
    if bare in known:
        return _read_built_in(known[bare])
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _read(folder.resolve())
    if folder.suffix == ".zip" and folder.is_file():
        return _read_zip(folder)
    raise PackageError(
        f"there is no package {name!r}.{nearest(bare, known)} Built in are "
        f"{', '.join(known)}; or give a package's folder or zip"
    )


def id_in(folder: str) -> PackageId | None:
    """Return the id of the package in a folder; None where there is none."""
    path = Path(folder).expanduser()
    return read_metadata(path).package_id if (path / "metadata.json").is_file() else None


def _read_zip(path: Path) -> Package:
    """Return the package whose folder, or its contents, were zipped; raises PackageError."""
    with tempfile.TemporaryDirectory() as unpacked:
        root = Path(unpacked)
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(root)  # which lets no name lead out
        except (zipfile.BadZipFile, OSError, RuntimeError) as error:
            raise PackageError(f"{path} cannot be unpacked: {error}") from None
        inside = list(root.iterdir())
        if len(inside) == 1 and inside[0].is_dir():
            root = inside[0]
        if not (root / "metadata.json").is_file():
            raise PackageError(f"{path} holds no package: metadata.json is missing in it")
        return _read(root, str(path))


@lru_cache(maxsize=16)
def _read_built_in(folder: Path) -> Package:
    return _read(folder, "built in")


def _read(folder: Path, source: str = "") -> Package:
    metadata = read_metadata(folder)
    manifest = read_manifest(folder)
    own = _contents(folder / "api", "", "*.wit")
    files = _contents(folder / "pkg", "") | {f"api/{name}": text for name, text in own.items()}
    for dependency in metadata.properties.dependencies:
        files = _exported(folder, dependency) | files
    if own:
        files["api.zip"] = zips.pack(own)
    _check_programs(manifest, files, str(folder))
    return Package(
        id=metadata.package_id,
        metadata=metadata,
        manifest=tuple(manifest),
        files=files,
        interfaces=offers.offered(_texts(own), _texts(files)),
        source=source or str(folder),
        digest=_digest(files),
        archive=zips.pack(files),
    )


def from_archive(archive: bytes, id_: PackageId, metadata: Metadata | None, source: str) -> Package:
    """Return the package whose ``pkg`` folder kit zipped; raises PackageError, AddressError.

    Without metadata it has no version, since no chain can be asked.
    """
    files = zips.contents(archive)
    if "manifest.json" not in files:
        raise PackageError("the zip holds no manifest.json at its root: zip what is in pkg/")
    manifest = parse_manifest(files["manifest.json"], id_.check(), "manifest.json")
    _check_programs(manifest, files, "the zip")
    own = zips.contents(files["api.zip"], "api.zip") if "api.zip" in files else {}
    files |= {f"api/{name}": content for name, content in own.items()}
    return Package(
        id=id_,
        metadata=metadata or _unknown(id_),
        manifest=tuple(manifest),
        files=files,
        interfaces=offers.offered(_texts(own), _texts(files), strict=False),
        source=source,
        digest=_digest(files),
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


def _check_programs(
    manifest: Sequence[ManifestEntry], files: Mapping[str, bytes], where: str
) -> None:
    """Raise PackageError for a process whose code is missing, or cannot run here."""
    for entry in manifest:
        path = entry.process_wasm_path.lstrip("/")
        name = program_name(path, files.__contains__)
        if name is None:
            raise PackageError(
                f"{where}: the manifest's {entry.process_wasm_path} is missing in pkg/"
            )
        if not name.endswith(".py"):
            raise PackageError(
                f"{where}: {name} cannot run here: only Python (.py) processes can; put "
                f"{path.removesuffix('.wasm')}.py in its place"
            )


def _contents(folder: Path, prefix: str, pattern: str = "*") -> dict[str, bytes]:
    return {
        prefix + path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _exported(folder: Path, dependency: str) -> dict[str, bytes]:
    """Return what a dependency's API brings along: its WIT, and the files that it includes."""
    name = dependency.partition(":")[0]
    places = [folder.parent / name, folder.parent / name.replace("-", "_"), built_in().get(name)]
    found = next((place for place in places if place and (place / "metadata.json").is_file()), None)
    if found is None:
        raise PackageError(
            f"{folder.name} depends on {dependency}, which is neither built in nor beside it"
        )
    if read_metadata(found).package_id != PackageId.parse(dependency):
        raise PackageError(f"{found} is not the {dependency} that {folder.name} depends on")
    files = _contents(found / "api", "api/", "*.wit")
    for included in read_metadata(found).properties.api_includes:
        path = found / included
        if not path.is_file():
            raise PackageError(f"{dependency} includes {included} in its API, but has no such file")
        files[path.relative_to(found / "pkg").as_posix()] = path.read_bytes()
    return files


def _texts(files: Mapping[str, bytes]) -> list[str]:
    """Return the WIT among files."""
    return [
        content.decode(errors="replace") for name, content in files.items() if name.endswith(".wit")
    ]


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
