"""The Python host: runs processes that are written as ``async def init(our)``.

A file is run as a module of its own for every process, since processes share nothing; its
siblings in the package's ``pkg`` folder can be imported relatively (``from .api import f``).
"""

import asyncio
import builtins
import functools
import itertools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from kinode_nb.hosts.tasks import ProcessTasks
from kinode_nb.process_lib import Our, SpawnError
from kinode_nb.process_lib.syscalls import Code, Program, Syscalls

Init = Callable[[Our], Awaitable[None]]

_numbers = itertools.count(1)


class PythonHost:
    """Runs Python processes as tasks of the running event loop; one host a node."""

    language = "python"

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self._folders: dict[Path, tuple[int, str]] = {}

    def launch(
        self, program: Program, syscalls: Syscalls, ended: Callable[[BaseException | None], None]
    ) -> ProcessTasks:
        """Begin to run; a program that cannot even be loaded ends with its error."""
        our = Our(syscalls)
        return ProcessTasks(self._main(program, our), str(our.address), ended)

    async def _main(self, program: Program, our: Our) -> BaseException | None:
        """Run the process; whatever it raises (SystemExit too) is its own end, not the node's."""
        try:
            if isinstance(program, Path | Code):
                init = self._load(program, our)
            else:
                init = own(program, our)
            await init(our)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - see above
            return error
        return None

    def _load(self, program: Path | Code, our: Our) -> Init:
        path = program if isinstance(program, Path) else program.path
        package = self._package(path.parent) if path.parent.is_dir() else ""
        module = ModuleType(f"{package}.{path.stem}" if package else path.stem)
        module.__file__ = str(path)
        module.__package__ = package
        module.__dict__["print"] = _printer(our)
        if isinstance(program, Path):
            code = _compiled(path, path.stat().st_mtime_ns)
        else:
            code = compile(program.source, str(path), "exec")
        exec(code, module.__dict__)  # noqa: S102 - its job
        init = getattr(module, "init", None)
        if not callable(init):
            raise SpawnError("NoFileAtPath", f"{path.name} has no `async def init(our)`")
        return init  # type: ignore[no-any-return]  # checked as far as can be

    def _package(self, folder: Path) -> str:
        """Return the import name of a folder; a changed folder is a new package."""
        changed = folder.stat().st_mtime_ns
        known = self._folders.get(folder)
        if known is not None and known[0] == changed:
            return known[1]
        if known is not None:
            _forget(known[1])
        name = f"_kinode_package_{next(_numbers)}"
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
        self._folders[folder] = (changed, name)
        return name

    def close(self) -> None:
        """Unload all modules of the node's packages."""
        for _, name in self._folders.values():
            _forget(name)
        self._folders.clear()


@functools.lru_cache(maxsize=256)
def _compiled(path: Path, changed: int) -> CodeType:  # noqa: ARG001 - part of the cache's key
    return compile(path.read_bytes(), str(path), "exec")


def _forget(package: str) -> None:
    for name in [n for n in sys.modules if n == package or n.startswith(package + ".")]:
        del sys.modules[name]


def own(function: Init, our: Our) -> Init:
    """Return the function with globals and a ``print`` of its own; other callables as they are.

    It has those of its module that it names, as they are now: most modules hold much more, and
    there may be thousands of processes.
    """
    if not isinstance(function, FunctionType):
        return function
    known = function.__globals__
    names = _names(function.__code__)
    own_globals = (
        known.copy() if names & _ALL_GLOBALS else {n: known[n] for n in names & known.keys()}
    )
    if "print" in names:
        own_globals["print"] = _printer(our)
    copy = FunctionType(
        function.__code__,
        own_globals,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


_ALL_GLOBALS = {"globals", "vars", "dir", "eval", "exec"}  # who calls these may name any of them
_ALWAYS = frozenset({"__builtins__", "__name__", "__package__", "__spec__"})  # for imports


@functools.lru_cache(maxsize=256)
def _names(code: CodeType) -> frozenset[str]:
    """Return the names that a function's code uses, that of functions inside it included."""
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return _ALWAYS.union(code.co_names, *map(_names, inner))


def _printer(our: Our) -> Callable[..., None]:
    def print_(*values: object, sep: str = " ", end: str = "", file: Any = None, **_: Any) -> None:
        """Print on the node's terminal (verbosity 0), or to ``file`` where one is given."""
        if file is not None:
            builtins.print(*values, sep=sep, end=end or "\n", file=file)
        else:
            our.print_to_terminal(0, sep.join(map(str, values)) + end)

    return print_
