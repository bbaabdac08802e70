"""Paths as a person reads them: short, and in a notebook without the machine's own folders."""

from pathlib import Path


def shown(path: Path) -> Path:
    """Return a path from the working folder on where it lies in it, else the whole one."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere; or the working folder is gone
        return path
