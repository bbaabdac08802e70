"""A package's folder, read and checked; what a build wrote into it is left out.

``metadata.json``, ``api/*.wit``, ``pkg/manifest.json``, ``pkg/scripts.json``, and the modules in
``pkg/``. Every mistake is one line that names the file, the field or the line, and the remedy.
"""

import ast
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from kinode_nb import wit
from kinode_nb.kit import generated, record, sources
from kinode_nb.kit.record import Record
from kinode_nb.kit.shown import content, shown
from kinode_nb.types import AddressError, PackageError, PackageId
from kinode_nb.types.capability_entries import capability_entries
from kinode_nb.types.json_files import read_json
from kinode_nb.types.manifests import ManifestEntry, Metadata, read_manifest, read_metadata
from kinode_nb.types.scripts import ScriptEntry

_NO_SOURCES = {"__pycache__", ".ipynb_checkpoints", ".DS_Store", ".git", ".hg", ".svn"}
_NO_SOURCES |= {".mypy_cache", ".ruff_cache", ".pytest_cache"}
_LEFTOVERS = ("*.pyc", "*~", ".*.swp", ".*.swo", ".#*")  # compilers', and editors'
_API_ZIP = "api.zip"
_SCRIPT = {
    "root": "true or false",
    "public": "true or false",
    "request_networking": "true or false",
    "request_capabilities": '["vfs:distro:sys"], or []',
    "grant_capabilities": '["http-server:distro:sys"], or []',
    "wit_version": "1",
}


class Folder(msgspec.Struct, frozen=True):
    """What an author wrote."""

    path: Path
    """The whole path."""
    shown: Path
    """The path for texts."""
    metadata: Metadata
    manifest: tuple[ManifestEntry, ...]
    scripts: dict[str, ScriptEntry]
    wit: dict[str, bytes]
    """The texts of ``api/``, by their files' names."""
    files: dict[str, bytes]
    """What lies in ``pkg/``, by paths in it, but for what a build wrote there."""
    modules: dict[str, ast.Module]
    """Those of the files that are Python, by their names without ``.py``."""
    record: Record
    notes: tuple[str, ...]

    @property
    def id(self) -> PackageId:
        """The package's id."""
        return self.metadata.package_id

    @property
    def dependencies(self) -> tuple[PackageId, ...]:
        """The ids of what its metadata depends on."""
        return tuple(map(PackageId.parse, self.metadata.properties.dependencies))


def read_folder(path: Path) -> Folder:
    """Read a package's folder; raises PackageError, and AddressError for names that break rules."""
    place, path = path.resolve(), shown(path)
    metadata = _metadata(path)
    manifest = tuple(read_manifest(path))
    for index, entry in enumerate(manifest):
        _check_path(entry, f"{path / 'pkg' / 'manifest.json'}: [{index}]")
    kept = record.read(place)
    files = _files(path, kept)
    scripts = _scripts(path)
    return Folder(
        path=place,
        shown=path,
        metadata=metadata,
        manifest=manifest,
        scripts=scripts,
        wit=_wit(path / "api"),
        files=files,
        modules=_modules(path / "pkg", files),
        record=kept,
        notes=(*_malformed(path, manifest, scripts),),
    )


def _metadata(path: Path) -> Metadata:
    """Read ``metadata.json``: its names, and the ids of its dependencies, are checked."""
    metadata, where = read_metadata(path), path / "metadata.json"
    try:
        own = metadata.package_id
    except AddressError as error:
        raise AddressError(error.kind, f"{where}: properties: {error}") from None
    seen = set()
    for index, written in enumerate(metadata.properties.dependencies):
        field = f"{where}: properties.dependencies[{index}]"
        try:
            id_ = PackageId.parse(written)
        except AddressError as error:
            raise AddressError(error.kind, f"{field}: {error}") from None
        if id_ == own:
            raise PackageError(f"{field}: {id_} depends on itself; take it out")
        if id_ in seen:
            raise PackageError(f"{field}: {id_} is there twice; take one out")
        seen.add(id_)
    return metadata


def _check_path(entry: ManifestEntry, where: str) -> None:
    """Raise PackageError for a path that kit would not take; ``.py`` is ours."""
    path = entry.process_wasm_path
    stem = path.removeprefix("/").removesuffix(".wasm").removesuffix(".py")
    if not path.startswith("/") or not path.endswith((".wasm", ".py")) or "/" in stem or not stem:
        name = entry.process_name
        raise PackageError(
            f"{where}.process_wasm_path is {path!r}, no file of pkg/; write "
            f'"/{name}.wasm" or "/{name.replace("-", "_")}.py"'
        )


def _scripts(path: Path) -> dict[str, ScriptEntry]:
    file = path / "pkg" / "scripts.json"
    if not file.is_file():
        return {}
    scripts = read_json(content(file), dict[str, ScriptEntry], str(file), _SCRIPT)
    for name in scripts:
        if not name.endswith((".wasm", ".py")) or "/" in name:
            raise PackageError(
                f'{file}: {name!r} is no script\'s name; write "{Path(name).stem}.wasm"'
            )
    return scripts


def _wit(folder: Path) -> dict[str, bytes]:
    """Return the texts of ``api/``; raises PackageError for one that cannot be read."""
    texts: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.wit")):
        texts[path.name] = text = content(path)
        try:
            wit.parse(text.decode())
        except wit.WitError as error:
            raise PackageError(f"{path}, {error}") from None
        except UnicodeDecodeError as error:
            raise PackageError(f"{path} is no UTF-8 text, at byte {error.start}") from None
    return texts


def _files(path: Path, kept: Record) -> dict[str, bytes]:
    """Return what lies in ``pkg/``, without what a build wrote there."""
    folder, files = path / "pkg", {}
    for file in sorted(folder.rglob("*")):
        relative = file.relative_to(folder)
        name = relative.as_posix()
        if not file.is_file() or _NO_SOURCES.intersection(relative.parts):
            continue
        if any(fnmatchcase(file.name, each) for each in _LEFTOVERS):
            continue
        if name == _API_ZIP or name.startswith(generated.API):
            continue
        found = content(file)
        if not kept.wrote(f"pkg/{name}", found) and not _is_made(name, found):
            files[name] = found
    return files


def _is_made(name: str, found: bytes) -> bool:
    return name == generated.FEATURES and generated.is_features(found)


def _modules(folder: Path, files: dict[str, bytes]) -> dict[str, ast.Module]:
    return {
        name.removesuffix(".py"): sources.parsed(source, str(folder / name))
        for name, source in files.items()
        if name.endswith(".py")
    }


def _malformed(
    path: Path, manifest: tuple[ManifestEntry, ...], scripts: dict[str, ScriptEntry]
) -> list[str]:
    """Return a note for each capability that a node would pass over."""
    asked = [
        ("manifest.json", entry.process_name, entry.request_capabilities, entry.grant_capabilities)
        for entry in manifest
    ]
    asked += [
        ("scripts.json", name, entry.request_capabilities or [], entry.grant_capabilities or [])
        for name, entry in scripts.items()
    ]
    notes: list[str] = []
    for file, name, requested, granted in asked:

        def tell(each: object, place: str = f"{path / 'pkg' / file}: {name}") -> None:
            notes.append(
                f"{place} has the capability {each!r}, which a node passes over; write "
                '"process:package:publisher", or {"process": …, "params": …}'
            )

        list(capability_entries([*requested, *granted], tell))
    return notes
