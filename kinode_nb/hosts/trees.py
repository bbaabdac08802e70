"""Private module trees: what a process's relative imports find.

A tree is the modules of one `Sources` under an import name of its own, so two nodes, or two
versions of a package, never meet in ``sys.modules``. Processes share nothing: where modules could
hold state, each process gets a tree for itself. Where none could (`module_state`), all share one,
since nobody can tell, and a worker begins in microseconds.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import itertools
import sys
import zlib
from collections.abc import Sequence
from types import CodeType, ModuleType

from kinode_nb.hosts.printing import print_
from kinode_nb.hosts.sources import NAMESPACE, Sources
from kinode_nb.types import nearest

PREFIX = "_kinode_"
"""What the import names of trees, and of processes' own modules, begin with; a number follows."""
_numbers = itertools.count(1)
_FAR = 10**12  # beyond what is ever counted


def fresh_name() -> str:
    """Return a name at the top of ``sys.modules`` that nothing has."""
    return f"{PREFIX}{next(_numbers)}"


def stable_name(whose: str) -> str:
    """Return a name that nothing else has, and that is the same whenever this is asked again."""
    return f"{PREFIX}{_FAR + zlib.crc32(whose.encode(errors='backslashreplace'))}"


class Tree:
    """The modules of a folder, as one process sees them, or all of those that may share them."""

    def __init__(self, sources: Sources) -> None:
        """Be importable, until `close`; modules are run when they are imported."""
        self.name = fresh_name()
        self.sources = sources
        if _FINDER not in sys.meta_path:
            sys.meta_path.insert(0, _FINDER)
        _FINDER.trees[self.name] = self

    def close(self) -> None:
        """Unload its modules. Code that goes on cannot import any more of them."""
        _FINDER.trees.pop(self.name, None)
        below = self.name + "."
        for name in list(sys.modules):  # other threads import meanwhile
            if name == self.name or name.startswith(below):
                sys.modules.pop(name, None)

    def package(self, inner: str) -> str:
        """Return the import name of a folder in it; run its ``__init__.py`` where there is one."""
        name = f"{self.name}.{inner}" if inner else self.name
        if name not in sys.modules:
            importlib.import_module(name)
        return name

    def spec(self, module: str) -> importlib.machinery.ModuleSpec:
        """Return how to load a module of it (``api.chat``); raises ModuleNotFoundError."""
        full = f"{self.name}.{module}" if module else self.name
        file = self.sources.file_of(module)
        if file is None and module:
            raise ModuleNotFoundError(_missing(self.sources, module), name=full)
        is_package = not file or file.endswith("__init__.py")
        spec = importlib.machinery.ModuleSpec(
            full,
            Loader(self.sources, file or NAMESPACE),
            origin=self.sources.path(file) if file else None,
            is_package=is_package,
        )
        spec.has_location = bool(file)
        if is_package:
            spec.submodule_search_locations = [self.sources.path(module.replace(".", "/"))]
        return spec


class Loader(importlib.abc.InspectLoader):
    """Runs one module of a tree."""

    def __init__(self, sources: Sources, file: str) -> None:
        """Load a file, or nothing for a folder without ``__init__.py``."""
        self._sources = sources
        self._file = file
        self.shown = sources.shown(file) if file else sources.label
        """What people know the file by."""

    def get_source(self, fullname: str) -> str:
        """Return the text that tracebacks quote."""
        if not self._file:
            return ""
        return importlib.util.decode_source(self._sources.text(self._file))

    def get_code(self, fullname: str) -> CodeType:
        """Return the code, which all trees share."""
        return self._sources.compiled(self._file).code if self._file else _NOTHING

    def is_package(self, fullname: str) -> bool:
        """Tell whether modules may be below it."""
        return not self._file or self._file.endswith("__init__.py")

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Make it; what it prints goes to the terminal of the node."""
        module = ModuleType(spec.name)
        module.__dict__["print"] = print_
        return module


_NOTHING = compile("", "<namespace>", "exec")


class _Finder:
    """Finds the modules of all trees, and no others (``sys.meta_path``)."""

    def __init__(self) -> None:
        self.trees: dict[str, Tree] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        root, _, module = fullname.partition(".")
        tree = self.trees.get(root)
        return None if tree is None else tree.spec(module)


_FINDER = _Finder()


def tree_of(module: str) -> tuple[Tree, str] | None:
    """Return the tree that a module's import name is of, and what it is called in there."""
    root, _, name = module.partition(".")
    tree = _FINDER.trees.get(root)
    return None if tree is None else (tree, name)


def _missing(sources: Sources, module: str) -> str:
    near = nearest(module, sources.modules())
    return f"{sources.label} has no module {module!r}.{near}"
