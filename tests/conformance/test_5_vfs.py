"""vfs:distro:sys: files on drives, by messages."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import zipfile
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import Step, ask, blob, capabilities, capability, send, text
from tests.conformance.world import HERE, THERE, Guest, World

PATHS = "5 vfs: paths and rights"
ACTIONS = "5 vfs: actions"
ANSWERS = "5 vfs: answers"
VFS = "vfs:distro:sys"
SERVER = f"our@{VFS}"
DRIVE = "a:test.os/files"
FILE = f"{DRIVE}/file"


def vfs(path: str, action: Any, data: bytes | str | None = None, **more: Any) -> Step:
    carried = None if data is None else blob(data)
    return ask(SERVER, {"path": path, "action": action}, blob=carried, **more)


def shown(got: dict[str, Any]) -> Any:
    """Return what vfs answered; where there was a blob, with its bytes as text."""
    answer = json.loads(got["body"])
    return answer if got["blob"] is None else (answer, got["blob"]["data"])


async def plays(guest: Guest, *lines: tuple[Any, ...]) -> None:
    """Ask (path, action[, data], answer) one after the other, and compare the answers."""
    got = await guest.play(*(vfs(*line[:-1]) for line in lines))
    assert [shown(each) for each in got] == [line[-1] for line in lines]


async def owner(world: World, **more: Any) -> Guest:
    """A guest that may use vfs, with a drive ``files``."""
    guest = await world.guest("a", may=[VFS], **more)
    await plays(guest, (DRIVE, "CreateDrive", "Ok"))
    return guest


def os_error(code: int) -> dict[str, Any]:
    return {"Err": {"IOError": f"{os.strerror(code)} (os error {code})"}}


def read(data: bytes | str) -> tuple[str, str]:
    return "Read", text(data)


MISSING = os_error(errno.ENOENT)
EXISTS = os_error(errno.EEXIST)
MALFORMED = {"Err": "MalformedRequest"}
NO_READ, NO_WRITE, NO_BLOB = {"Err": "NoReadCap"}, {"Err": "NoWriteCap"}, {"Err": "NoBlob"}
READING = [
    "Read",
    "ReadDir",
    "ReadToEnd",
    "ReadToString",
    {"ReadExact": {"length": 1}},
    {"Seek": {"Start": 0}},
    "Metadata",
    "Len",
    "Hash",
]
WRITING = [
    "CreateDir",
    "CreateDirAll",
    "CreateFile",
    {"OpenFile": {"create": True}},
    "CloseFile",
    "Write",
    "WriteAll",
    "Append",
    "SyncAll",
    {"SetLen": 1},
    "RemoveFile",
    "RemoveDir",
    "RemoveDirAll",
    "AddZip",
]


# Paths and rights.


@pytest.mark.parametrize("path", [FILE, f"/{FILE}", f"//{FILE}", f"{DRIVE}/./x/../file"])
@rule(PATHS, "leading slashes are taken off, and `.` and `..` are followed by their text")
async def test_one_file_many_paths(world: World, path: str):
    a = await owner(world)
    await plays(a, (FILE, "Write", "x", "Ok"), (path, "Read", read("x")))
    assert (world.home() / "vfs" / "a:test.os" / "files" / "file").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["", "a:test.os", "a/files", "a:b:c/files", "../../etc/passwd"])
@rule(PATHS, "a path without a package and a drive is MalformedRequest")
async def test_malformed_paths(world: World, path: str):
    await plays(await owner(world), (path, "Read", MALFORMED))


@rule(PATHS, "no path leads to another drive than the one that is checked", "fixed")
async def test_no_way_out_of_a_drive(world: World):
    a = await owner(world)
    await world.guest("b")
    for way in (f"{DRIVE}/../../b:test.os/pkg/manifest.json", f"{DRIVE}/../../../../etc/passwd"):
        got = shown((await a.play(vfs(way, "Read")))[0])
        assert got in (MALFORMED, NO_READ)


@rule(PATHS, "every process of the owning package may use all its drives")
async def test_a_package_shares_its_drives(world: World):
    a = await owner(world)
    child = await a.child(requests=[capability(f"{HERE}@{VFS}")])
    await plays(child, (FILE, "Write", "x", "Ok"), (FILE, "Read", read("x")))


@pytest.mark.parametrize("action", READING + WRITING, ids=str)
@rule(PATHS, "others may read and write only with the drive's capability")
async def test_strangers_are_refused(world: World, action: Any):
    await owner(world)
    b = await world.guest("b", may=[VFS])
    data = "x" if action in ("Write", "WriteAll", "Append", "AddZip") else None
    await plays(b, (FILE, action, data, NO_READ if action in READING else NO_WRITE))


@pytest.mark.parametrize("action", ["CreateDrive", {"Rename": {"new_path": FILE}}], ids=str)
@rule(PATHS, "nor may others make a drive in a package, or move files into it")
async def test_strangers_make_no_drives(world: World, action: Any):
    b = await world.guest("b", may=[VFS])
    await plays(b, ("b:test.os/files", "CreateDrive", "Ok"))
    await plays(b, ("b:test.os/files/x", "Write", "x", "Ok"))
    path = "b:test.os/files/x" if isinstance(action, dict) else "a:test.os/new"
    await plays(b, (path, action, NO_WRITE))


@pytest.mark.parametrize("kind", ["read", "write"])
@rule(PATHS, "the capability of a drive lets others read it, or write it")
async def test_drive_capabilities(world: World, kind: str):
    a = await owner(world)
    await plays(a, (FILE, "Write", "x", "Ok"))
    right = {"process": VFS, "params": {"kind": kind, "drive": f"/{DRIVE}"}}
    b = await world.guest("b", may=[VFS, right])
    await plays(
        b,
        (FILE, "Read", read("x") if kind == "read" else NO_READ),
        (FILE, "Write", "y", "Ok" if kind == "write" else NO_WRITE),
    )


@rule(PATHS, "the capability of the root is enough for every drive")
async def test_the_root_capability(world: World):
    await owner(world)
    b = await world.guest("b", may=[VFS, {"process": VFS, "params": {"root": True}}])
    await plays(b, (FILE, "Write", "x", "Ok"), (FILE, "Read", read("x")))
    await plays(b, ("a:test.os/new", "CreateDrive", "Ok"))


@rule(PATHS, "the path `/` lists the packages, for holders of the root alone")
async def test_the_root_lists_packages(world: World):
    a = await owner(world)
    b = await world.guest("b", may=[VFS, {"process": VFS, "params": {"root": True}}])
    await plays(a, ("/", "ReadDir", NO_READ))
    entries = shown((await b.play(vfs("/", "ReadDir")))[0])["ReadDir"]
    assert {"path": "a:test.os", "file_type": "Directory"} in entries


@rule(PATHS, "Rename and CopyFile between packages want write on both drives, the own one too")
async def test_two_drives_two_rights(world: World):
    a = await owner(world)
    await plays(a, (FILE, "Write", "x", "Ok"))
    copy = (FILE, {"CopyFile": {"new_path": "b:test.os/pkg/copy"}})
    theirs = {"kind": "write", "drive": f"/{DRIVE}"}
    b = await world.guest("b", may=[VFS])
    await plays(b, (*copy, NO_WRITE))
    b = await world.guest("b", may=[VFS, {"process": VFS, "params": theirs}])
    await plays(b, (*copy, "Ok"))
    held = [capability(f"{HERE}@{VFS}"), capability(f"{HERE}@{VFS}", theirs)]
    child = await b.child(requests=held)
    await plays(child, (*copy, NO_WRITE))


@rule(PATHS, "who makes a drive holds the capabilities to read and to write it")
async def test_a_new_drive_gives_capabilities(world: World):
    held = await (await owner(world)).do(capabilities())
    for kind in ("read", "write"):
        assert capability(f"{HERE}@{VFS}", {"drive": f"/{DRIVE}", "kind": kind}) in held


# Actions.


@rule(ACTIONS, "CreateDrive may be repeated, and takes no notice of a deeper path")
async def test_create_drive(world: World):
    a = await owner(world)
    await plays(a, (FILE, "Write", "x", "Ok"), (f"{DRIVE}/deep/er", "CreateDrive", "Ok"))
    await plays(a, (FILE, "Read", read("x")), (f"{DRIVE}/deep", "Metadata", MISSING))


@rule(ACTIONS, "CreateDir fails where something is, or where its parent is missing")
async def test_create_dir(world: World):
    a = await owner(world)
    folder = f"{DRIVE}/folder"
    await plays(a, (folder, "CreateDir", "Ok"), (folder, "CreateDir", EXISTS))
    await plays(a, (f"{DRIVE}/no/folder", "CreateDir", MISSING))


@rule(ACTIONS, "CreateDirAll makes the folders above, and may be repeated")
async def test_create_dir_all(world: World):
    a = await owner(world)
    folder = f"{DRIVE}/a/b/c"
    await plays(a, (folder, "CreateDirAll", "Ok"), (folder, "CreateDirAll", "Ok"))


@rule(ACTIONS, "CreateFile makes a file, or empties it")
async def test_create_file(world: World):
    a = await owner(world)
    await plays(a, (FILE, "CreateFile", "Ok"), (FILE, "Read", read("")))
    await plays(
        a, (FILE, "Write", "x", "Ok"), (FILE, "CreateFile", "Ok"), (FILE, "Len", {"Len": 0})
    )


@rule(ACTIONS, "OpenFile makes a missing file only with create, empties none, and rewinds")
async def test_open_file(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, {"OpenFile": {"create": False}}, MISSING),
        (FILE, {"OpenFile": {"create": True}}, "Ok"),
        (FILE, "WriteAll", "abc", "Ok"),
        (FILE, {"OpenFile": {"create": True}}, "Ok"),
        (FILE, "ReadToEnd", read("abc")),
    )


@rule(ACTIONS, "CloseFile forgets the cursor, and never fails")
async def test_close_file(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, "CloseFile", "Ok"),
        (FILE, "Write", "abc", "Ok"),
        (FILE, {"ReadExact": {"length": 2}}, read("ab")),
        (FILE, "CloseFile", "Ok"),
        (FILE, "ReadToEnd", read("abc")),
    )


@rule(
    ACTIONS, "Write replaces a whole file or makes it, in a folder that is there; no cursor moves"
)
async def test_write(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, "Write", "a long text", "Ok"),
        (FILE, {"ReadExact": {"length": 2}}, read("a ")),
        (FILE, "Write", "short", "Ok"),
        (FILE, "ReadToEnd", read("ort")),
        (f"{DRIVE}/no/file", "Write", "x", MISSING),
    )


@rule(ACTIONS, "WriteAll writes at the cursor of a file that exists")
async def test_write_all(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, "WriteAll", "x", MISSING),
        (FILE, "Write", "abcdef", "Ok"),
        (FILE, {"Seek": {"Start": 2}}, {"SeekFrom": {"new_offset": 2}}),
        (FILE, "WriteAll", "XY", "Ok"),
        (FILE, "WriteAll", "Z", "Ok"),
        (FILE, "Read", read("abXYZf")),
    )


@rule(ACTIONS, "Append writes at the end of a file that exists, and leaves the cursor there")
async def test_append(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, "Append", "x", MISSING),
        (FILE, "Write", "ab", "Ok"),
        (FILE, "Append", "cd", "Ok"),
        (FILE, "ReadToEnd", read("")),
        (FILE, "Read", read("abcd")),
    )


@rule(ACTIONS, "SyncAll wants a file that exists")
async def test_sync_all(world: World):
    a = await owner(world)
    await plays(a, (FILE, "SyncAll", MISSING), (FILE, "Write", "x", "Ok"), (FILE, "SyncAll", "Ok"))


@rule(ACTIONS, "SetLen cuts or grows a file that exists, and keeps the cursor")
async def test_set_len(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, {"SetLen": 1}, MISSING),
        (FILE, "Write", "abcdef", "Ok"),
        (FILE, {"ReadExact": {"length": 2}}, read("ab")),
        (FILE, {"SetLen": 4}, "Ok"),
        (FILE, "ReadToEnd", read("cd")),
        (FILE, {"SetLen": 6}, "Ok"),
        (FILE, "Read", read("abcd\0\0")),
    )


@rule(ACTIONS, "Read gives the whole file, wherever the cursor is; an empty file is an empty blob")
async def test_read(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, "Read", MISSING),
        (FILE, "Write", b"\x00\xff", "Ok"),
        (FILE, {"ReadExact": {"length": 1}}, read(b"\x00")),
        (FILE, "Read", read(b"\x00\xff")),
        (FILE, "ReadToEnd", read(b"\xff")),
        (FILE, "Write", "", "Ok"),
        (FILE, "Read", read("")),
    )


@rule(ACTIONS, "ReadExact past the end is the IOError `early eof`")
async def test_read_exact(world: World):
    a = await owner(world)
    early = {"Err": {"IOError": "early eof"}}
    await plays(a, (FILE, "Write", "ab", "Ok"), (FILE, {"ReadExact": {"length": 3}}, early))


@rule(ACTIONS, "ReadToString gives text from the cursor on; what is not UTF-8 is an IOError")
async def test_read_to_string(world: World):
    a = await owner(world)
    await plays(a, (FILE, "Write", b"abc", "Ok"), (FILE, {"ReadExact": {"length": 1}}, read("a")))
    await plays(a, (FILE, "ReadToString", {"ReadToString": "bc"}))
    await plays(a, (FILE, "Write", b"\xff", "Ok"), (FILE, "CloseFile", "Ok"))
    assert "IOError" in shown((await a.play(vfs(FILE, "ReadToString")))[0])["Err"]


@rule(ACTIONS, "ReadDir lists paths from the package on, without a leading slash")
async def test_read_dir(world: World):
    a = await owner(world)
    await plays(a, (FILE, "Write", "x", "Ok"), (f"{DRIVE}/folder", "CreateDir", "Ok"))
    entries = shown((await a.play(vfs(DRIVE, "ReadDir")))[0])["ReadDir"]
    assert sorted(entries, key=lambda entry: entry["path"]) == [
        {"path": FILE, "file_type": "File"},
        {"path": f"{DRIVE}/folder", "file_type": "Directory"},
    ]
    await plays(
        a, (f"{DRIVE}/folder", "ReadDir", {"ReadDir": []}), (f"{DRIVE}/x", "ReadDir", MISSING)
    )


@rule(ACTIONS, "Seek counts from the start, the end or the cursor, and tells where the cursor is")
async def test_seek(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, {"Seek": {"Start": 1}}, MISSING),
        (FILE, "Write", "abcdef", "Ok"),
        (FILE, {"Seek": {"Start": 1}}, {"SeekFrom": {"new_offset": 1}}),
        (FILE, {"Seek": {"Current": 2}}, {"SeekFrom": {"new_offset": 3}}),
        (FILE, {"Seek": {"End": -1}}, {"SeekFrom": {"new_offset": 5}}),
        (FILE, "ReadToEnd", read("f")),
        (FILE, {"Seek": {"End": -7}}, os_error(errno.EINVAL)),
    )


@rule(ACTIONS, "RemoveFile removes files, RemoveDir empty folders, RemoveDirAll all in them")
async def test_removing(world: World):
    a = await owner(world)
    folder = f"{DRIVE}/folder"
    await plays(
        a,
        (folder, "CreateDir", "Ok"),
        (f"{folder}/file", "Write", "x", "Ok"),
        (folder, "RemoveDir", os_error(errno.ENOTEMPTY)),
        (f"{folder}/file", "RemoveFile", "Ok"),
        (f"{folder}/file", "RemoveFile", MISSING),
        (folder, "RemoveDir", "Ok"),
        (f"{folder}/deep", "CreateDirAll", "Ok"),
        (folder, "RemoveDirAll", "Ok"),
        (folder, "Metadata", MISSING),
    )


@pytest.mark.parametrize("action", ["Rename", "CopyFile"])
@rule(ACTIONS, "Rename and CopyFile take a whole vfs path, and replace what is there")
async def test_rename_and_copy(world: World, action: str):
    a = await owner(world)
    other = f"{DRIVE}/other"
    await plays(
        a,
        (FILE, "Write", "new", "Ok"),
        (other, "Write", "old", "Ok"),
        (FILE, {action: {"new_path": f"/{other}"}}, "Ok"),
        (other, "Read", read("new")),
        (FILE, "Read", MISSING if action == "Rename" else read("new")),
    )


@rule(ACTIONS, "Metadata tells type and length, of folders too")
async def test_metadata(world: World):
    a = await owner(world)
    metadata = {"Metadata": {"file_type": "File", "len": 3}}
    await plays(a, (FILE, "Write", "abc", "Ok"), (FILE, "Metadata", metadata))
    got = shown((await a.play(vfs(DRIVE, "Metadata")))[0])
    assert got["Metadata"]["file_type"] == "Directory"


@rule(
    ACTIONS, "Len tells the length; Hash the SHA-256 as numbers, and leaves the cursor at the end"
)
async def test_len_and_hash(world: World):
    a = await owner(world)
    await plays(
        a,
        (FILE, "Len", MISSING),
        (FILE, "Hash", MISSING),
        (FILE, "Write", "abc", "Ok"),
        (FILE, "Len", {"Len": 3}),
        (FILE, "Hash", {"Hash": list(hashlib.sha256(b"abc").digest())}),
        (FILE, "ReadToEnd", read("")),
    )


@rule(ACTIONS, "what opens a file fails on folders")
async def test_folders_are_no_files(world: World):
    a = await owner(world)
    for action in ("Len", "Hash", "SyncAll", "ReadToEnd", {"OpenFile": {"create": True}}):
        await plays(a, (DRIVE, action, os_error(errno.EISDIR)))


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "" if name.endswith("/") else f"in {name}")
    return buffer.getvalue()


@rule(ACTIONS, "AddZip unpacks over what is there, into a folder that it makes")
async def test_add_zip(world: World):
    a = await owner(world)
    folder = f"{DRIVE}/new"
    await plays(
        a,
        (folder, "AddZip", zipped("one", "deep/", "deep/two"), "Ok"),
        (folder, "AddZip", zipped("one"), "Ok"),
        (f"{folder}/one", "Read", read("in one")),
        (f"{folder}/deep/two", "Read", read("in deep/two")),
    )


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
@rule(ACTIONS, "AddZip unpacks nothing from a zip whose names lead out", "fixed")
async def test_zip_slip(world: World, name: str):
    a = await owner(world)
    await a.play(vfs(f"{DRIVE}/in", "AddZip", zipped("good", name)))
    found = [path for path in world.home().rglob("*") if path.name in ("out", "good")]
    assert not found


@rule(ACTIONS, "bytes that are no zip are a ParseError")
async def test_no_zip(world: World):
    a = await owner(world)
    assert "ParseError" in shown((await a.play(vfs(DRIVE, "AddZip", "no zip")))[0])["Err"]


@pytest.mark.parametrize("action", ["Write", "WriteAll", "Append", "AddZip"])
@rule(ACTIONS, "what writes wants a blob, else it is NoBlob")
async def test_no_blob(world: World, action: str):
    a = await owner(world)
    await plays(a, (FILE, "Write", "x", "Ok"), (FILE, action, NO_BLOB), (FILE, "Read", read("x")))


@rule(ACTIONS, "every process has a cursor of its own on a path", "fixed")
async def test_cursors_are_apart(world: World):
    a = await owner(world)
    child = await a.child(requests=[capability(f"{HERE}@{VFS}")])
    await plays(a, (FILE, "Write", "abcd", "Ok"), (FILE, {"ReadExact": {"length": 2}}, read("ab")))
    await plays(child, (FILE, {"ReadExact": {"length": 1}}, read("a")), (FILE, "CloseFile", "Ok"))
    await plays(a, (FILE, "ReadToEnd", read("cd")))


@rule(ACTIONS, "Requests of one process on one path are carried out in their order", "fixed")
async def test_requests_keep_their_order(world: World):
    a = await owner(world)
    appends = [
        send(SERVER, {"path": FILE, "action": "Append"}, blob=blob(str(n))) for n in range(10)
    ]
    await a.play(vfs(FILE, "CreateFile"), *appends)
    await plays(a, (FILE, "Read", read("0123456789")))


# Answers.


@pytest.mark.parametrize("body", ["", "{}", "no json", '{"path":"a:test.os/files"}', '"Read"'])
@rule(ANSWERS, "a body that cannot be read is MalformedRequest")
async def test_malformed_bodies(world: World, body: str):
    a = await owner(world)
    assert shown((await a.play(ask(SERVER, body)))[0]) == MALFORMED


@rule(ANSWERS, "an action that does not exist is MalformedRequest")
async def test_unknown_actions(world: World):
    await plays(await owner(world), (FILE, "Sing", MALFORMED), (FILE, {"Read": {}}, MALFORMED))


@rule(ANSWERS, "a success repeats the Request's metadata, an error has none")
async def test_metadata_is_echoed(world: World):
    a = await owner(world)
    good, bad = await a.play(vfs(DRIVE, "ReadDir", metadata="m"), vfs(FILE, "Read", metadata="m"))
    assert (good["metadata"], bad["metadata"]) == ("m", None)


@rule(ANSWERS, "data comes as application/octet-stream")
async def test_the_type_of_data(world: World):
    a = await owner(world)
    await a.play(vfs(FILE, "Write", "x"))
    assert (await a.do(vfs(FILE, "Read")))["blob"]["mime"] == "application/octet-stream"


@rule(ANSWERS, "a Request that expects nothing is carried out, and not answered")
async def test_nothing_is_answered_unasked(world: World):
    a = await owner(world)
    await a.do(send(SERVER, {"path": FILE, "action": "Write"}, blob=blob("x")))
    await a.do(send(SERVER, {"path": f"{DRIVE}/no/file", "action": "Write"}, blob=blob("x")))
    await plays(a, (FILE, "Read", read("x")))
    assert not a.idle


@rule(ANSWERS, "a success goes to the first asker when the Request was handed on")
async def test_success_follows_rsvp(world: World):
    a = await owner(world, public=True)
    await plays(a, (FILE, "Write", "x", "Ok"))
    b = await world.guest("b", public=True)
    run = await b.begin(ask(a))
    await a.do(send(SERVER, {"path": FILE, "action": "Read"}, inherit=True))
    assert shown((await run.results())[0]) == read("x")


@rule(ANSWERS, "what comes from another node gets no answer, and a print at level 1")
async def test_remote_sources_are_ignored(world: World):
    await owner(world)
    b = await world.guest("b", node=THERE)
    got = await b.do(ask(f"{HERE}@{VFS}", {"path": FILE, "action": "CreateFile"}))
    assert got["kind"] == "Timeout"
    assert not (world.home() / "vfs" / FILE).exists()
    assert world.prints(1)
