"""The versions of a folder: each is there as long as a process runs with it, and no longer."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest

from kinode_nb.hosts.folders import Folders, Taken
from kinode_nb.hosts.trees import Tree

TEXT = "from .side import x\nasync def init(our): pass\n"


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """Return a package's ``pkg`` drive."""
    drive = tmp_path / "t:os" / "pkg"
    drive.mkdir(parents=True)
    (drive / "main.py").write_text(TEXT)
    return drive


def begin(folders: Folders, taken: Taken) -> Tree:
    assert taken.version is not None
    tree = folders.enter(taken, taken.version)
    importlib.import_module(f"{tree.name}.side")
    return tree


def end(folders: Folders, taken: Taken, tree: Tree) -> None:
    assert taken.version is not None
    folders.leave(taken.version, tree)


def modules() -> list[str]:
    return [name for name in list(sys.modules) if name.startswith("_kinode_")]


STATES = ["x = 1", "x = []"]


@pytest.mark.parametrize("state", STATES, ids=["shared", "own"])
def test_a_restart_in_a_version_that_was_closed_leaves_nothing(drive: Path, state: str):
    (drive / "side.py").write_text(state)
    folders = Folders(drive.parents[1])
    taken = folders.take(drive / "main.py")
    tree = begin(folders, taken)
    (drive / "main.py").write_text(f"{TEXT}# another one")
    assert folders.take(drive / "main.py").version is not taken.version
    end(folders, taken, tree)
    assert modules() == []
    again = begin(folders, taken)
    end(folders, taken, again)
    assert modules() == []
    begin(folders, taken)
    folders.close()
    assert modules() == []


@pytest.mark.parametrize("state", STATES, ids=["shared", "own"])
def test_the_last_process_of_a_folder_that_is_gone_takes_its_modules_along(drive: Path, state: str):
    (drive / "side.py").write_text(state)
    folders = Folders(drive.parents[1])
    taken = folders.take(drive / "main.py")
    tree = begin(folders, taken)
    shutil.rmtree(drive)
    assert modules()
    end(folders, taken, tree)
    assert modules() == []
