"""Files and paths as a person meets them."""

from pathlib import Path

from kinode_nb.types import PackageError


def shown(path: Path) -> Path:
    """Return a path from the working folder on where it lies in it, else the whole one.

    So it is short, and a notebook stores no folders of the machine.
    """
    try:
        return path.resolve().relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere; or the working folder is gone
        return path


def content(path: Path) -> bytes:
    """Return what a file holds; raises PackageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{shown(path)} cannot be read: {error.strerror}") from None
