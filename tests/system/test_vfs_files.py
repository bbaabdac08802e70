"""The actions on files, one by one."""

import errno
import hashlib
import os

import pytest

from kinode_nb.system import vfs_files
from kinode_nb.system.vfs_transfers import LARGE
from tests.system.vfs_nodes import (
    DRIVE,
    EARLY_EOF,
    INVALID,
    IS_A_FOLDER,
    MALFORMED,
    MISSING,
    NO_BLOB,
    ask,
    asking,
    os_error,
)

FILE = f"{DRIVE}/file"
OPEN = {"OpenFile": {"create": True}}
SMALL, BIG = 10, 3 * LARGE + 7


def exactly(length):
    return {"ReadExact": {"length": length}}


def start(place):
    return {"Seek": {"Start": place}}


def at(place):
    return {"SeekFrom": {"new_offset": place}}


@pytest.fixture(params=[SMALL, BIG], ids=["small", "large"])
def content(request):
    """Bytes that are handled at once, and bytes that are handled in a thread."""
    return os.urandom(request.param)


@pytest.fixture
def file(node, content):
    path = node.drive / "file"
    path.write_bytes(content)
    return path


def test_create_file_makes_an_empty_one(node):
    node.drive  # noqa: B018 - makes the folder
    assert node.run(asking((FILE, "CreateFile"))) == ["Ok"]
    assert (node.drive / "file").read_bytes() == b""


def test_create_file_empties_what_was_there(node, file):
    steps = [(FILE, exactly(3)), (FILE, "CreateFile"), (FILE, "WriteAll", b"new")]
    assert node.run(asking(*steps))[1:] == ["Ok", "Ok"]
    assert file.read_bytes() == b"new"


def test_open_file_creates_only_when_asked_to(node):
    node.drive  # noqa: B018 - makes the folder
    other = f"{DRIVE}/other"
    steps = [(FILE, {"OpenFile": {"create": False}}), (other, OPEN)]
    assert node.run(asking(*steps)) == [MISSING, "Ok"]
    assert [each.name for each in node.drive.iterdir()] == ["other"]


def test_open_file_never_truncates_and_goes_to_the_start(node, file, content):
    steps = [(FILE, exactly(3)), (FILE, OPEN), (FILE, exactly(3))]
    assert node.run(asking(*steps))[2] == ("Read", content[:3])
    assert file.read_bytes() == content


def test_open_file_opens_what_lies_there_now(node):
    """A download that was renamed into place must not be written to by the next one."""
    part, whole = f"{DRIVE}/part", f"{DRIVE}/whole"
    node.drive  # noqa: B018 - makes the folder
    steps = [
        (part, OPEN),
        (part, "WriteAll", b"first"),
        (part, {"Rename": {"new_path": whole}}),
        (part, OPEN),
        (part, "WriteAll", b"second"),
    ]
    node.run(asking(*steps))
    assert (node.drive / "whole").read_bytes() == b"first"
    assert (node.drive / "part").read_bytes() == b"second"


def test_an_open_handle_stays_under_the_old_path(node):
    (node.drive / "old").write_bytes(b"content")
    old, new = f"{DRIVE}/old", f"{DRIVE}/new"
    steps = [(old, exactly(3)), (old, {"Rename": {"new_path": new}}), (old, exactly(4))]
    assert node.run(asking(*steps))[2] == ("Read", b"tent")


def test_close_file_forgets_the_cursor(node, file, content):
    steps = [(FILE, exactly(3)), (FILE, "CloseFile"), (FILE, exactly(3))]
    assert node.run(asking(*steps)) == [("Read", content[:3]), "Ok", ("Read", content[:3])]


def test_close_file_never_fails(node):
    missing = [(FILE, "CloseFile"), (f"{DRIVE}/no/such/thing", "CloseFile"), (DRIVE, "CloseFile")]
    assert node.run(asking(*missing)) == ["Ok", "Ok", "Ok"]


# ------------------------------------------------------------------- writing


def test_write_replaces_the_whole_file(node, content):
    (node.drive / "file").write_bytes(b"much longer" * 100_000)
    assert node.run(asking((FILE, "Write", content))) == ["Ok"]
    assert (node.drive / "file").read_bytes() == content


