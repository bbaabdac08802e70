"""No module is named after nothing: such a module collects whatever has no home."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("kinode_nb", "tests", "benchmarks")
EMPTY_NAMES = {"common", "core", "misc"} | {
    f"{stem}{ending}" for stem in ("helper", "manager", "util") for ending in ("", "s")
}


def modules_and_folders() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted({*found, *(path.parent for path in found)})


def test_every_module_says_what_it_is_about():
    empty = [
        str(path.relative_to(ROOT))
        for path in modules_and_folders()
        if EMPTY_NAMES.intersection(path.stem.lower().split("_"))
    ]
    assert not empty, "name them after the noun that they define"
