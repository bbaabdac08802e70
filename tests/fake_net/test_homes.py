"""Homes: private, removed, never shared, and swept after a crash."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kinode_nb.fake_net.homes import Homes, sweep
from kinode_nb.types import NodeError


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def left(folder: Path) -> list[str]:
    return [path.name for root in folder.iterdir() for path in root.iterdir()]


def test_a_temporary_home_is_private_and_goes(own_temporary_folder: Path) -> None:
    homes = Homes()
    home = homes.open("fake.dev", None, persist=False)
    assert (home / "vfs").is_dir()
    for folder in (home, *home.parents[:2]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (home / "vfs" / "file").write_text("x")
    homes.close(home)
    assert left(own_temporary_folder) == []


def test_the_last_home_takes_the_session_along(own_temporary_folder: Path) -> None:
    homes = Homes()
    first, second = (homes.open(name, None, persist=False) for name in ("a.dev", "b.dev"))
    homes.close(first)
    assert second.is_dir()
    homes.close(second)
    assert left(own_temporary_folder) == []


def test_a_named_home_stays_and_is_held_by_one_node(tmp_path: Path) -> None:
    homes, others = Homes(), Homes()
    home = homes.open("fake.dev", tmp_path / "home", persist=False)
    with pytest.raises(NodeError, match="is the home of a node that is running"):
        others.open("fake2.dev", tmp_path / "home", persist=False)
    homes.close(home)
    assert (home / "vfs").is_dir()
    others.close(others.open("fake2.dev", tmp_path / "home", persist=False))


def test_a_home_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NodeError, match=r"cannot be the home of fake\.dev"):
        Homes().open("fake.dev", tmp_path / "file", persist=False)


def test_what_a_killed_process_left_goes_at_the_next_boot(own_temporary_folder: Path) -> None:
    code = (
        "import os, signal; from kinode_nb.fake_net.homes import Homes;"
        "homes = Homes(); print(homes.open('gone.dev', None, persist=False), flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = dict(os.environ, TMPDIR=str(own_temporary_folder))
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    home = Path(result.stdout.strip())
    assert home.is_dir(), result.stderr
    homes = Homes()
    mine = homes.open("fake.dev", None, persist=False)
    assert not home.exists()
    sweep()
    assert mine.is_dir(), "a home that is held stays"
    homes.close(mine)
    assert left(own_temporary_folder) == []