def test_write_creates_the_file_but_no_folder(node, content):
    node.drive  # noqa: B018 - makes the folder
    steps = [(FILE, "Write", content), (f"{DRIVE}/no/file", "Write", content)]
    assert node.run(asking(*steps)) == ["Ok", MISSING]
    assert [each.name for each in node.drive.iterdir()] == ["file"]


def test_write_leaves_the_cursor(node, file, content):
    steps = [(FILE, exactly(3)), (FILE, "Write", b"0123456789"), (FILE, "ReadToEnd")]
    assert node.run(asking(*steps))[2] == ("Read", b"3456789")


def test_write_all_writes_at_the_cursor_and_moves_it(node, content):
    (node.drive / "file").write_bytes(b"ab")
    steps = [(FILE, start(1)), (FILE, "WriteAll", content), (FILE, "WriteAll", b"end")]
    node.run(asking(*steps))
    assert (node.drive / "file").read_bytes() == b"a" + content + b"end"


def test_write_all_keeps_what_follows(node):
    (node.drive / "file").write_bytes(b"0123456789")
    node.run(asking((FILE, start(2)), (FILE, "WriteAll", b"ab")))
    assert (node.drive / "file").read_bytes() == b"01ab456789"


def test_append_writes_at_the_end_and_leaves_the_cursor_there(node, content):
    (node.drive / "file").write_bytes(b"ab")
    steps = [(FILE, exactly(1)), (FILE, "Append", content), (FILE, "WriteAll", b"end")]
    node.run(asking(*steps))
    assert (node.drive / "file").read_bytes() == b"ab" + content + b"end"


def test_large_appends_of_several_processes_all_arrive(node):
    (node.drive / "file").write_bytes(b"")

    def appending(letter):
        async def program(our):
            for _ in range(5):
                assert await ask(our, FILE, "Append", letter * LARGE) == "Ok"

        return program

    node.run(appending(b"a"), {f"{x}:app:tester.os": appending(x.encode()) for x in "bcd"})
    content = (node.drive / "file").read_bytes()
    blocks = sorted(content[place : place + LARGE] for place in range(0, len(content), LARGE))
    assert blocks == [letter * LARGE for letter in (b"a", b"b", b"c", b"d") for _ in range(5)]


def test_an_append_that_fails_leaves_the_file_as_it_was(node, monkeypatch):
    def full(file, data, offset):
        os.pwrite(file.fd, data[:5], offset)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(vfs_files, "write_all", full)
    (node.drive / "file").write_bytes(b"before")
    steps = [(FILE, exactly(2)), (FILE, "Append", bytes(LARGE)), (FILE, "ReadToEnd")]
    answers = node.run(asking(*steps))
    assert answers[1:] == [os_error(errno.ENOSPC), ("Read", b"fore")]
    assert (node.drive / "file").read_bytes() == b"before"


def test_a_large_write_that_fails_leaves_the_cursor(node, file, content, monkeypatch):
    def full(file, data, offset):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(vfs_files, "write_all", full)
    steps = [(FILE, exactly(2)), (FILE, "WriteAll", bytes(LARGE)), (FILE, {"Seek": {"Current": 0}})]
    assert node.run(asking(*steps))[1:] == [os_error(errno.ENOSPC), at(2)]


@pytest.mark.parametrize("action", ["Write", "WriteAll", "Append", "AddZip"])
def test_writing_needs_a_blob(node, file, content, action):
    assert node.run(asking((FILE, action))) == [NO_BLOB]
    assert file.read_bytes() == content


def test_writing_nothing_is_fine(node, file, content):
    steps = [(FILE, "WriteAll", b""), (FILE, "Append", b"")]
    assert node.run(asking(*steps)) == ["Ok", "Ok"]
    assert file.read_bytes() == content


def test_sync_all_is_fine_where_there_is_a_file(node, file):
    assert node.run(asking((FILE, "SyncAll"))) == ["Ok"]


@pytest.mark.parametrize("length", [0, 3, 20])
def test_set_len_cuts_or_fills_and_leaves_the_cursor(node, length):
    (node.drive / "file").write_bytes(b"0123456789")
    steps = [(FILE, exactly(2)), (FILE, {"SetLen": length}), (FILE, {"Seek": {"Current": 0}})]
    assert node.run(asking(*steps))[1:] == ["Ok", at(2)]
    assert (node.drive / "file").read_bytes() == b"0123456789".ljust(20, b"\0")[:length]


# ------------------------------------------------------------------- reading


