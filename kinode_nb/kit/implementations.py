"""What implements the functions of a package's own interfaces: ``pkg/<interface>_api.py``."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from kinode_nb import wit
from kinode_nb.kit import sources
from kinode_nb.kit.folders import Folder
from kinode_nb.types import PackageError
from kinode_nb.wit.tree import Interface


def check(folder: Folder, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Raise PackageError for code that cannot be called as the WIT says; nothing is imported.

    Returns a note for each interface whose functions have no code at all.
    """
    notes: list[str] = []
    for text, interface in _with_functions(folder):
        name = wit.implementation_name(interface.name)
        if f"{name}.py" in files:
            _check_module(folder, files, name, text, interface)
        else:
            notes.append(
                f"{text}: the functions of {interface.name} have no code: write pkg/{name}.py with "
                "an `async def` for each"
            )
    return tuple(notes)


def _with_functions(folder: Folder) -> Iterator[tuple[Path, Interface]]:
    """Yield the interfaces that have functions, with the files of their WIT."""
    for name, text in folder.wit.items():
        for interface in wit.parse(text.decode()).interfaces:
            if interface.functions:
                yield folder.shown / "api" / name, interface


def _check_module(
    folder: Folder, files: Mapping[str, bytes], name: str, text: Path, interface: Interface
) -> None:
    from kinode_nb.wit.generating import function_name, parameter_name

    where = str(folder.shown / "pkg" / f"{name}.py")
    module = folder.modules.get(name) or sources.parsed(files[f"{name}.py"], where)
    for function in interface.functions:
        called = function_name(function)
        parameters = ("our", *(parameter_name(each.name) for each in function.parameters))
        if not sources.check_coroutine(module, called, parameters, where):
            raise PackageError(
                f"{where}: {called} is missing, a function of {interface.name} in {text}; write "
                f"`async def {called}({', '.join(parameters)})`"
            )
