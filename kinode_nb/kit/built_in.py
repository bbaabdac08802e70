"""The packages that kinode_nb brings along."""

from pathlib import Path

BUILT_IN = Path(__file__).parent.parent / "packages"


def built_in() -> dict[str, Path]:
    """Return the folders of the built-in packages, by package name."""
    return {
        folder.name.replace("_", "-"): folder
        for folder in sorted(BUILT_IN.iterdir())
        if (folder / "metadata.json").is_file()
    }
