"""A package's API: what its ``api.zip`` holds, and what its importers get of it.

It is flat, as kit makes it: the WIT, and the files of metadata's ``api_includes`` and of build's
``-a``. Python has siblings where Wasm is whole, so the modules that such a file imports come along,
and so does what implements the functions of an exported interface (``<interface>_api.py``). What
the package depends on, ``dependencies.json`` lists: an importer asks the same node for it.
"""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from kinode_nb import wit
from kinode_nb.kit import api_files, generated, sources, zips
from kinode_nb.kit.folders import Folder
from kinode_nb.kit.inside import is_inside
from kinode_nb.kit.shown import content, shown
from kinode_nb.types import AddressError, PackageError, PackageId
from kinode_nb.types.json_files import read_json
from kinode_nb.types.programs import program_name

DEPENDENCIES = "dependencies.json"
"""What in an ``api.zip`` lists the ids of what the package depends on; other nodes pass it over."""
_OF_EVERY_PACKAGE = {"manifest.json", "scripts.json", "api.zip", DEPENDENCIES, generated.FEATURES}


class Api(msgspec.Struct, frozen=True):
    """What a package gives to those that depend on it."""

    package: PackageId
    where: str
    """Where it was found, for errors."""
    files: dict[str, bytes]
    folder: Path | None = None
    dependencies: tuple[PackageId, ...] = ()
    added: tuple[str, ...] = ()
    """What ``-a`` added, to be remembered."""
    notes: tuple[str, ...] = ()

    @property
    def zip(self) -> bytes:
        """Return the ``api.zip``; without files there is none (empty)."""
        if not self.files:
            return b""
        needed = msgspec.json.encode([str(each) for each in self.dependencies])
        return zips.pack({**self.files, DEPENDENCIES: needed} if self.dependencies else self.files)

    def in_pkg(self) -> dict[str, bytes]:
        """Return where an importer has the files: WIT in ``pkg/api``, all else in ``pkg``."""
        return {
            f"{generated.API}{name}" if name.endswith(".wit") else name: found
            for name, found in self.files.items()
        }


def of_zip(data: bytes, package: PackageId, where: str) -> Api:
    """Return the API in an ``api.zip``; raises PackageError."""
    whose = f"the API of {package} ({where})"
    flat = api_files.flat(zips.contents(data, f"the API of {package}"), whose)
    files = {name: found for name, found in flat.items() if name not in _OF_EVERY_PACKAGE}
    for name, found in files.items():
        api_files.check(name, found, whose)
    needed = _listed(flat.get(DEPENDENCIES, b"[]"), package, where)
    return Api(package, where, files, dependencies=needed)


def _listed(data: bytes, package: PackageId, where: str) -> tuple[PackageId, ...]:
    """Return the ids that ``dependencies.json`` holds; raises PackageError."""
    place = f"the API of {package} ({where}): {DEPENDENCIES}"
    try:
        return tuple(map(PackageId.parse, read_json(data, list[str], place, {})))
    except AddressError as error:
        raise PackageError(f"{place}: {error}") from None


def of_folder(folder: Folder, add: Iterable[str | Path] = (), *, forget: bool = False) -> Api:
    """Return the API of a package's folder; raises PackageError for what is not there.

    ``add`` is what ``-a`` names. What an earlier build added stays, as with kit, unless ``forget``,
    or it lies outside the folder.
    """
    notes: list[str] = []
    kept = () if forget else tuple(p for p in folder.record.added if (folder.path / p).is_file())
    named = [_added(folder, each, notes) for each in add]
    inside = [path for path in named if path.is_relative_to(folder.path)]
    kept += tuple(path.relative_to(folder.path).as_posix() for path in inside)
    notes += [_not_kept(folder, path) for path in named if path not in inside]
    includes = [
        _included(folder, index, each, notes)
        for index, each in enumerate(folder.metadata.properties.api_includes)
    ]
    files: dict[str, bytes] = dict(folder.wit)
    for path in dict.fromkeys([*includes, *(folder.path / each for each in kept), *named]):
        _take(files, path.name, content(path), folder)
    for module in _implementations(folder):
        _take(files, module, folder.files[module], folder)
    _close(files, folder)
    return Api(
        package=folder.id,
        where=str(folder.shown),
        files=dict(sorted(files.items())),
        folder=folder.path,
        dependencies=folder.dependencies,
        added=tuple(dict.fromkeys(kept)),
        notes=tuple(notes),
    )


