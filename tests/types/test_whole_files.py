"""Several files at once: all of them, or what was."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.types.whole_files import write_all


def test_folders_are_made(tmp_path: Path) -> None:
    files = {tmp_path / "a/b/x": b"1", tmp_path / "a/y": b"2", tmp_path / ("z" * 255): b"3"}
    (tmp_path / "a").mkdir()
    (tmp_path / "a/y").write_bytes(b"old")
    write_all(files)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize(
    ("name", "named"),
    [("file/x", "file"), ("folder", "folder"), ("z" * 256, "z" * 256)],
    ids=["below a file", "a folder", "too long"],
)
def test_one_that_cannot_be_written_leaves_all_as_it_was(
    tmp_path: Path, name: str, named: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "other").write_bytes(b"old")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(OSError, match=name[:5].partition("/")[0]) as caught:
        write_all({tmp_path / "other": b"new", tmp_path / "made/x": b"new", tmp_path / name: b"1"})
    assert caught.value.filename == str(tmp_path / named)
    assert set(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_bytes() == (tmp_path / "other").read_bytes() == b"old"


def test_who_interrupts_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Path.write_bytes

    def interrupted(path: Path, content: bytes) -> int:
        if path.name == ".second.new":
            raise KeyboardInterrupt
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / "made/first": b"1", tmp_path / "made/second": b"2"})
    assert not list(tmp_path.iterdir())
