"""Whether a written path stays in a package's folder: folders, too, come from somebody else."""

import os
from pathlib import Path, PurePosixPath

_LONGEST = 255  # bytes of a name, as file systems have it


def is_inside(folder: Path, written: str, below: str = ".") -> bool:
    """Tell whether a path, written from a folder on, lies in it, links followed.

    It is relative, has no ``..``, and lies below the subfolder ``below``. It need not exist.
    """
    path = PurePosixPath(written)
    if path.is_absolute() or ".." in path.parts or not path.is_relative_to(below):
        return False
    try:
        if any(len(os.fsencode(part)) > _LONGEST for part in path.parts):
            return False
        whole = Path(os.path.realpath(folder))  # unlike resolve, it bears links in a circle
        base = Path(os.path.realpath(whole / below))
        found = Path(os.path.realpath(whole / written))
    except ValueError:  # a NUL, or half a character
        return False
    return base.is_relative_to(whole) and base in found.parents
