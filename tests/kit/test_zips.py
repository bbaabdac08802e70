"""Zips of packages: written as kit does, read with suspicion."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from kinode_nb.kit import packages
from kinode_nb.kit.zips import contents, pack
from kinode_nb.types import PackageError, PackageId


def test_what_was_packed_comes_out_and_equal_files_give_equal_zips() -> None:
    files = {"b/c/d.py": b"1" * 1000, "a.json": b"", "b/x": b"\xff", "ü ✓.txt": b"3"}
    packed = pack(files)
    assert contents(packed) == files
    assert pack(dict(reversed(files.items()))) == packed
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    assert names == sorted(names)
    assert {"b/", "b/c/"} < set(names)  # vfs makes no folder that has no entry


@pytest.mark.parametrize("name", ["chat", "chat-with-file-transfer", "file-transfer"])
def test_a_package_is_the_same_from_its_folder_and_from_its_zip(name: str) -> None:
    folder = packages.find(name)
    zipped = packages.from_archive(folder.archive, folder.id, folder.metadata, folder.source)
    assert zipped == folder


def test_wit_that_is_not_understood_does_not_matter_to_a_node() -> None:
    chat = packages.find("chat")
    api = pack({"chat.wit": chat.files["api/chat.wit"], "other.wit": b"\xff{", "x.rs": b"fn"})
    archive = pack({**chat.files, "api.zip": api})
    package = packages.from_archive(archive, PackageId("my-chat", "me.os"), None, "here")
    assert package.interfaces == chat.interfaces
    assert str(package.metadata.package_id) == "my-chat:me.os"


def test_a_bomb_is_not_unpacked() -> None:
    packed = bytearray(pack({"a": b"x"}))
    directory = packed.index(b"PK\x01\x02")
    packed[directory + 24 : directory + 28] = struct.pack("<I", 1 << 30)  # its length, it says
    with pytest.raises(PackageError, match="the zip holds more than 256 MiB of files"):
        contents(bytes(packed))


@pytest.mark.parametrize("name", ["..", "a/../../b", "/a", "a\\..\\b", "a\0b", "/", "."])
def test_names_that_lead_out_are_told(name: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = entry.orig_filename = name
        archive.writestr(entry, b"1")
    with pytest.raises(PackageError, match=r"the api holds the entry .*, which leads out"):
        contents(packed.getvalue(), "the api")


@pytest.mark.parametrize("cut", [1, 10, 22, 40])
def test_half_a_zip_is_none(cut: int) -> None:
    with pytest.raises(PackageError, match="cannot be unpacked"):
        contents(pack({"a": b"x" * 100})[:-cut])


def test_what_kit_zipped_gets_modules_for_its_wit() -> None:
    """kit for Rust brings the WIT alone; Python in an API is for importers, and not unpacked."""
    chat = packages.find("chat")
    api = pack({"chat.wit": chat.files["api/chat.wit"], "chat.py": b"an importer's worker"})
    bare = {name: text for name, text in chat.files.items() if not name.startswith("api/")}
    archive = pack({**bare, "api.zip": api})
    files = packages.from_archive(archive, chat.id, None, "here").files
    assert {name for name in files if name.startswith("api/")} == {
        "api/__init__.py",
        "api/chat.py",
        "api/chat.wit",
    }
    assert files["api/chat.py"] == chat.files["api/chat.py"]


def test_modules_that_a_zip_brings_stay() -> None:
    chat = packages.find("chat")
    archive = pack({**chat.files, "api/chat.py": b"Request = None"})
    files = packages.from_archive(archive, chat.id, None, "here").files
    assert files["api/chat.py"] == b"Request = None"


@pytest.mark.parametrize("name", ["chat.wasm", "worker.wasm"])
def test_wasm_in_a_zip_is_told_in_one_line(name: str) -> None:
    chat = packages.find("chat")
    archive = pack({**chat.files, name: b"\0asm"})
    with pytest.raises(PackageError) as caught:
        packages.from_archive(archive, chat.id, None, "here")
    assert str(caught.value) == (
        f"the zip: pkg/{name} cannot run here: only Python (.py) processes can; put "
        f"pkg/{name.removesuffix('.wasm')}.py in its place"
    )
