"""Drives: folders of the machine that no name can lead out of.

Each folder on the way is opened by its one name in the folder before it, never through a link, so
that nothing can be swapped between a check and its use. A link that is met is followed by hand,
as long as it stays in its drive.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kinode_nb.system.refusals import Refused, io_error
from kinode_nb.system.vfs_descriptors import Descriptor, Descriptors
from kinode_nb.system.vfs_paths import VfsPath

T = TypeVar("T")
Parts = tuple[str, ...]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe that lies in a drive must not stop the node until somebody opens its other end.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAYBE_LINK = frozenset({errno.ELOOP, errno.ENOTDIR})  # what O_NOFOLLOW makes of one
_MOST_LINKS = 40  # as Linux


class Drive:
    """One drive. Its methods may be used from threads; names are those below the drive."""

    def __init__(self, where: str, descriptor: Descriptor) -> None:
        """Be the folder ``where`` (its real path), which is open."""
        self._where = where
        self._folder = descriptor
        status = os.fstat(descriptor.fd)
        self._identity = (status.st_dev, status.st_ino)

    def in_place(self) -> bool:
        """Tell whether the folder still is where it was; raises OSError when nothing is."""
        status = os.stat(self._where, follow_symlinks=False)  # noqa: PTH116 - hot path
        return (status.st_dev, status.st_ino) == self._identity

    def open(self, parts: Parts, flags: int) -> Descriptor:
        """Open a file; raises OSError, and Refused for links that lead out."""

        def here(folder: Descriptor, name: str) -> Descriptor:
            return Descriptor(os.open(name, flags | _FILE, 0o666, dir_fd=folder.fd))

        return self._at(parts, here)

    def folder(self, parts: Parts) -> Descriptor:
        """Open a folder."""
        return self._at(parts, _enter) if parts else self._folder

    def status(self, parts: Parts) -> os.stat_result:
        """Return what is at the end of all links."""

        def here(folder: Descriptor, name: str) -> os.stat_result:
            status = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            return status

        return self._at(parts, here)

    def locate(self, parts: Parts) -> tuple[Descriptor, str]:
        """Return the folder that a name is in, and the name there; a link there is not followed."""
        return self._at(parts, lambda folder, name: (folder, name), last=False)

    def make_folders(self, parts: Parts) -> None:
        """Make a folder and all that leads to it, as far as they are missing."""
        for depth in range(1, len(parts) + 1):
            folder, name = self.locate(parts[:depth])
            try:
                os.mkdir(name, dir_fd=folder.fd)
            except FileExistsError:
                if not stat.S_ISDIR(self.status(parts[:depth]).st_mode) and depth == len(parts):
                    raise

    def _at(self, parts: Parts, use: Callable[[Descriptor, str], T], *, last: bool = True) -> T:
        """Use a name in its folder; when there is a link on the way, where the links lead."""
        try:
            return use(*self._walk(parts))
        except OSError as error:
            if error.errno not in _MAYBE_LINK:
                raise
            real = self._follow(parts, last)
            if real == parts:
                raise
        return use(*self._walk(real))

    def _walk(self, parts: Parts) -> tuple[Descriptor, str]:
        folder = self._folder
        if not parts:
            return folder, "."
        for name in parts[:-1]:
            folder = _enter(folder, name)
        return folder, parts[-1]

    def _follow(self, parts: Parts, last: bool) -> Parts:
        """Return the names without links; what they lead to is opened like any other name."""
        real: list[str] = []
        ahead = list(reversed(parts))
        links = 0
        while ahead:
            name = ahead.pop()
            if name == "..":
                if not real:
                    raise _leads_out(parts)
                real.pop()
            elif name not in {"", "."}:
                target = self._link(real, name) if ahead or last else None
                if target is None:
                    real.append(name)
                    continue
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                if target.startswith("/"):
                    target = self._inside(target, parts)
                    real.clear()
                ahead += reversed(target.split("/"))
        return tuple(real)

    def _link(self, folder: list[str], name: str) -> str | None:
        """Return where a link leads, None when the name is none."""
        try:
            return os.readlink("/".join((self._where, *folder, name)))  # noqa: PTH115
        except OSError:
            return None

    def _inside(self, target: str, parts: Parts) -> str:
        """Return an absolute link's target as seen from the drive."""
        if target != self._where and not target.startswith(self._where + "/"):
            raise _leads_out(parts)
        return target[len(self._where) + 1 :]


