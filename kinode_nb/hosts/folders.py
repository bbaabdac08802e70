"""The folders that a node's programs come from, in the versions that are in use.

Whoever runs keeps the version that it began with: a package that is installed anew gets new
modules, and a worker of the old one goes on with the old, also with those that it imports later.
"""

from dataclasses import dataclass
from importlib.abc import InspectLoader
from importlib.util import decode_source
from pathlib import Path

from kinode_nb.hosts.compiled import Compiled, compiled
from kinode_nb.hosts.reached import may_share
from kinode_nb.hosts.sources import Sources
from kinode_nb.hosts.trees import Tree
from kinode_nb.process_lib.syscalls import Code

_WHOLE = "pkg"  # the drive that holds a package's code, and nothing else


class Version:
    """A folder's modules as they were at one time, and the trees that processes have of them."""

    def __init__(self, sources: Sources) -> None:
        """Have no trees yet."""
        self.sources = sources
        self._shared: Tree | None = None
        self._sharing = 0  # processes
        self._own: set[Tree] = set()
        self._may_share: dict[tuple[str, bytes], bool] = {}

    def enter(self, package: str, source: bytes, program: Compiled) -> Tree:
        """Return the modules for one more process, whose program lies in ``package``."""
        share = self._may_share.get((package, source))
        if share is None:
            share = may_share(self.sources, program, package)
            self._may_share[package, source] = share
        if not share:
            tree = Tree(self.sources)
            self._own.add(tree)
            return tree
        if self._shared is None:
            self._shared = Tree(self.sources)
        self._sharing += 1
        return self._shared

    def leave(self, tree: Tree) -> None:
        """Note that a process has ended. Shared modules stay, for the next one."""
        if tree in self._own:
            self._own.discard(tree)
            tree.close()
        elif tree is self._shared:
            self._sharing -= 1

    @property
    def idle(self) -> bool:
        """No process runs with it."""
        return not self._sharing and not self._own

    def close(self) -> None:
        """Unload all modules."""
        for tree in (*self._own, *filter(None, [self._shared])):
            tree.close()
        self._own.clear()
        self._shared, self._sharing = None, 0
        self._may_share.clear()
        self.sources.forget_lines()


@dataclass(frozen=True)
class Taken(Code, InspectLoader):
    """A program as it was when its process was begun: what runs again when that restarts."""

    version: Version | None = None
    """What lies beside it; None where there is no such folder."""
    package: str = ""
    """Where it lies in there, such as ``api``."""
    shown: str = ""
    """What tracebacks call it."""

    def compiled(self) -> Compiled:
        """Return its code; raises SyntaxError, ValueError."""
        return compiled(self.source, self.shown)

    def get_source(self, fullname: str) -> str:
        """Return the text that tracebacks quote (it is its module's loader)."""
        return decode_source(self.source)


class Folders:
    """The versions of one node's folders."""

    def __init__(self, vfs: Path | None) -> None:
        """Call what is below ``vfs`` by its vfs path; anything else by its path here."""
        self._vfs = "" if vfs is None else f"{vfs}/"
        self._current: dict[str, Version] = {}
        self._old: set[Version] = set()

    def take(self, program: Path | Code) -> Taken:
        """Return a program as it is now; raises OSError."""
        path = program if isinstance(program, Path) else program.path
        folder, label, name = self._place(str(path))
        version = self._version(folder, label, name)
        package = name.rpartition("/")[0].replace("/", ".")
        shown = f"{label}/{name}"
        if isinstance(program, Code):
            return Taken(program.source, path, version, package, shown)
        source = path.read_bytes() if version is None else version.sources.text(name)
        return Taken(source, path, version, package, shown)

    def enter(self, taken: Taken, version: Version) -> Tree:
        """Return the modules for one more process of a program; to be left when it ends."""
        if self._current.get(version.sources.folder) is not version:
            self._old.add(version)  # anew, if it was closed: the process restarts with it
        return version.enter(taken.package, taken.source, taken.compiled())

    def leave(self, version: Version, tree: Tree) -> None:
        """Note that a process has ended; nothing is kept of what nobody can need again."""
        version.leave(tree)
        if not version.idle:
            return
        folder = version.sources.folder
        if version in self._old:
            self._old.discard(version)
            version.close()
        elif not Path(folder).is_dir():
            self._current.pop(folder, None)
            version.close()

    def close(self) -> None:
        """Unload all modules."""
        for version in (*self._current.values(), *self._old):
            version.close()
        self._current.clear()
        self._old.clear()

    def _place(self, path: str) -> tuple[str, str, str]:
        """Return the folder of a file's modules, what people call it, and the file's name there."""
        folder, _, name = path.rpartition("/")
        if not self._vfs or not path.startswith(self._vfs):
            return folder, folder, name
        package, drive, *inner = folder[len(self._vfs) :].split("/")
        if drive != _WHOLE:
            return folder, folder[len(self._vfs) - 1 :], name
        root = f"{package}/{drive}"
        return f"{self._vfs}{root}", f"/{root}", "/".join([*inner, name])

    def _version(self, folder: str, label: str, program: str) -> Version | None:
        """Return the version of a folder that it has now."""
        known = self._current.get(folder)
        if known is not None and not known.sources.stale(program):
            return known
        if known is not None:
            del self._current[folder]
            if known.idle:
                known.close()
            else:
                known.sources.forget_lines()
                self._old.add(known)
        if not Path(folder).is_dir():
            return None
        sources = Sources(folder, label, whole=label.endswith(f"/{_WHOLE}"))
        self._current[folder] = version = Version(sources)
        return version
