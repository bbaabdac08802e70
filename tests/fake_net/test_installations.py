"""The table of a node's packages, across stop and boot of one home."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kinode_nb.fake_net.kept_packages import KeptPackages
from kinode_nb.kit.packages import BUILT_IN
from kinode_nb.portal import FakeNet
from kinode_nb.types import PackageError, PackageId
from tests.kit.package_folders import package


def test_packages_are_there_again_and_run_once(net: FakeNet, tmp_path: Path) -> None:
    home = tmp_path / "home"
    node = net.boot("a.dev", port="none", home=home)
    node.start("chat", "file-transfer")
    before = net.packages().drop(columns="node")
    assert len(before) == 2
    node.stop()
    again = net.boot("a.dev", port="none", home=home)
    assert net.packages().drop(columns="node").equals(before)
    assert [name for name in net.process_names() if name.endswith(":chat:template.os")] == [
        "a.dev@chat:chat:template.os"
    ]
    again.send("a.dev", "to myself")
    assert again.history("a.dev")["content"].tolist() == ["to myself"]
    again.start("chat")
    assert net.take_notes() == ["chat is already started on a.dev"]


def test_transfers_of_a_package_that_came_back_are_seen(net: FakeNet, tmp_path: Path) -> None:
    other = net.boot("b.dev", port="none")
    home = tmp_path / "home"
    net.boot("a.dev", port="none", home=home).start("file-transfer")
    other.start("file-transfer")
    other.put("x.bin", data=b"x" * 10)
    net.stop("a.dev")
    transfer = net.boot("a.dev", port="none", home=home).download("x.bin", "b.dev").wait(60)
    assert (transfer.status, net.transfers()["chunks"].tolist()) == ("done", [1])


def test_a_home_of_our_own_that_is_kept_brings_them_back(net: FakeNet) -> None:
    node = net.boot("kept.dev", port="none", persist=True)
    home = node.home
    try:
        node.start("chat")
        node.stop()
        net.boot("kept.dev", port="none", persist=True)
        assert net.packages()["package"].tolist() == ["chat:template.os"]
    finally:
        net.stop()
        shutil.rmtree(home)


def test_what_was_removed_stays_away(net: FakeNet, tmp_path: Path) -> None:
    node = net.boot("a.dev", port="none", home=tmp_path / "home")
    node.start("chat")
    net.portal.do(
        lambda: node._core.installations.uninstall(node._core.installations.named("chat"))
    )
    node.stop()
    net.boot("a.dev", port="none", home=tmp_path / "home")
    assert net.packages().empty


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("kernel/packages.json", "{", "no package is brought back: packages.json cannot be read"),
        ("kernel/packages.json", '[{"package": 1}]', "no package is brought back"),
        ("vfs/chat:template.os/pkg/manifest.json", "{", "chat:template.os is forgotten"),
        ("vfs/chat:template.os/pkg/manifest.json", None, "No such file or directory"),
    ],
)
def test_a_home_that_was_tampered_with_still_boots(
    net: FakeNet, tmp_path: Path, file: str, content: str | None, said: str
) -> None:
    node = net.boot("a.dev", port="none", home=tmp_path)
    node.start("chat")
    node.stop()
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(content)
    again = net.boot("a.dev", port="none", home=tmp_path)
    assert net.packages().empty
    assert said in again.terminal()
    again.start("chat")
    assert net.packages()["processes"].tolist() == [1]


def test_starting_again_brings_back_what_has_ended(net: FakeNet, tmp_path: Path) -> None:
    folder = tmp_path / "once"
    shutil.copytree(BUILT_IN / "chat", folder)
    entry = json.loads((folder / "pkg/manifest.json").read_text())[0] | {"on_exit": "None"}
    (folder / "pkg/manifest.json").write_text(json.dumps([entry]))
    (folder / "pkg/chat.py").write_text("async def init(our):\n    await our.receive()\n")
    node = net.boot(port="none")
    node.start(str(folder))
    chat = f"{node.name}@chat:chat:template.os"
    with pytest.raises(Exception, match="Timeout"):
        node.request(chat, "end", timeout=1)
    assert chat not in net.process_names()
    node.start(str(folder))
    assert chat in net.process_names()
    assert net.take_notes() == [f"chat had ended on {node.name}, and is begun again"]


@pytest.mark.parametrize("place", ["chat:template.os", "chat:template.os/pkg"])
def test_a_drive_that_cannot_be_written_is_told(net: FakeNet, place: str) -> None:
    node = net.boot(port="none")
    path = node.home / "vfs" / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    with pytest.raises(PackageError, match=r"chat:template\.os\S* cannot be (unpacked|replaced): "):
        node.start("chat")
    assert list(path.parent.glob(".pkg*")) == []
    assert net.packages().empty


def test_what_a_killed_node_had_begun_to_unpack_goes(net: FakeNet, tmp_path: Path) -> None:
    left = tmp_path / "vfs/chat:template.os/.pkg-0123"
    left.mkdir(parents=True)
    (left / "half.py").write_text("x")
    net.boot("a.dev", port="none", home=tmp_path)
    assert not left.exists()


def test_a_table_that_cannot_be_written_is_told_and_the_package_runs(
    net: FakeNet, tmp_path: Path
) -> None:
    node = net.boot("a.dev", port="none", home=tmp_path)
    (tmp_path / "kernel/.packages.json.new").mkdir(parents=True)
    node.start("chat")
    assert "packages.json cannot be written: Is a directory" in node.terminal()
    assert net.packages()["processes"].tolist() == [1]


def test_what_a_manifest_grants_is_granted_again(net: FakeNet, tmp_path: Path) -> None:
    """http-server is the node's own, and begins with every boot: it is let in once more."""
    folder = tmp_path / "shy"
    shutil.copytree(BUILT_IN / "chat", folder)
    entry = json.loads((folder / "pkg/manifest.json").read_text())[0]
    entry |= {"public": False, "grant_capabilities": ["http-server:distro:sys"]}
    entry["request_capabilities"] = ["http-server:distro:sys"]
    (folder / "pkg/manifest.json").write_text(json.dumps([entry]))
    node = net.boot("a.dev", port="none", home=tmp_path / "home")
    node.start(str(folder))
    answers = [node.inject("chat:chat:template.os", {"History": "b.dev"})]
    node.stop()
    node = net.boot("a.dev", port="none", home=tmp_path / "home")
    answers.append(node.inject("chat:chat:template.os", {"History": "b.dev"}))
    assert [each and each.json() for each in answers] == [{"History": []}] * 2