class _Kept:
    """A drive whose folder is kept open."""

    def __init__(self, drive: Drive, kept: dict[str, "_Kept"], home: str) -> None:
        self.drive = drive
        self._kept = kept
        self._home = home

    def let_go(self) -> None:
        """Forget the drive; it is looked up again when it is asked for."""
        del self._kept[self._home]


class Drives:
    """All drives of one node."""

    def __init__(self, root: Path, descriptors: Descriptors) -> None:
        """Have them in ``root``, a real path that exists."""
        self.root = str(root)
        self._descriptors = descriptors
        self._kept: dict[str, _Kept] = {}

    def find(self, path: VfsPath) -> Drive:
        """Return a path's drive; raises OSError, and Refused for a link in the drive's place."""
        kept = self._kept.get(path.home)
        if kept is not None:
            self._descriptors.touch(kept)
            if kept.drive.in_place():
                return kept.drive
            self._descriptors.drop(kept)
            kept.let_go()
        package = self.package(path)
        descriptor = self._enter(package[0], path.drive, path)
        drive = Drive(f"{package[1]}/{path.drive}", descriptor)
        kept = self._kept[path.home] = _Kept(drive, self._kept, path.home)
        self._descriptors.keep(kept)
        return drive

    def top(self) -> Descriptor:
        """Open the folder that all packages are in."""
        return Descriptor(os.open(self.root, _FOLDER))

    def package(self, path: VfsPath) -> tuple[Descriptor, str]:
        """Open a package's folder; return its real path too.

        A link beside the packages may lead to another of them: Kinode's older documentation
        spells some packages differently.
        """
        real = os.path.realpath(f"{self.root}/{path.home.partition('/')[0]}")
        if os.path.dirname(real) != self.root:  # noqa: PTH120 - text, as above
            raise _leads_out((path.home,))
        return Descriptor(os.open(real, _FOLDER)), real

    def locate(self, path: VfsPath) -> tuple[Descriptor, str]:
        """Return the folder that a name is in, and the name there; for the drive itself too."""
        if path.parts:
            return self.find(path).locate(path.parts)
        return self.package(path)[0], path.drive

    def make(self, path: VfsPath) -> Drive:
        """Make a path's drive where it is missing, and return it."""
        try:
            return self.find(path)
        except FileNotFoundError:
            pass
        package = path.home.partition("/")[0]
        _make(f"{self.root}/{package}")
        folder, _ = self.package(path)
        _make(path.drive, folder.fd)
        return self.find(path)

    def close(self) -> None:
        """Keep none of them open."""
        for kept in list(self._kept.values()):
            self._descriptors.drop(kept)
        self._kept.clear()

    def _enter(self, package: Descriptor, drive: str, path: VfsPath) -> Descriptor:
        try:
            return _enter(package, drive)
        except OSError as error:
            if error.errno in _MAYBE_LINK and _is_link(package, drive):
                raise _leads_out((path.home,)) from None
            raise


def _enter(folder: Descriptor, name: str) -> Descriptor:
    return Descriptor(os.open(name, _FOLDER, dir_fd=folder.fd))


def _is_link(folder: Descriptor, name: str) -> bool:
    status = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
    return stat.S_ISLNK(status.st_mode)


def _make(name: str, folder: int | None = None) -> None:
    with contextlib.suppress(FileExistsError):  # whatever is there, entering it will tell
        os.mkdir(name, dir_fd=folder)


def _leads_out(parts: Parts) -> Refused:
    return io_error(f"a link on the way to {'/'.join(parts)!r} leads out of its drive")