def _included(folder: Folder, index: int, written: str, notes: list[str]) -> Path:
    where = f"{folder.shown / 'metadata.json'}: properties.api_includes[{index}]"
    found = _python(folder.path, written, notes, "api_includes") if "\0" not in written else None
    meant = Path(written).name
    if "\0" not in written and (folder.path / written).is_dir():
        meant = next((name for name in folder.modules if "/" not in name), "my_worker") + ".py"
    advice = f'write "pkg/{meant}", or take it out'
    if found is None:
        raise PackageError(f"{where}: there is no file {written!r} in {folder.shown}; {advice}")
    inside = found.relative_to(folder.path) if found.is_relative_to(folder.path) else found
    if not is_inside(folder.path, inside.as_posix()):
        raise PackageError(f"{where}: {written!r} lies outside of {folder.shown}; {advice}")
    return found


def _added(folder: Folder, written: str | Path, notes: list[str]) -> Path:
    """Return what ``-a`` names: from the working folder, else in the package, as in kit."""
    given = Path(written).expanduser()
    for base in (Path(), folder.path, folder.path / "pkg"):
        found = _python(base, str(given), notes, "-a")
        if found is not None:
            return found.resolve()
    raise PackageError(
        f"there is no file {str(written)!r} to add to the API (-a), neither here nor in "
        f"{folder.shown}"
    )


def _python(base: Path, written: str, notes: list[str], flag: str) -> Path | None:
    """Return the file that is meant: for ``x-y.wasm`` that is not there, ``x_y.py``."""
    name = program_name(written, lambda name: (base / name).is_file())
    if name is not None and name != written:
        notes.append(f"{flag} {written}: {name} is its Python, and goes into the API")
    return None if name is None else base / name


def _not_kept(folder: Folder, path: Path) -> str:
    return (
        f"-a {shown(path)} lies outside of {folder.shown}: it is in the API of this build only, so "
        "name it again with the next, or copy it into pkg/"
    )


def _take(files: dict[str, bytes], name: str, found: bytes, folder: Folder) -> None:
    if name in _OF_EVERY_PACKAGE:
        raise PackageError(
            f"{folder.shown}: {name} cannot be in the API, since every package has its own"
        )
    api_files.check(name, found, f"the API of {folder.shown}")
    if files.get(name, found) != found:
        raise PackageError(f"{folder.shown}: two files of its API are called {name}: rename one")
    files[name] = found


def _implementations(folder: Folder) -> list[str]:
    """Return the modules that implement functions of the package's own interfaces."""
    names = [
        f"{wit.implementation_name(interface.name)}.py"
        for text in folder.wit.values()
        for interface in wit.parse(text.decode()).interfaces
        if interface.functions
    ]
    return [name for name in names if name in folder.files]


def _close(files: dict[str, bytes], folder: Folder) -> None:
    """Add the package's modules that those in the API import, and what these import."""
    waiting = [name.removesuffix(".py") for name in files if name.endswith(".py")]
    while waiting:
        tree = _tree(waiting.pop(), files, folder.modules)
        for name, _ in sources.imported(tree):
            file = f"{name}.py"
            if file in folder.files and file not in files and "/" not in name:
                _take(files, file, folder.files[file], folder)
                waiting.append(name)


def _tree(name: str, files: Mapping[str, bytes], known: Mapping[str, ast.Module]) -> ast.Module:
    return known[name] if name in known else sources.parsed(files[f"{name}.py"], f"{name}.py")
