"""kit's ``build``: checks a package's folder, and writes what a node installs.

Into the folder come ``pkg/api/`` (WIT, and the modules generated from it), ``pkg/features.py``,
the files of dependencies' APIs, ``pkg/api.zip``, and ``target/<package>:<publisher>.zip``, its name
less the publisher's last part, as kit has it. Building twice changes no byte.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TypedDict

import msgspec

from kinode_nb.kit import generated, metadata_source, record, versions
from kinode_nb.kit.assembling import Assembled, assemble
from kinode_nb.kit.dependencies import FetchApi
from kinode_nb.kit.folders import Folder, read_folder
from kinode_nb.kit.package import Package
from kinode_nb.kit.shown import content
from kinode_nb.kit.spellings import meant
from kinode_nb.types import PackageError
from kinode_nb.types.whole_files import write_all


class Built(msgspec.Struct, frozen=True):
    """What a build made."""

    package: Package
    written: tuple[Path, ...]
    """What the folder now holds of it: the zip at the end."""
    notes: tuple[str, ...]
    """What the person should know, though nothing went wrong."""

    @property
    def zip(self) -> Path:
        """Where the package's zip lies."""
        return self.written[-1]

    @property
    def folder(self) -> Path:
        """The package's folder."""
        return self.zip.parent.parent

    @property
    def hash(self) -> str:
        """The sha256 of the zip, in hexadecimal digits: what app-store names it by."""
        return hashlib.sha256(self.package.archive).hexdigest()

    def __repr__(self) -> str:
        """Return one line: the package and its zip."""
        return f"<Built {self.package.id}: {self.zip.name}, {len(self.package.files)} files>"


class BuildOptions(TypedDict, total=False):
    """What `build` takes besides the folder."""

    add_to_api: Iterable[str | Path]
    local_dependencies: Iterable[str | Path]
    features: Iterable[str]
    force: bool


def build(
    folder: str | Path = ".",
    *,
    add_to_api: Iterable[str | Path] = (),
    local_dependencies: Iterable[str | Path] = (),
    features: Iterable[str] = frozenset(),
    fetch_api: FetchApi | None = None,
    force: bool = False,
) -> Built:
    """Build the package in a folder; raises PackageError or AddressError, then nothing is written.

    ``add_to_api`` names files for the API besides metadata's ``api_includes``,
    ``local_dependencies`` folders of packages that it depends on; ``fetch_api`` asks a running node
    for the API of one that is in no folder. ``force`` forgets what an earlier build added to the
    API, and takes a dependency's file where the package has another one of its name.
    """
    path = Path(folder).expanduser()
    if not (path / "pkg").is_dir():
        raise PackageError(
            f"there is no package at {path}: its folder has a pkg/ and metadata.json"
        )
    read = read_folder(path)
    newest = versions.current_version(read.metadata.properties, str(read.shown / "metadata.json"))
    notes: list[str] = []
    is_raised = newest != read.metadata.properties.current_version
    if is_raised:
        notes.append(f"metadata.json: current_version is now {newest}, the newest of code_hashes")
        read = _of_version(read, newest)
    named = (Path(each).expanduser() for each in _several(local_dependencies))
    local = [meant(each, "-l", notes) for each in named]
    chosen = generated.checked_features(features)
    made = assemble(
        read,
        add_to_api=_several(add_to_api),
        local_dependencies=local,
        features=chosen,
        fetch_api=fetch_api,
        force=force,
    )
    kept = record.of_build(
        {f"pkg/{name}": each for name, each in made.copied.items()},
        made.api.added,
        [Path(os.path.relpath(each.resolve(), read.path)) for each in local],
        chosen,
        made.dependencies,
    )
    written = _write(read, made, kept, raised=is_raised)
    return Built(made.package, written, (*notes, *made.notes, *_left(read, made)))


def _several(given: Iterable[str | Path]) -> list[str | Path]:
    """Return the paths that are given; a single one by itself is meant as such."""
    return [given] if isinstance(given, str | Path) else list(given)


def _of_version(folder: Folder, version: str) -> Folder:
    properties = msgspec.structs.replace(folder.metadata.properties, current_version=version)
    metadata = msgspec.structs.replace(folder.metadata, properties=properties)
    return msgspec.structs.replace(folder, metadata=metadata)


def zip_name(package: Package) -> str:
    """Return the name of a package's zip: kit takes the id's last part for a file's extension."""
    return PurePosixPath(str(package.id)).with_suffix(".zip").name


def _write(
    folder: Folder, made: Assembled, kept: record.Record, *, raised: bool
) -> tuple[Path, ...]:
    """Write what is new or has changed, and remove what an earlier build left; PackageError."""
    files = {f"pkg/{name}": each for name, each in made.copied.items()}
    files[record.PLACE] = record.encoded(kept)
    written = {folder.path / name: new for name, new in files.items()}
    metadata = folder.path / "metadata.json"
    if raised:
        written[metadata] = metadata_source.with_version(
            content(metadata), made.package.metadata, str(folder.shown / "metadata.json")
        )
    written[folder.path / f"target/{zip_name(made.package)}"] = made.package.archive
    try:
        changed = {path: new for path, new in written.items() if _differs(path, new)}
        if metadata in changed:  # a link stays one
            changed[metadata.resolve()] = changed.pop(metadata)
        write_all(changed)
        for name in folder.record.copied.keys() - files.keys():
            _remove(folder, name)
    except OSError as error:
        raise PackageError(f"{error.filename} cannot be written: {error.strerror}") from None
    return tuple(path for path in written if path.name != Path(record.PLACE).name)


def _differs(path: Path, new: bytes) -> bool:
    return not path.is_file() or path.read_bytes() != new


def _remove(folder: Folder, name: str) -> None:
    """Remove what an earlier build wrote, unless its author has changed it since."""
    path = folder.path / name
    if path.is_file() and folder.record.wrote(name, path.read_bytes()):
        path.unlink()


def _left(folder: Folder, made: Assembled) -> list[str]:
    """Return a note for each file in ``pkg/api`` that no build has written."""
    place = folder.path / "pkg" / generated.API
    there = (path.relative_to(folder.path / "pkg") for path in place.rglob("*") if path.is_file())
    return [
        f"pkg/{path.as_posix()} is not part of the package: pkg/api/ is for what build writes. "
        "Python belongs into pkg/, WIT into api/"
        for path in sorted(there)
        if path.as_posix() not in made.package.files and "__pycache__" not in path.parts
    ]
