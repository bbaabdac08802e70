"""AddZip: what is unpacked, and what is refused as a whole."""

import io
import os
import stat
import zipfile

import pytest

from kinode_nb.system.vfs_transfers import LARGE
from tests.system.test_vfs_drives import holds, leads_out
from tests.system.vfs_nodes import DRIVE, MISSING, NO_BLOB, NOT_A_FOLDER, TOO_LONG, asking

PATH = f"{DRIVE}/to"


def zipped(*entries, compression=zipfile.ZIP_DEFLATED):
    """Return a zip of (name, content) pairs; a name that ends in / is a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            archive.writestr(info, content, compression)
    return buffer.getvalue()


def renamed(data, name, other):
    """Return a zip with a name changed in its bytes, to one that zipfile would not write."""
    assert len(name) == len(other)
    return data.replace(name, other)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_and_folders_are_unpacked(node, compression):
    large = "0123456789abcdef" * (LARGE * 20)
    content = {
        "file": "content",
        "empty/": "",
        "a/": "",
        "a/b/": "",
        "a/b/large": large,
        "naïve ✓": "1",
        "back\\slash": "2",
        "./a/./dotted": "3",
        "a/b/../up": "4",
    }
    data = zipped(*content.items(), compression=compression)
    assert node.run(asking((PATH, "AddZip", data))) == ["Ok"]
    assert holds(node.drive / "to") == {
        "file": "content",
        "empty": False,
        "a": False,
        "a/b": False,
        "a/b/large": large,
        "naïve ✓": "1",
        "back\\slash": "2",
        "a/dotted": "3",
        "a/up": "4",
    }


def test_files_that_are_there_are_replaced_and_others_stay(node):
    (node.drive / "to").mkdir()
    (node.drive / "to/file").write_bytes(b"much longer than before")
    (node.drive / "to/other").write_bytes(b"stays")
    assert node.run(asking((PATH, "AddZip", zipped(("file", b"new"))))) == ["Ok"]
    assert holds(node.drive / "to") == {"file": "new", "other": "stays"}


def test_a_drive_can_be_unpacked_into_and_is_made(node):
    assert node.run(asking((DRIVE, "AddZip", zipped(("file", b"content"))))) == ["Ok"]
    assert holds(node.drive) == {"file": "content"}


def test_an_empty_zip_makes_the_path(node):
    assert node.run(asking((PATH, "AddZip", zipped()))) == ["Ok"]
    assert holds(node.drive) == {"to": False}


def test_folders_come_from_their_own_entries(node):
    """As in Kinode; but a zip without them is refused before anything is written."""
    data = zipped(("first", b"x"), ("no/entry", b"x"))
    assert node.run(asking((PATH, "AddZip", data))) == [MISSING]
    assert not node.root.joinpath(DRIVE).exists()


def test_folders_that_are_there_need_no_entry(node):
    (node.drive / "to" / "there").mkdir(parents=True)
    (node.drive / "to" / "file").touch()
    steps = [zipped(("there/file", b"x")), zipped(("first", b""), ("file/below", b"x"))]
    assert node.run(asking(*((PATH, "AddZip", data) for data in steps))) == ["Ok", NOT_A_FOLDER]
    assert sorted(holds(node.drive / "to")) == ["file", "there", "there/file"]


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip", zipped(("file", b"content"))[:-30], os.urandom(LARGE)],
    ids=["empty", "text", "cut off", "noise"],
)
def test_what_is_no_zip_is_a_parse_error_with_the_machines_path(node, data):
    (answer,) = node.run(asking((PATH, "AddZip", data)))
    error = answer["Err"]["ParseError"]
    assert error["error"].startswith("invalid Zip archive: ")
    assert error["path"] == str(node.root / PATH)
    assert not node.root.joinpath(DRIVE).exists()


def test_no_blob(node):
    assert node.run(asking((PATH, "AddZip"))) == [NO_BLOB]


SLIPS = [
    "../evil",
    "../../evil",
    "../../../../../../../../tmp/evil",
    "a/../../evil",
    "a/b/../../../evil",
    "./../evil",
    "..",
    "a/../..",
    "/evil",
    "/tmp/evil",
    "//evil",
    "..\\evil",
    "a\\..\\..\\evil",
    "..\\..\\..\\evil",
    "a/..\\..\\evil",
    ".",
    "a/..",
]


@pytest.mark.parametrize("name", SLIPS)
def test_a_name_that_leads_out_refuses_the_whole_zip(node, name):
    before = holds(node.home)
    data = zipped(("good", b"x"), ("a/", b""), ("a/b/", b""), (name, b"evil"), ("later", b"x"))
    (answer,) = node.run(asking((PATH, "AddZip", data)))
    assert answer["Err"]["IOError"].startswith("nothing was unpacked: the entry ")
    after = holds(node.home)
    assert {each for each in after if each != "vfs"} == set(before)


@pytest.mark.parametrize("name", ["../", "/", "../evil/", "a/../../evil/", "/evil/", "..\\evil/"])
def test_so_does_a_folder(node, name):
    data = zipped(("good", b"x"), (name, b""))
    (answer,) = node.run(asking((PATH, "AddZip", data)))
    assert answer["Err"]["IOError"].startswith("nothing was unpacked: the entry ")
    assert not node.root.joinpath(DRIVE).exists()


def test_a_name_with_nul_refuses_the_whole_zip(node):
    data = renamed(zipped(("good", b"x"), ("evil-name", b"x")), b"evil-name", b"evil\0name")
    (answer,) = node.run(asking((PATH, "AddZip", data)))
    assert "evil\\x00name" in answer["Err"]["IOError"]
    assert not node.root.joinpath(DRIVE).exists()


@pytest.mark.parametrize("name", ["x" * 300, "a/" + "x" * 300 + "/", "a/" * 3000])
def test_a_name_that_is_too_long_refuses_the_whole_zip(node, name):
    data = zipped(("good", b"x"), ("a/", b""), (name, b""))
    assert node.run(asking((PATH, "AddZip", data))) == [TOO_LONG]
    assert not node.root.joinpath(DRIVE).exists()


def test_links_in_a_zip_refuse_it(node):
    link = zipfile.ZipInfo("link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = zipped(("good", b"x"), (link, b"/etc"), ("link/passwd", b"x"))
    assert node.run(asking((PATH, "AddZip", data))) == [{"Err": "UnzipError"}]
    assert not node.root.joinpath(DRIVE).exists()


@pytest.mark.parametrize(
    "entries",
    [
        [("link/evil", b"x")],
        [("link/", b""), ("link/evil", b"x")],
        [("link/deeper/", b"")],
        [("second", b"x")],
        [("third", b"x")],
    ],
    ids=lambda entries: entries[-1][0],
)
def test_links_on_the_way_that_lead_out_refuse_it(node, entries):
    outside = node.home / "outside"
    outside.mkdir(parents=True)
    (outside / "secret").write_text("secret")
    (node.drive / "to").mkdir()
    (node.drive / "to" / "link").symlink_to(outside)
    (node.drive / "to" / "second").symlink_to(outside / "secret")
    (node.drive / "to" / "third").symlink_to(outside / "new")
    before = holds(node.home)
    data = zipped(("good", b"x"), *entries)
    (answer,) = node.run(asking((PATH, "AddZip", data)))
    assert leads_out(answer)
    assert holds(node.home) == before


def test_a_path_that_leads_out_is_refused(node):
    outside = node.home / "outside"
    outside.mkdir(parents=True)
    (node.drive / "to").symlink_to(outside)
    answers = node.run(
        asking(*((f"{PATH}{more}", "AddZip", zipped(("x", b"x"))) for more in ("", "/deeper")))
    )
    assert all(map(leads_out, answers))
    assert holds(outside) == {}


def test_a_zip_with_a_password_is_refused(node):
    data = bytearray(zipped(("good", b"x"), ("locked", b"x")))
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    (answer,) = node.run(asking((PATH, "AddZip", bytes(data))))
    assert "Password" in answer["Err"]["IOError"]
    assert not node.root.joinpath(DRIVE).exists()


def test_bytes_that_do_not_fit_their_checksum_are_told(node):
    data = zipped(("file", b"content"), compression=zipfile.ZIP_STORED)
    (answer,) = node.run(asking((PATH, "AddZip", data.replace(b"content", b"CONTENT"))))
    assert "CRC" in answer["Err"]["IOError"]
