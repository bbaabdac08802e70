"""Names files of a node's vfs as the sources that they were built from, for a person to open."""

import ast
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from kinode_nb.process_lib.places import Place
from kinode_nb.types.programs import program_name


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

    def init_of(self, folder: str) -> Place:
        """Return where the test in such a folder has its ``init``; line 0 where it has none."""
        program = f"{PurePosixPath(folder).name}.wasm"
        inside = program_name(f"{folder}/{program}", lambda name: is_file(self.named(name)))
        if inside is None:
            return Place()
        file = self.named(inside)
        return Place(file, _init_line(Path(file)))


def _init_line(file: Path) -> int:
    try:
        parsed = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0
    functions = [each for each in parsed.body if isinstance(each, ast.AsyncFunctionDef)]
    return next((each.lineno for each in functions if each.name == "init"), 0)


def is_file(path: str) -> bool:
    """Tell whether a file is there, whatever its name is."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def shown(path: Path) -> str:
    """Return a path as it is seen from the working folder; one outside of it as it is."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