def test_read_returns_the_whole_file_and_leaves_the_cursor(node, file, content):
    steps = [(FILE, exactly(2)), (FILE, "Read"), (FILE, exactly(2))]
    expected = [content[:2], content, content[2:4]]
    assert node.run(asking(*steps)) == [("Read", each) for each in expected]


def test_an_empty_file_is_read_as_an_empty_blob(node):
    (node.drive / "file").touch()
    steps = [(FILE, "Read"), (FILE, "ReadToEnd"), (FILE, exactly(0)), (FILE, "ReadToString")]
    expected = [("Read", b"")] * 3 + [{"ReadToString": ""}]
    assert node.run(asking(*steps)) == expected


def test_read_exact_goes_on_where_it_was(node, file, content):
    half = len(content) // 2
    steps = [(FILE, exactly(half)), (FILE, exactly(len(content) - half))]
    expected = [("Read", content[:half]), ("Read", content[half:])]
    assert node.run(asking(*steps)) == expected


@pytest.mark.parametrize("more", [1, 1 << 21, (1 << 64) - 1 - BIG])
def test_read_exact_past_the_end_fails_and_goes_there(node, file, content, more):
    size = len(content)
    steps = [(FILE, exactly(2)), (FILE, exactly(size - 2 + more)), (FILE, {"Seek": {"Current": 0}})]
    assert node.run(asking(*steps))[1:] == [EARLY_EOF, at(size)]


def test_reading_beyond_the_end(node, file, content):
    far = len(content) + 100
    steps = [(FILE, start(far)), (FILE, "ReadToEnd"), (FILE, exactly(1)), (FILE, "Len")]
    expected = [at(far), ("Read", b""), EARLY_EOF, {"Len": len(content)}]
    assert node.run(asking(*steps)) == expected


def test_read_to_end_begins_at_the_cursor(node, file, content):
    steps = [(FILE, exactly(2)), (FILE, "ReadToEnd"), (FILE, "ReadToEnd")]
    assert node.run(asking(*steps))[1:] == [("Read", content[2:]), ("Read", b"")]


@pytest.mark.parametrize("text", ["naïve ✓", "naïve ✓" * LARGE], ids=["small", "large"])
def test_read_to_string_begins_at_the_cursor(node, text):
    (node.drive / "file").write_text(text, encoding="utf-8")
    steps = [(FILE, exactly(2)), (FILE, "ReadToString"), (FILE, {"Seek": {"Current": 0}})]
    assert node.run(asking(*steps))[1:] == [{"ReadToString": text[2:]}, at(len(text.encode()))]


def test_read_to_string_refuses_what_is_no_text(node):
    (node.drive / "file").write_bytes(b"ok\xff")
    error = {"Err": {"IOError": "stream did not contain valid UTF-8"}}
    assert node.run(asking((FILE, "ReadToString"))) == [error]


@pytest.mark.parametrize(
    ("action", "place"),
    [
        ({"Start": 0}, 0),
        ({"Start": 7}, 7),
        ({"Start": 1000}, 1000),
        ({"End": 0}, 10),
        ({"End": -4}, 6),
        ({"End": 4}, 14),
        ({"Current": 0}, 3),
        ({"Current": -3}, 0),
        ({"Current": 2}, 5),
    ],
)
def test_seek(node, action, place):
    (node.drive / "file").write_bytes(b"0123456789")
    steps = [(FILE, exactly(3)), (FILE, {"Seek": action}), (FILE, {"Seek": {"Current": 0}})]
    assert node.run(asking(*steps))[1:] == [at(place), at(place)]


@pytest.mark.parametrize("action", [{"End": -11}, {"Current": -4}, {"Start": (1 << 64) - 1}])
def test_a_seek_to_nowhere_fails_and_leaves_the_cursor(node, action):
    (node.drive / "file").write_bytes(b"0123456789")
    steps = [(FILE, exactly(3)), (FILE, {"Seek": action}), (FILE, {"Seek": {"Current": 0}})]
    assert node.run(asking(*steps))[1:] == [INVALID, at(3)]


def test_hash_is_sha_256_and_leaves_the_cursor_at_the_end(node, file, content):
    steps = [(FILE, "Hash"), (FILE, {"Seek": {"Current": 0}})]
    digest = list(hashlib.sha256(content).digest())
    assert node.run(asking(*steps)) == [{"Hash": digest}, at(len(content))]


def test_len(node, file, content):
    assert node.run(asking((FILE, "Len"))) == [{"Len": len(content)}]


