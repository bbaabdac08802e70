"""Packages from zips, and what is wrong with one."""

import json
import shutil
from pathlib import Path

import pytest

from kinode_nb.kit import packages
from kinode_nb.portal import FakeNet
from kinode_nb.types import PackageError


@pytest.mark.parametrize("folder_inside", [True, False])
def test_a_zip_is_a_package_too(net: FakeNet, tmp_path: Path, folder_inside: bool) -> None:
    source = tmp_path / "in" / "chat"
    shutil.copytree(packages.BUILT_IN / "chat", source)
    root = source.parent if folder_inside else source
    path = shutil.make_archive(str(tmp_path / "chat-copy"), "zip", root)
    one, other = net.boot(port="none"), net.boot(port="none")
    net.start(path)
    one.send(other.name, "from a zip")
    assert other.history(one.name)["content"].tolist() == ["from a zip"]
    assert net.packages()["source"].tolist() == [path, path]


def test_a_folder_goes_before_a_built_in_package_of_its_name(
    net: FakeNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "echo").mkdir()  # no package, so it means nothing
    shutil.copytree(packages.BUILT_IN / "chat", tmp_path / "chat")
    net.boot(port="none")
    net.start("chat", "echo")
    assert net.packages()["source"].tolist() == [str(tmp_path / "chat"), "built in"]


def test_a_zip_that_is_none_is_told(net: FakeNet, tmp_path: Path) -> None:
    net.boot(port="none")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip at all")
    with pytest.raises(PackageError, match="cannot be unpacked"):
        net.start(str(broken))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "other.txt").write_text("x")
    empty = shutil.make_archive(str(tmp_path / "empty"), "zip", tmp_path / "in")
    with pytest.raises(PackageError, match="holds no package"):
        net.start(empty)


def test_a_dependency_that_is_nowhere_is_told(net: FakeNet, tmp_path: Path) -> None:
    source = tmp_path / "chat-with-file-transfer"
    shutil.copytree(packages.BUILT_IN / "chat_with_file_transfer", source)
    metadata = source / "metadata.json"
    metadata.write_text(metadata.read_text().replace("chat:template.os", "chatt:template.os"))
    metadata.write_text(metadata.read_text().replace('"chat-with', '"my-chat-with'))
    net.boot(port="none")
    with pytest.raises(PackageError, match=r"depends on chatt:template\.os"):
        net.start(str(source))


def test_where_kinode_names_wasm_python_may_stand(net: FakeNet, tmp_path: Path) -> None:
    """A manifest and a spawn as Kinode writes them find the Python of that name."""
    folder = tmp_path / "wasmy"
    (folder / "pkg").mkdir(parents=True)
    metadata = {
        "properties": {
            "package_name": "wasmy",
            "publisher": "me.os",
            "current_version": "0.1.0",
            "mirrors": [],
            "code_hashes": {},
        }
    }
    entry = {
        "process_name": "my-main",
        "process_wasm_path": "/my-main.wasm",
        "on_exit": "None",
        "request_networking": False,
        "request_capabilities": ["vfs:distro:sys"],
        "grant_capabilities": [],
        "public": True,
    }
    (folder / "metadata.json").write_text(json.dumps(metadata))
    (folder / "pkg" / "manifest.json").write_text(json.dumps([entry]))
    (folder / "pkg" / "my_main.py").write_text(
        "async def init(our):\n"
        "    worker = await our.spawn(f'{our.package_id}/pkg/the-worker.wasm')\n"
        "    async for message in our:\n"
        "        answer = await our.send_and_await_response(worker, message.body)\n"
        "        await our.send_response(answer.body)\n"
    )
    (folder / "pkg" / "the_worker.py").write_text(
        "async def init(our):\n"
        "    async for message in our:\n"
        "        await our.send_response(message.body.upper())\n"
    )
    node = net.boot(port="none")
    net.start(str(folder))
    assert node.request("my-main:wasmy:me.os", b"hello").body == b"HELLO"
