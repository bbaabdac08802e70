"""Folders under either spelling: a package ``file-transfer`` often lies in ``file_transfer``."""

from pathlib import Path

from kinode_nb.kit.shown import shown


def either(path: Path) -> Path:
    """Return a path, or where nothing is there, the folder that differs from it by ``_`` or ``-``.

    Each part of the path may differ. Where two folders might be meant, none is.
    """
    if path.exists():
        return path
    above = path.parent if path.parent == path else either(path.parent)
    wanted = path.name.replace("_", "-")
    if not above.is_dir():
        return path
    found = [each for each in above.iterdir() if each.name.replace("_", "-") == wanted]
    return found[0] if len(found) == 1 and found[0].is_dir() else path


def meant(path: Path, where: str, notes: list[str]) -> Path:
    """Return the folder that is `either`, with a note where it is not the one that is written."""
    found = either(path)
    if found != path:
        notes.append(f"{where}: there is no {shown(path)}; {shown(found)} is taken")
    return found