@pytest.mark.parametrize(
    "action",
    [
        "Append",
        "Hash",
        "Len",
        "Read",
        "ReadToEnd",
        "ReadToString",
        "SyncAll",
        "WriteAll",
        exactly(1),
        exactly(LARGE),
        start(0),
        {"OpenFile": {"create": False}},
        {"SetLen": 1},
    ],
    ids=str,
)
def test_what_needs_a_file_fails_without_one(node, action):
    (node.drive / "folder").mkdir()
    folder, below = f"{DRIVE}/folder", f"{DRIVE}/none/file"
    data = [b"data"] if action in ("Append", "WriteAll") else []
    steps = [(FILE, action, *data), (folder, action, *data), (DRIVE, action, *data)]
    expected = [MISSING, IS_A_FOLDER, IS_A_FOLDER, MISSING]
    assert node.run(asking(*steps, (below, action, *data))) == expected
    assert [each.name for each in node.drive.iterdir()] == ["folder"]


@pytest.mark.parametrize("action", ["CreateFile", "Write", OPEN], ids=str)
def test_a_folder_is_no_file_to_be_made(node, action):
    (node.drive / "folder").mkdir()
    assert node.run(asking((f"{DRIVE}/folder", action, b"data"))) == [IS_A_FOLDER]


@pytest.mark.parametrize(
    "action",
    [
        "OpenFile",
        "ReadExact",
        "Seek",
        "SetLen",
        {"OpenFile": {}},
        {"OpenFile": {"create": 1}},
        {"OpenFile": True},
        {"ReadExact": 1},
        {"ReadExact": {"length": -1}},
        {"ReadExact": {"length": 1.5}},
        {"ReadExact": {"length": 1 << 64}},
        {"SetLen": -1},
        {"SetLen": "1"},
        {"SetLen": 1 << 64},
        {"Seek": {}},
        {"Seek": {"Start": -1}},
        {"Seek": {"Start": 1 << 64}},
        {"Seek": {"End": 1 << 63}},
        {"Seek": {"Middle": 0}},
        {"Seek": {"Start": 0, "End": 0}},
        {"Read": {}},
    ],
    ids=str,
)
def test_what_an_action_carries_has_to_fit(node, action):
    (node.drive / "file").write_bytes(b"content")
    assert node.run(asking((FILE, action))) == [MALFORMED]


def test_a_length_that_no_file_can_have(node, file):
    assert node.run(asking((FILE, {"SetLen": 1 << 63}))) == [INVALID]


def test_serde_reads_a_bare_action_with_null_too(node, file, content):
    assert node.run(asking((FILE, {"Len": None}))) == [{"Len": len(content)}]


def test_a_pipe_does_not_stop_the_node(node):
    os.mkfifo(node.drive / "pipe")
    pipe = f"{DRIVE}/pipe"
    steps = [(pipe, "Read"), (pipe, "Write", b"x"), (pipe, exactly(1))]
    metadata, *errors, entries = node.run(asking((pipe, "Metadata"), *steps, (DRIVE, "ReadDir")))
    assert metadata == {"Metadata": {"file_type": "Other", "len": 0}}
    assert all("IOError" in each["Err"] for each in errors)
    assert entries == {"ReadDir": [{"path": pipe, "file_type": "Other"}]}


@pytest.mark.parametrize("reading", ["Read", "ReadToEnd", "ReadToString", exactly(1 << 42)])
def test_what_is_longer_than_the_memory_is_refused_and_the_cursor_stays(node, reading):
    node.drive  # noqa: B018 - makes the folder
    length = 1 << 42  # a hole: no disk is used for it
    steps = [(FILE, OPEN), (FILE, {"SetLen": length}), (FILE, reading)]
    answers = node.run(asking(*steps, (FILE, {"Seek": {"Current": 0}})))
    assert answers[2:] == [os_error(errno.ENOMEM), at(0)]


def test_text_is_refused_where_its_json_would_be_longer_than_the_memory(node, monkeypatch):
    monkeypatch.setattr("kinode_nb.system.vfs_transfers._MOST_IN_MEMORY", 5 * BIG)
    node.drive  # noqa: B018 - makes the folder
    steps = [(FILE, OPEN), (FILE, {"SetLen": BIG}), (FILE, "ReadToString")]
    assert node.run(asking(*steps))[2] == os_error(errno.ENOMEM)
