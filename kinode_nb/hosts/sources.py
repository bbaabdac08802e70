"""The Python files of a folder, as they were when a process of it was begun.

A real node reads a process's Wasm once: who runs keeps its code, whatever becomes of the file. So
the files of a package's ``pkg`` drive are read as a whole, also those that nobody has imported yet;
a drive that was replaced, or a file that was changed, is other `Sources`.

Any other folder may be large and hold anything: there a file is read when it is first asked for.
"""

import linecache
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from kinode_nb.hosts.compiled import Compiled, compiled

_Stamp = tuple[int, int, int]
_GLANCE = 0.05  # seconds: thousands of workers may begin in one, and to look at all files costs
NAMESPACE = ""
"""Stands for the file of a folder of modules that has no ``__init__.py``."""


class Sources:
    """The modules below one folder, by their paths there, such as ``api/chat.py``."""

    def __init__(self, folder: str, label: str, *, whole: bool) -> None:
        """Read all files of a ``whole`` folder. ``label`` is its vfs path, which people see."""
        self.folder = folder
        self.label = label
        self._whole = whole
        self._texts: dict[str, bytes] = {}
        self._stamps: dict[str, _Stamp | None] = {}
        self._folders: list[str] = []
        self._looked = time.monotonic()
        if whole:
            for path in _walk(folder):
                self._stamps[path] = _stamp(path)
                if path.endswith(".py"):
                    self._texts[path[len(folder) + 1 :]] = Path(path).read_bytes()
                else:
                    self._folders.append(path)

    def stale(self, program: str) -> bool:
        """Tell whether what was read is not what lies there now; a program is always looked at."""
        always = [*self._folders, self.path(program)]
        if any(_stamp(path) != self._stamps[path] for path in always if path in self._stamps):
            return True
        now = time.monotonic()
        if now - self._looked < _GLANCE:
            return False
        self._looked = now
        return any(_stamp(path) != stamp for path, stamp in list(self._stamps.items()))

    def path(self, name: str) -> str:
        """Return where a file lies on this machine, or has lain; for '' the folder itself."""
        return f"{self.folder}/{name}" if name else self.folder

    def shown(self, name: str) -> str:
        """Return what people know a file by."""
        return f"{self.label}/{name}"

    def text(self, name: str) -> bytes:
        """Return what is in a file; raises OSError."""
        known = self._texts.get(name)
        if known is None:
            path = self.path(name)
            if self._whole:
                raise FileNotFoundError(2, os.strerror(2), self.shown(name))
            self._stamps[path] = _stamp(path)
            known = self._texts[name] = Path(path).read_bytes()
        return known

    def compiled(self, name: str) -> Compiled:
        """Return the code of a file; raises OSError, SyntaxError, ValueError."""
        return compiled(self.text(name), self.shown(name))

    def file_of(self, module: str) -> str | None:
        """Return the file of a module (``api.chat``), `NAMESPACE`, or None where there is none."""
        stem = module.replace(".", "/")
        names = (f"{stem}/__init__.py", f"{stem}.py") if stem else ("__init__.py",)
        found = next(filter(self._is_file, names), None)
        return NAMESPACE if found is None and self._is_folder(stem) else found

    def modules(self) -> list[str]:
        """Return the names of all modules there are; for a hint at a near one."""
        names: Iterable[str] = list(self._texts)
        if not self._whole:
            names = (path.name for path in Path(self.folder).glob("*.py"))
        stems = (name.removesuffix(".py").removesuffix("/__init__") for name in names)
        return [stem.replace("/", ".") for stem in stems]

    def forget_lines(self) -> None:
        """Let tracebacks show other files' lines under these names from now on."""
        for name in list(self._texts):
            linecache.cache.pop(self.shown(name), None)

    def _is_file(self, name: str) -> bool:
        return name in self._texts or (not self._whole and os.path.isfile(self.path(name)))  # noqa: PTH113 - hot

    def _is_folder(self, stem: str) -> bool:
        path = self.path(stem)
        return path in self._stamps or (not self._whole and os.path.isdir(path))  # noqa: PTH112 - hot


def _walk(folder: str) -> Iterator[str]:
    """Yield a folder, all below it, and their Python files; links are not followed."""
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield at
        yield from (f"{at}/{name}" for name in sorted(files) if name.endswith(".py"))


def _stamp(path: str) -> _Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - many times, for every process that begins
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
