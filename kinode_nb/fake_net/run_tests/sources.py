"""Names files of a node's vfs as the sources that they were built from, for a person to open."""

from collections.abc import Mapping
from pathlib import Path


class Sources:
    """Which folder of a node's vfs came from which package folder."""

    def __init__(self) -> None:
        """Know none."""
        self._folders: dict[str, Path] = {}

    def add(self, home: Path, folders: Mapping[str, Path]) -> None:
        """Learn of the folders below a node's vfs, by their paths there.

        Files are called by their place in the home, or by their vfs path.
        """
        for inside, folder in folders.items():
            self._folders[f"{(home / 'vfs').resolve()}/{inside}/"] = folder
        for inside, folder in folders.items():
            self._folders[f"/{inside}/"] = folder

    def named(self, text: str) -> str:
        """Return a text in which every path below such a folder is that of its source."""
        for inside, folder in self._folders.items():
            text = text.replace(inside, f"{shown(folder)}/")
        return text


def shown(path: Path) -> str:
    """Return a path as it is seen from the working folder; one outside of it as it is."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
