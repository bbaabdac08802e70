"""Imports between the modules of a package, looked at without being run."""

import ast
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from kinode_nb.kit import generated
from kinode_nb.kit.folders import Folder
from kinode_nb.types import PackageError, nearest

_Import = ast.Import | ast.ImportFrom


def check(folder: Folder, files: Mapping[str, bytes]) -> None:
    """Raise PackageError for an import that finds nothing among a package's ``files``.

    What a ``try`` or ``if TYPE_CHECKING`` surrounds is believed.
    """
    modules = {name.removesuffix(".py").removesuffix("/__init__") for name in files if _code(name)}
    known = modules | {part for name in files if _code(name) for part in _folders(name)}
    for name, tree in folder.modules.items():
        where, base = f"{folder.shown / 'pkg' / name}.py", str(PurePosixPath(name).parent)
        for statement in _imports(tree):
            at = f"{where}, line {statement.lineno}"
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    _check_absolute(alias.name, f"from . import {alias.name}", base, known, at)
            elif statement.level == 0 and statement.module:
                write = f"from .{statement.module} import …"
                _check_absolute(statement.module, write, base, known, at)
            else:
                for target in _relative(statement, base, f"{base}/__init__" in folder.modules):
                    if target not in known:
                        raise PackageError(f"{at}: {_nothing(target, known)}")


def _code(name: str) -> bool:
    return name.endswith((".py", ".so", ".pyd"))


def _folders(name: str) -> list[str]:
    """Return the folders that a file lies in: each is a package, with ``__init__.py`` or not."""
    return [str(each) for each in PurePosixPath(name).parents if each.name]


def _imports(module: ast.AST) -> Iterator[_Import]:
    for each in ast.iter_child_nodes(module):
        if isinstance(each, _Import):
            yield each
        elif not isinstance(each, ast.Try) and not _is_for_checkers(each):
            yield from _imports(each)


def _is_for_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _check_absolute(module: str, write: str, base: str, known: set[str], at: str) -> None:
    """Raise PackageError where a sibling is meant that only a dot in front would find."""
    top = module.partition(".")[0]
    if (
        str(PurePosixPath(base) / top) not in known
        or top in sys.modules.keys() | sys.stdlib_module_names
    ):
        return
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:  # a mere folder somewhere has none
        raise PackageError(f"{at}: {top} is a module of the package itself; write `{write}`")


def _relative(statement: ast.ImportFrom, base: str, has_init: bool) -> Iterator[str]:
    """Yield the modules that an import with dots needs, by their paths in ``pkg/``."""
    place = PurePosixPath(base)
    if statement.level - 1 > len(place.parts):
        return  # above the package: whoever runs it says so
    for _ in range(statement.level - 1):
        place = place.parent
    if statement.module is not None:
        yield str(place.joinpath(*statement.module.split(".")))
    elif statement.level == 1 and not has_init:  # else the names may be of __init__.py
        yield from (str(place / alias.name) for alias in statement.names if alias.name != "*")


def _nothing(target: str, known: set[str]) -> str:
    """Return what to say of a module that is not there."""
    if target.startswith(generated.API):
        made = [name.removeprefix(generated.API) for name in known if name.startswith("api/")]
        interface = target.removeprefix(generated.API)
        hint = nearest(interface, made) or (
            " A WIT file of that interface belongs into api/, or its package into the "
            "dependencies of metadata.json."
        )
        return f"there is no interface {interface.replace('_', '-')!r} to import.{hint}"
    hint = nearest(target, sorted(known)) or f" Write pkg/{target}.py."
    return f"there is no module {target!r} in pkg/ to import.{hint}"
