"""From a folder and the APIs that it depends on to the package that is installed, in memory."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from kinode_nb import wit
from kinode_nb.kit import apis, copies, generated, implementations, imports, package, sources
from kinode_nb.kit.apis import Api
from kinode_nb.kit.dependencies import Dependencies, FetchApi, merge
from kinode_nb.kit.folders import Folder
from kinode_nb.kit.package import Package
from kinode_nb.types import PackageError, PackageId
from kinode_nb.types.programs import program_name


class Assembled(msgspec.Struct, frozen=True):
    """A package, and what went into it."""

    package: Package
    api: Api
    copied: dict[str, bytes]
    """Which of its files are copies of dependencies' files, or generated, by paths in ``pkg/``."""
    dependencies: tuple[PackageId, ...]
    notes: tuple[str, ...]


def assemble(
    folder: Folder,
    *,
    add_to_api: Iterable[str | Path] = (),
    local_dependencies: Iterable[str | Path] = (),
    features: Iterable[str] = (),
    fetch_api: FetchApi | None = None,
    force: bool = False,
    spare: bool = False,
    source: str = "",
) -> Assembled:
    """Return the package of a folder; raises PackageError, AddressError. Nothing is written.

    The arguments are those of `kit.building.build`; ``source`` is what `packages` shows of it.
    With ``spare``, what the last build copied stands in for a dependency that is out of reach.
    """
    dependencies = Dependencies(folder, local_dependencies, fetch_api, spare=spare)
    resolved = dependencies.resolve()
    folder, taken = copies.taken_out(folder, resolved, replace=force)
    api = apis.of_folder(folder, add_to_api, forget=force)
    own = dict(folder.files)
    own |= {f"{generated.API}{name}": text for name, text in folder.wit.items()}
    _check_free(folder)
    files = merge(own, str(folder.id), resolved)
    files[generated.FEATURES] = generated.features(features)
    try:
        files |= generated.modules(files)
    except wit.WitError as error:
        raise PackageError(_place(folder, resolved, error)) from None
    if api.files:
        files["api.zip"] = api.zip
    files = dict(sorted(files.items()))
    package.check_programs(folder.manifest, files, str(folder.shown))
    made = package.from_files(folder.metadata, folder.manifest, files, source or str(folder.path))
    _check_processes(folder, files)
    imports.check(folder, files)
    copied = {name: each for name, each in files.items() if name not in folder.files}
    notes = (
        *folder.notes,
        *api.notes,
        *dependencies.notes,
        *taken,
        *_wasm(folder),
        *_unknown(folder, files),
        *implementations.check(folder, files),
    )
    return Assembled(made, api, copied, tuple(each.package for each in resolved), notes)


def _check_free(folder: Folder) -> None:
    """Raise PackageError where an own file has the name of one that is generated."""
    if generated.FEATURES in folder.files:
        raise PackageError(
            f"{folder.shown / 'pkg' / generated.FEATURES} has the name of what a build writes: "
            "give yours another name"
        )


def _check_processes(folder: Folder, files: dict[str, bytes]) -> None:
    """Raise PackageError for a process or a script without a program that could run."""
    pkg = folder.shown / "pkg"
    named = [each.process_wasm_path.lstrip("/") for each in folder.manifest]
    for script in folder.scripts:
        if program_name(script, files.__contains__) is None:
            python = f"{Path(script).stem.replace('-', '_')}.py"
            raise PackageError(f"{pkg / 'scripts.json'}: {script} is missing; write pkg/{python}")
        named.append(script)
    for path in named:
        name = program_name(path, files.__contains__)
        own = program_name(path, folder.files.__contains__)
        if own is not None and own != name:
            raise PackageError(
                f"{pkg / own} is the program of {path}, and {name}, which the API of a dependency "
                "brings, would run in its place: rename one of them"
            )
        if name is not None:
            module = folder.modules.get(name.removesuffix(".py"))
            tree = module or sources.parsed(files[name], f"pkg/{name}")
            sources.check_init(tree, str(pkg / name))


def _place(folder: Folder, resolved: list[Api], error: wit.WitError) -> str:
    """Return an error of WIT with the path of its file, or the package that brought it."""
    file = getattr(error, "file", "")
    brought = next((api for api in resolved if file in api.files and file not in folder.wit), None)
    if brought is not None:
        return f"the API of {brought.package} ({brought.where}): {error}"
    return f"{folder.shown / 'api'}{'/' if file else ': '}{error}"


def _unknown(folder: Folder, files: dict[str, bytes]) -> list[str]:
    """Return a note for each interface that an own world names and nobody has."""
    texts = [text for name, text in files.items() if name.endswith(".wit")]
    known = {each.name for text in texts for each in wit.parse(text.decode()).interfaces}
    known.add("standard")  # Kinode's own lies beside them, as it were
    return [
        f"{folder.shown / 'api' / name}: the world {world.name} names the interface {item.name}, "
        "which nobody has; its package belongs into the dependencies of metadata.json"
        for name, text in folder.wit.items()
        for world in wit.parse(text.decode()).worlds
        for item in world.items
        if item.verb in {"import", "export"}
        and not (item.function or item.interface or item.package)
        and item.name not in known
    ]


def _wasm(folder: Folder) -> list[str]:
    """Return a note on Wasm that is no process's; where it could be one, it is an error."""
    names = [f"pkg/{name}" for name in folder.files if name.endswith(".wasm")]
    there = (folder.path / "api").rglob("*.wasm")
    names += sorted(path.relative_to(folder.path).as_posix() for path in there)
    listed = ", ".join(names)
    return (
        [f"{folder.shown}: {listed} cannot run here: only Python (.py) processes can"]
        if names
        else []
    )
