"""Programs that a person has written in a notebook: a module of its own for every process.

Its text, if it has one, is run anew for each process, and for each restart. What it is given
besides is copied at once, when the program is made, and from that copy for each process. So
nothing is shared: neither with the notebook nor with other processes. Of a function that a process
spawns, of a package too, the same is true: the child runs the program anew, and begins at that
function. What is of another module than the process's own is handed on as it is.
"""

import contextlib
import linecache
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from kinode_nb.hosts.copies import Copies, Namespace
from kinode_nb.hosts.folders import Folders, Taken, Version
from kinode_nb.hosts.own_globals import BUILTINS, Init
from kinode_nb.hosts.printing import printer
from kinode_nb.hosts.trees import Tree, stable_name
from kinode_nb.process_lib import Our, SpawnError
from kinode_nb.process_lib.syscalls import Code, Written

Hint = Callable[[str], str]
"""Says what to do about a name that a process lacks; empty where it has nothing to say."""

_REMEMBERED = 200
_shown: dict[str, None] = {}  # titles, the last one last: nobody says when a program is forgotten
_showing = threading.Lock()
PROGRAM = "__kinode_program__"
"""Where a namespace keeps what it belongs to."""


def no_hint(_: str) -> str:
    """Say nothing."""
    return ""


@dataclass(frozen=True, eq=False)
class WrittenProgram(Written):
    """A program; ``title`` is its file's name in tracebacks, where ``lines`` are shown of it."""

    title: str
    lines: Sequence[str]
    skipped: int = 0
    """How many of the lines stand above the text: one at least, in a cell."""
    code: CodeType | None = None
    """The module's text, compiled; None where there are only functions."""
    entry: Any = None
    """A function to begin at, of the namespace ``given``; None: the module's own ``init``."""
    given: Namespace = field(default_factory=dict)
    """What it finds in its module besides, by name; what is in there is never handed out."""
    beside: Path | None = None
    """A file that may be there or not: it imports relatively what lies beside it."""
    place: Taken | None = None
    """The same, as it was when its process was begun."""
    is_file: bool = False
    """It is the place's own text: that of a file, not of a notebook."""
    hint: Hint = no_hint

    def taken(self, folders: Folders) -> "WrittenProgram":
        """Return the program with the modules beside it as they are now."""
        if self.beside is None or self.place is not None:
            return self
        place = folders.take(Code("".join(self.lines[self.skipped :]).encode(), self.beside))
        if self.code is None and place.version is not None:
            place = replace(place, source=_importing(place.version.sources.modules()))
        return replace(self, place=place)

    def show(self) -> None:
        """Let tracebacks find the lines, as long as not many others are shown after."""
        with _showing:
            _shown.pop(self.title, None)
            _shown[self.title] = None
            if len(_shown) > _REMEMBERED:
                oldest = next(iter(_shown))
                del _shown[oldest]
                linecache.cache.pop(oldest, None)
        linecache.cache[self.title] = (
            sum(map(len, self.lines)),
            None,  # no time of change: it is no file, and stays
            list(self.lines),
            self.title,
        )

    def explain(self, error: BaseException) -> None:
        """Add what helps to the error that has ended the process; raises nothing, as `explain`."""
        self.show()  # another program of this name may have been there meanwhile
        with contextlib.suppress(BaseException):
            self._note(error)

    def _note(self, error: BaseException) -> None:
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                self._note(each)
        if isinstance(error, NameError) and isinstance(error.name, str):
            hint = self.hint(error.name)
            if hint:
                error.add_note(hint)
        if isinstance(error, ImportError) and "no known parent package" in str(error):
            error.add_note("modules beside it are those of an installed package: --package PACKAGE")

    def beginning_at(self, entry: Any, home: Namespace) -> "WrittenProgram":
        """Return the same program, begun at a function of one of its namespaces.

        What the function closes over is copied now. Raises UsageError.
        """
        shown = getattr(entry, "__name__", "the function")
        return replace(self, entry=Copies(self.given, home).named(shown, entry))


def _importing(modules: Iterable[str]) -> bytes:
    """Return a text that stands for a function: which modules it imports is not known.

    So it may be any, and what they hold belongs to its process alone.
    """
    lines = ["globals()"]
    for module in modules:
        package, _, name = module.rpartition(".")
        if name.isidentifier() and not name.startswith("__"):
            lines.append(f"from .{package} import {name}")
    return "\n".join(lines).encode()


class WrittenModule:
    """The module of one process."""

    def __init__(self, program: WrittenProgram, our: Our, folders: Folders) -> None:
        """Run nothing yet."""
        self._program = program
        self._our = our
        self._folders = folders
        self._entered: tuple[Version, Tree] | None = None
        self._root = stable_name(str(our.address))
        self._name = f"{self._root}.{our.process.process_name}"
        self._module = ModuleType(self._name)

    def init(self) -> Init:
        """Run the module, and return the function to begin at; raises SpawnError."""
        program = self._program
        module = self._module
        module.__file__ = program.title
        if program.is_file and program.place is not None:
            module.__file__ = str(program.place.path)
            module.__loader__ = program.place
        module.__package__ = self._package()
        names = vars(module)
        names[PROGRAM] = program
        names["print"] = printer(self._our)
        names["__builtins__"] = BUILTINS
        sys.modules[self._root] = ModuleType(self._root)
        sys.modules[self._name] = module  # where dataclasses, pickle and the like look for names
        program.show()
        copies = Copies(names, program.given)
        for name, value in program.given.items():
            names[name] = copies.named(name, value)
        if program.code is not None:
            exec(program.code, names)  # noqa: S102 - its job
        entry = program.entry
        init = names.get("init") if entry is None else copies.named("init", entry)
        if not callable(init):
            raise SpawnError("NoFileAtPath", f"{program.title} has no `async def init(our)`")
        return init  # type: ignore[no-any-return]  # checked as far as can be

    def _package(self) -> str:
        """Return what relative imports begin at."""
        place = self._program.place
        if place is None or place.version is None:
            return ""
        tree = self._folders.enter(place, place.version)
        self._entered = place.version, tree
        return tree.package(place.package)

    def unload(self) -> None:
        """Forget the module, and what only it has imported."""
        if sys.modules.get(self._name) is self._module:  # else one that replaces it has the name
            del sys.modules[self._name]
            sys.modules.pop(self._root, None)
        if self._entered is not None:
            self._folders.leave(*self._entered)


def handed_over(program: Any) -> Any:
    """Return a program that shares nothing with the process that spawns it.

    That is: a function, a method or an object of its module. Those of other modules stay.
    """
    begun = program
    if not isinstance(program, FunctionType | MethodType | partial | type):
        called = getattr(type(program), "__call__", None)  # noqa: B004 - it is to be copied
        begun = MethodType(called, program) if isinstance(called, FunctionType) else program
    function = begun
    while isinstance(function, partial | MethodType):
        function = function.func if isinstance(function, partial) else function.__func__
    if not isinstance(function, FunctionType):
        return program
    home = function.__globals__.get(PROGRAM)
    if isinstance(home, Taken):
        home = _of_file(home)
    if not isinstance(home, WrittenProgram):
        return program
    return home.beginning_at(begun, function.__globals__)


def _of_file(taken: Taken) -> WrittenProgram:
    """Return a file's program as one that may begin at any of its functions."""
    return WrittenProgram(
        title=taken.shown,
        lines=taken.get_source("").splitlines(keepends=True),
        code=taken.compiled().code,
        beside=taken.path,
        place=taken,
        is_file=True,
    )
