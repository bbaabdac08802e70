"""Packages by name: a built-in one, or what lies in a folder or a zip.

A package is a folder with ``metadata.json``, ``api/*.wit``, ``pkg/manifest.json`` and Python
processes in ``pkg``. What travels to a node is a zip of that ``pkg``, as a build leaves it, with
the API as an ``api.zip`` in it.
"""

import tempfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from kinode_nb.kit import generated, zips
from kinode_nb.kit.assembling import Assembled, assemble
from kinode_nb.kit.built_in import BUILT_IN, built_in
from kinode_nb.kit.dependencies import FetchApi
from kinode_nb.kit.folders import read_folder
from kinode_nb.kit.package import Package, from_archive
from kinode_nb.types import PackageError, PackageId, nearest
from kinode_nb.types.manifests import read_metadata

__all__ = ["BUILT_IN", "Package", "built_in", "find", "from_archive", "id_in"]


def find(
    name: str | Path,
    *,
    features: Iterable[str] | None = None,
    dependencies: Iterable[str | Path] = (),
    fetch_api: FetchApi | None = None,
    tell: Callable[[str], object] | None = None,
) -> Package:
    """Return a built-in package by its name, or the one in a folder or a zip; raises PackageError.

    A package's folder of that very name goes before a built-in one, as kit knows only folders. It
    is built in memory, and nothing is written. ``features`` are those of the build (default: of the
    last build); ``dependencies`` name folders of what it depends on, besides those of the last
    build; ``fetch_api`` asks a node for the rest, and what the last build copied is the last
    resort. ``tell`` is given each note on a package in a folder.
    """
    chosen = None if features is None else generated.checked_features(features)
    local = tuple(Path(each) for each in dependencies)
    path = Path(name).expanduser()
    bare = str(name).partition(":")[0].replace("_", "-")
    known = built_in()
    if bare in known and not (path / "metadata.json").is_file():
        return _built_in(known[bare], chosen)
    if path.is_dir():
        made = _in_folder(path.resolve(), "", chosen, local, fetch_api)
        if tell is not None:
            for note in made.notes:
                tell(note)
        return made.package
    if path.suffix == ".zip" and path.is_file():
        return _in_zip(path, chosen, local, fetch_api)
    raise PackageError(
        f"there is no package {str(name)!r}.{nearest(bare, known)} Built in are "
        f"{', '.join(known)}; or give a package's folder or zip"
    )


def id_in(folder: str) -> PackageId | None:
    """Return the id of the package in a folder; None where there is none."""
    path = Path(folder).expanduser()
    return read_metadata(path).package_id if (path / "metadata.json").is_file() else None


@lru_cache(maxsize=32)
def _built_in(folder: Path, features: frozenset[str] | None) -> Package:
    return _in_folder(folder, "built in", features, (), None).package


def _in_folder(
    folder: Path,
    source: str,
    features: frozenset[str] | None,
    local: tuple[Path, ...],
    fetch_api: FetchApi | None,
) -> Assembled:
    read = read_folder(folder)
    built_with = (folder / each for each in read.record.local)
    return assemble(
        read,
        local_dependencies=[*(each for each in built_with if each.is_dir()), *local],
        features=read.record.features if features is None else features,
        fetch_api=fetch_api,
        spare=True,
        source=source,
    )


def _in_zip(
    path: Path, features: frozenset[str] | None, local: tuple[Path, ...], fetch_api: FetchApi | None
) -> Package:
    """Return the package whose folder, or its contents, or what a build makes of it, is zipped."""
    try:
        files = zips.contents(path.read_bytes(), str(path))
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from None
    if "manifest.json" in files and "metadata.json" not in files:
        folder = path.resolve().parent.parent  # build leaves the zip in target/
        if not (folder / "metadata.json").is_file():
            raise PackageError(
                f"{path} is what a build makes, and says nothing of its version: leave it in the "
                "target/ of its package, beside metadata.json"
            )
        metadata = read_metadata(folder)
        return from_archive(path.read_bytes(), metadata.package_id, metadata, str(path))
    inside = {name.partition("/")[0] for name in files}
    top = f"{inside.pop()}/" if len(inside) == 1 else ""
    if f"{top}metadata.json" not in files:
        raise PackageError(f"{path} holds no package: metadata.json is missing in it")
    with tempfile.TemporaryDirectory() as unpacked:
        root = Path(unpacked).resolve()
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        return _in_folder(root / top, str(path), features, local, fetch_api).package
