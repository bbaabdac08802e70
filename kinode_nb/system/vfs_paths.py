"""Paths of vfs: ``[/]package:publisher/drive[/folder/file]``, and why a name is refused.

Kinode normalises ``.`` and ``..`` before it reads package and drive off, so there a path that
begins in one drive can end in another. Here ``..`` takes back a name inside the drive and nothing
else: who was given one drive cannot spell another.
"""

import errno
import os
from functools import lru_cache

import msgspec

from kinode_nb.system.refusals import MALFORMED_REQUEST, Refused, os_error
from kinode_nb.types import PackageId

_LONGEST_NAME = 255  # bytes: NAME_MAX of the file systems in use
_LONGEST_PATH = 4096  # bytes: Linux's PATH_MAX


class VfsPath(msgspec.Struct, frozen=True):
    """A path that stays in its drive: the names in ``parts`` are neither ``.`` nor ``..``."""

    package: PackageId
    drive: str
    parts: tuple[str, ...]
    """What follows the drive; empty for the drive itself."""
    home: str
    """Package and drive, as ``package:publisher/drive``."""
    text: str
    """The whole path in its one spelling, without a leading slash."""


ROOT = VfsPath(PackageId("", ""), "", (), "", "")
"""``/``, which is no drive: ReadDir alone takes it, and lists the packages."""


@lru_cache(maxsize=4096)
def parse(text: str) -> VfsPath:
    """Read a path; raises Refused, with MalformedRequest or the system's error for long names."""
    names: list[str] = []
    for name in text.split("/"):
        if name == "..":
            if len(names) <= 2:  # noqa: PLR2004 - package and drive
                raise Refused(MALFORMED_REQUEST)
            names.pop()
        elif name not in {"", "."}:
            names.append(name)
    if len(names) < 2 or "\0" in text:  # noqa: PLR2004 - package and drive
        raise Refused(MALFORMED_REQUEST)
    plain = "/".join(names)
    check_length(plain, names)
    package, drive, *parts = names
    return VfsPath(_package(package), drive, tuple(parts), f"{package}/{drive}", plain)


def check_length(path: str, names: list[str]) -> None:
    """Raise Refused for what no file system takes, before anything on the way is made."""
    size = len(os.fsencode(path))
    if size <= _LONGEST_NAME:
        return
    if size > _LONGEST_PATH or any(len(os.fsencode(name)) > _LONGEST_NAME for name in names):
        raise os_error(errno.ENAMETOOLONG)


def _package(text: str) -> PackageId:
    """Read a package id as leniently as Kinode does here: any two texts around one colon."""
    package, _, publisher = text.partition(":")
    if not package or not publisher or ":" in publisher:
        raise Refused(MALFORMED_REQUEST)
    return PackageId(package, publisher)