ANSWERING = """
from .features import FEATURES
LIFE = {life!r}

async def init(our):
    {at_start}
    async for message in our:
        await our.send_response(LIFE)
"""


def versioned(folder: Path, life: str, at_start: str = "pass") -> Path:
    source = ANSWERING.format(life=life, at_start=at_start)
    return package(folder, {"pkg/words.py": source}, entry={"on_exit": "None"})


@pytest.mark.parametrize(
    ("at_start", "said"),
    [
        (
            "raise ValueError('no')",
            (
                "words:words:me.os ended as it started: ValueError: no. The older one runs again. "
                "%kinode terminal -n fake.dev tells the whole story"
            ),
        ),
        ("oops(", "/pkg/words.py, line 6, column 9: '(' was never closed"),
    ],
)
def test_a_start_that_fails_leaves_the_older_one_running(
    net: FakeNet, tmp_path: Path, at_start: str, said: str
) -> None:
    node = net.boot(port="none")
    net.start(str(versioned(tmp_path, "older")))
    before = net.packages()
    versioned(tmp_path, "newer", at_start)
    with pytest.raises(PackageError) as caught:
        net.start(str(tmp_path))
    assert str(caught.value).endswith(said)
    assert net.packages().equals(before)
    assert node.request("words:words:me.os", "who?").json() == "older"
    drive = node.home / "vfs/words:me.os"
    assert [path.name for path in drive.iterdir()] == ["pkg"]
    net.start(str(versioned(tmp_path, "newer")))
    assert node.request("words:words:me.os", "who?").json() == "newer"
    assert [path.name for path in drive.iterdir()] == ["pkg"]


def test_two_nodes_run_two_versions_that_share_nothing(net: FakeNet, tmp_path: Path) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    one.start(str(versioned(tmp_path, "older")))
    other.start(str(versioned(tmp_path, "newer")))
    answers = [each.request("words:words:me.os", "who?").json() for each in (one, other)]
    assert answers == ["older", "newer"]
    assert len({digest for _, _, digest in net.started_packages()}) == 2


def test_what_fails_on_one_node_is_taken_back_on_all(net: FakeNet, tmp_path: Path) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    net.start(str(versioned(tmp_path / "words", "older")))
    before = net.packages()
    versioned(tmp_path / "words", "newer", "assert our.node == 'fake.dev'")
    with pytest.raises(PackageError) as caught:
        net.start("echo", str(tmp_path / "words"))
    assert str(caught.value) == (
        "words:words:me.os ended as it started: AssertionError. The older one runs again. What "
        "else had begun is as it was before: echo on fake.dev and fake2.dev, words on fake.dev. "
        "%kinode terminal -n fake2.dev tells the whole story"
    )
    assert net.packages().equals(before)
    answers = [each.request("words:words:me.os", "who?").json() for each in (one, other)]
    assert answers == ["older", "older"]
    assert not list(one.home.glob("vfs/*/.pkg*"))


def test_what_cannot_be_unpacked_on_one_node_is_taken_back_on_all(net: FakeNet) -> None:
    _, other = net.boot(port="none"), net.boot(port="none")
    (other.home / "vfs/echo:template.os").write_text("in the way")
    with pytest.raises(PackageError) as caught:
        net.start("chat", "echo")
    assert str(caught.value) == (
        "echo:template.os cannot be unpacked: File exists. What else had begun is as it was "
        "before: chat on fake.dev and fake2.dev, echo on fake.dev."
    )
    assert net.packages().empty


def test_an_older_one_that_cannot_be_put_back_is_told(
    net: FakeNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.boot(port="none")
    net.start(str(versioned(tmp_path, "older")))
    place, placed = KeptPackages.place, []

    def once(kept: KeptPackages, id_: PackageId, staged: Path) -> Path | None:
        if placed:
            raise PackageError(f"{id_}/pkg cannot be replaced: Read-only file system")
        placed.append(staged)
        return place(kept, id_, staged)

    monkeypatch.setattr(KeptPackages, "place", once)
    versioned(tmp_path, "newer", "1 / 0")
    with pytest.raises(PackageError) as caught:
        net.start(str(tmp_path))
    assert str(caught.value) == (
        "words:words:me.os ended as it started: ZeroDivisionError: division by zero. "
        "On fake.dev words:me.os is gone: words:me.os/pkg cannot be replaced: Read-only file "
        "system. %kinode terminal -n fake.dev tells the whole story"
    )
    assert net.packages().empty


def test_an_end_is_not_taken_for_that_of_an_earlier_version(net: FakeNet, tmp_path: Path) -> None:
    net.boot(port="none")
    with pytest.raises(PackageError, match="ValueError: no"):
        net.start(str(versioned(tmp_path, "first", "raise ValueError('no')")))
    net.start(str(versioned(tmp_path, "second", "return")))
    assert net.packages()["processes"].tolist() == [0]
