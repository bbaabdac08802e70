"""What a build generates for the built-in packages lies beside them, for type checkers."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit import packages
from kinode_nb.kit.built_in import built_in


def generated(folder: Path) -> set[str]:
    """Return the paths in ``pkg`` of the modules that stand there as a build would write them."""
    pkg = folder / "pkg"
    return {f"api/{path.name}" for path in (pkg / "api").glob("*")} - {"api/__pycache__"} | {
        path.name for path in pkg.glob("features.py")
    }


@pytest.mark.parametrize("name", built_in())
def test_the_generated_modules_are_current(name: str) -> None:
    """`python -m tests.packages.test_generated` writes them."""
    folder, files = built_in()[name], packages.find(name).files
    made = {path for path in files if is_generated(path)}
    assert generated(folder) == made
    for path in made:
        assert (folder / "pkg" / path).read_bytes() == files[path], f"{name}: {path} is out of date"


def is_generated(path: str) -> bool:
    return path == "features.py" or (path.startswith("api/") and path.endswith(".py"))


def write() -> None:
    """Write the modules of all built-in packages."""
    for name, folder in built_in().items():
        files = packages.find(name).files
        for path in generated(folder) - files.keys():
            (folder / "pkg" / path).unlink()
        for path in filter(is_generated, files):
            (folder / "pkg" / path).parent.mkdir(exist_ok=True)
            (folder / "pkg" / path).write_bytes(files[path])


if __name__ == "__main__":
    write()
