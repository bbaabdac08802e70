"""What the record of a build may say: it comes with the folder, perhaps from somebody else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from kinode_nb.kit import record
from kinode_nb.kit.building import build
from kinode_nb.kit.record import Record
from tests.kit.package_folders import package, tree

TEXT = b"not yours\n"
DIGEST = hashlib.sha256(TEXT).hexdigest()


def folder_with(folder: Path, **said: object) -> Path:
    """Write a package whose build.json says this."""
    written = package(folder)
    (written / "target").mkdir()
    (written / record.PLACE).write_text(json.dumps(said))
    return written


@pytest.mark.parametrize(
    "path",
    ["{outside}", "../outside.txt", "pkg/../../outside.txt", "pkg/../own.txt", "own.txt"],
)
def test_a_build_removes_only_what_lies_below_pkg(tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(TEXT)
    folder = folder_with(tmp_path / "p", copied={path.format(outside=outside): DIGEST})
    (folder / "own.txt").write_bytes(TEXT)
    build(folder)
    assert outside.read_bytes() == (folder / "own.txt").read_bytes() == TEXT


@pytest.mark.parametrize("target", ["..", "../.."], ids=["in the folder", "out of it"])
def test_nor_does_a_link_lead_it_elsewhere(tmp_path: Path, target: str) -> None:
    folder = folder_with(tmp_path / "p", copied={"pkg/link/own.txt": DIGEST})
    (folder / "pkg/link").symlink_to(target)
    own = folder / "pkg" / target / "own.txt"
    own.write_bytes(TEXT)
    build(folder)
    assert own.read_bytes() == TEXT


def test_a_pkg_that_is_a_link_out_of_the_folder_is_left_as_it_is(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "p", copied={"pkg/own.txt": DIGEST})
    (folder / "pkg").rename(tmp_path / "elsewhere")
    (folder / "pkg").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/own.txt").write_bytes(TEXT)
    build(folder)
    assert (tmp_path / "elsewhere/own.txt").read_bytes() == TEXT


def test_what_a_build_left_below_pkg_goes(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, copied={"pkg/old/own.txt": DIGEST})
    (folder / "pkg/old").mkdir()
    (folder / "pkg/old/own.txt").write_bytes(TEXT)
    assert "old/own.txt" not in build(folder).package.files
    assert not (folder / "pkg/old/own.txt").exists()


def test_but_not_if_its_author_has_changed_it_since(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, copied={"pkg/own.txt": DIGEST})
    (folder / "pkg/own.txt").write_bytes(TEXT + b"mine\n")
    assert build(folder).package.files["own.txt"] == TEXT + b"mine\n"
    assert (folder / "pkg/own.txt").exists()


@pytest.mark.parametrize("path", ["{outside}", "../outside.txt", "link.txt", "pkg/" + "x" * 300])
def test_what_was_added_from_elsewhere_is_not_packed(tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(TEXT)
    folder = folder_with(tmp_path / "p", added=[path.format(outside=outside)])
    (folder / "link.txt").symlink_to(outside)
    assert "api.zip" not in build(folder).package.files


@pytest.mark.parametrize(
    "said",
    [
        {"copied": {"pkg/a\0b": DIGEST, "pkg/" + "x" * 300: DIGEST, "pkg/\ud800": ""}},
        {"added": ["a\0b", ".."]},
        {"features": ['x"})\nimport os  #']},
    ],
    ids=["copied", "added", "features"],
)
def test_what_no_build_can_have_written_is_passed_over(
    tmp_path: Path, said: dict[str, object]
) -> None:
    folder = folder_with(tmp_path, **said)
    build(folder)
    written = tree(folder)
    assert b"import os" not in written["pkg/features.py"]
    assert record.read(folder).features == ()


def test_a_link_that_leads_to_itself_is_no_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, copied={"pkg/loop/x": DIGEST}, added=["pkg/loop"])
    (folder / "pkg/loop").symlink_to("loop")
    build(folder)
    assert record.read(folder) == Record(copied=record.read(folder).copied)
