"""The helpers over vfs that a process author uses."""

import asyncio
import hashlib
import os

import pytest

from kinode_nb.process_lib import PackageId, SendError, VfsError, vfs
from kinode_nb.process_lib.vfs import DirEntry, File, FileMetadata
from kinode_nb.system import vfs as system_vfs
from kinode_nb.system.vfs_requests import read
from kinode_nb.types import BodyError
from kinode_nb.types.capabilities import VFS, drive
from tests.system.vfs_nodes import DRIVE, NODE, Node, ask, asking

PATH = f"{DRIVE}/file"
CONTENT = b"0123456789"
MAY_READ = drive(NODE, "read", PackageId("app", "tester.os"), "files")


@pytest.fixture
def node(tmp_path):
    node = Node(tmp_path / "home")
    (node.drive / "file").write_bytes(CONTENT)
    return node


@pytest.fixture
def with_file(node):
    """Run a program that gets our and the file, open."""

    def run(program):
        async def opening(our):
            async with await vfs.open_file(our, PATH) as file:
                return await program(our, file)

        return node.run(opening)

    return run


@pytest.fixture
def seeks(monkeypatch):
    """Places that vfs was asked to seek to, in order."""
    places = []

    def noting(source, body, data):
        job = read(source, body, data)
        if job.action == "Seek":
            places.append(job.value)
        return job

    monkeypatch.setattr(system_vfs, "read", noting)
    return places


def failing(program, node):
    with pytest.raises(VfsError) as caught:
        node.run(program)
    return caught.value.kind, str(caught.value)


def test_create_drive_returns_its_path_and_gives_capabilities(node):
    async def program(our):
        path = await vfs.create_drive(our, our.package_id, "new")
        held = [each.params for each in our.our_capabilities() if "new" in each.params]
        return path, len(held)

    assert node.run(program) == ("app:tester.os/new", 2)
    assert (node.root / "app:tester.os" / "new").is_dir()


def test_a_file_from_beginning_to_end(node):
    async def program(our):
        path = f"{DRIVE}/naïve ✓ file (1).bin"
        async with await vfs.open_file(our, path, create=True) as file:
            await file.write_all(b"hello ")
            await file.write_all(bytearray(b"world"))
            await file.append(memoryview(b"!"))
            await file.sync_all()
            assert await file.len() == 12
            assert await file.metadata() == FileMetadata("File", 12)
            assert await file.read() == b"hello world!"
            assert await file.seek(6) == 6
            assert await file.read_exact(5) == b"world"
            assert await file.read_to_end() == b"!"
            assert await file.seek(-6, os.SEEK_END) == 6
            assert await file.seek(1, os.SEEK_CUR) == 7
            assert await file.read_to_string() == "orld!"
            await file.set_len(5)
            assert await file.hash() == hashlib.sha256(b"hello").digest()
            await file.write(b"")
            assert await file.read() == b""
            return file.path == path

    assert node.run(program) is True


def test_open_file_creates_when_asked_to(node):
    async def program(our):
        await vfs.open_file(our, f"{DRIVE}/new", create=True)
        await vfs.open_file(our, f"{DRIVE}/newer")

    kind, text = failing(program, node)
    assert kind == "IOError"
    assert text == f"{DRIVE}/newer: No such file or directory (os error 2)"


def test_create_file_empties(node):
    async def program(our):
        async with await vfs.create_file(our, PATH) as file:
            return await file.len()

    assert node.run(program) == 0


def test_read_at_and_write_at_need_no_seek_in_sequence(with_file, seeks):
    async def program(our, file):
        got = [await file.read_at(place, 2) for place in (0, 2, 4)]
        await file.write_at(6, b"ab")
        await file.write_at(8, b"cd")
        got.append(await file.read_at(1, 2))
        return got, await file.read()

    got, whole = with_file(program)
    assert got == [b"01", b"23", b"45", b"12"]
    assert whole == b"012345abcd"
    assert seeks == [{"Start": 1}]


def test_write_at_beyond_the_end_fills_with_zeros(with_file):
    async def program(our, file):
        await file.write_at(12, b"ab")
        return await file.read()

    assert with_file(program) == CONTENT + b"\0\0ab"


def test_the_cursor_is_known_after_every_action(with_file, seeks):
    async def program(our, file):
        await file.seek(2)
        await file.read_exact(2)
        await file.write_all(b"ab")
        await file.set_len(8)
        await file.write(CONTENT)
        return await file.read_at(6, 2)

    assert with_file(program) == b"67"
    assert seeks == [{"Start": 2}]


@pytest.mark.parametrize(
    "lost",
    [
        lambda file: file.read_to_end(),
        lambda file: file.read_to_string(),
        lambda file: file.append(b"x"),
        lambda file: file.hash(),
    ],
)
def test_the_cursor_is_not_assumed_after_others(with_file, lost):
    async def program(our, file):
        await file.read_at(0, 2)
        await lost(file)
        return await file.read_at(2, 2)

    assert with_file(program) == b"23"


def test_an_error_does_not_confuse_the_cursor(with_file):
    async def program(our, file):
        await file.read_at(0, 2)
        for place in (2, 5):
            with pytest.raises(VfsError, match="early eof"):
                await file.read_at(place, 100)
        with pytest.raises(VfsError, match="Invalid argument"):
            await file.seek(-99, os.SEEK_END)
        return await file.read_at(2, 2)

    assert with_file(program) == b"23"


def test_two_files_on_one_path_share_a_cursor_and_do_not_confuse_it(with_file):
    async def program(our, file):
        other = await vfs.open_file(our, f"/{DRIVE}/./file")
        got = [await file.read_at(0, 2), await other.read_at(0, 4), await file.read_at(2, 2)]
        await other.close()
        got.append(await file.read_at(4, 2))
        await other.close()
        return got

    assert with_file(program) == [b"01", b"0123", b"23", b"45"]


def test_tasks_may_use_one_file_at_the_same_time(with_file):
    async def program(our, file):
        async def mark(place):
            for _ in range(20):
                await file.write_at(place * 4, b"%04d" % place)
                assert await file.read_at(place * 4, 4) == b"%04d" % place

        async with asyncio.TaskGroup() as tasks:
            for place in range(30):
                tasks.create_task(mark(place))
        return await file.read()

    assert with_file(program) == b"".join(b"%04d" % place for place in range(30))


def test_tasks_may_read_large_pieces_at_the_same_time(node):
    pieces = [os.urandom(1 << 17) for _ in range(8)]
    (node.drive / "file").write_bytes(b"".join(pieces))

    async def program(our):
        async with await vfs.open_file(our, PATH) as file:
            reads = [file.read_at(place << 17, 1 << 17) for place in reversed(range(8))]
            return await asyncio.gather(*reads)

    assert node.run(program) == pieces[::-1]


def test_a_reading_that_is_cancelled_does_not_confuse_the_cursor(with_file):
    async def program(our, file):
        await file.read_at(0, 2)
        task = asyncio.create_task(file.read_at(2, 2))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await file.read_at(2, 2)

    assert with_file(program) == b"23"


def test_other_messages_queue_meanwhile(node):
    async def other(our):
        await our.send_request("main:app:tester.os", b"hello")
        await our.send_request("main:app:tester.os", b"again")

    async def program(our):
        for _ in range(20):
            await vfs.metadata(our, PATH)
        return [(await our.receive()).body for _ in range(2)]

    assert node.run(program, {"other:app:tester.os": other})[0] == [b"hello", b"again"]


def test_folders(node):
    async def program(our):
        await vfs.create_dir_all(our, f"{DRIVE}/a/b")
        folder = await vfs.open_dir(our, f"{DRIVE}/c/d", create=True)
        assert await folder.read() == []
        assert (await vfs.open_dir(our, DRIVE)).path == DRIVE
        await vfs.rename(our, PATH, f"{DRIVE}/a/moved")
        await vfs.copy(our, f"{DRIVE}/a/moved", f"{folder.path}/copy")
        entries = await folder.read()
        assert [each.name for each in entries] == ["copy"]
        assert await vfs.metadata(our, f"{folder.path}/copy") == FileMetadata("File", 10)
        assert (await vfs.metadata(our, DRIVE)).file_type == "Directory"
        await vfs.remove_dir(our, f"{DRIVE}/a/b")
        await vfs.remove_file(our, f"{DRIVE}/a/moved")
        await vfs.remove_dir_all(our, f"{DRIVE}/c")
        return await vfs.read_dir(our, DRIVE)

    assert node.run(program) == [DirEntry(f"{DRIVE}/a", "Directory")]


def test_exists(node):
    paths = [PATH, DRIVE, f"{DRIVE}/none", f"{PATH}/below", "app:tester.os/none/file"]

    async def program(our):
        return [await vfs.exists(our, path) for path in paths]

    assert node.run(program) == [True, True, False, False, False]


def test_exists_does_not_hide_that_one_may_not_know(node):
    kind, text = failing(lambda our: vfs.exists(our, "other:tester.os/files/file"), node)
    assert kind == "NoReadCap"
    assert "read capability" in text


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        (f"{DRIVE}/../x", "MalformedRequest", "does not leave its drive"),
        ("nonsense", "MalformedRequest", "package:publisher/drive"),
        ("other:tester.os/files", "NoWriteCap", "may not write"),
        (f"{PATH}/x", "IOError", "Not a directory (os error 20)"),
    ],
)
def test_errors_say_what_to_do(node, path, kind, says):
    caught = failing(lambda our: vfs.create_dir_all(our, path), node)
    assert caught[0] == kind
    assert caught[1].startswith(f"{path}: ")
    assert says in caught[1]


def test_a_parse_error_is_told(node):
    async def program(our):
        return vfs._error((await ask(our, f"{DRIVE}/x", "AddZip", b"none"))["Err"], "here")

    error = node.run(program)
    assert error.kind == "ParseError"
    assert str(error).startswith("here: invalid Zip archive")


def test_who_may_only_read_can_use_a_file_without_opening_it(node):
    async def reader(our):
        async with File(our, PATH) as file:
            return await file.read_at(2, 3)

    node.held["main:other:tester.os"] = [MAY_READ]

    assert node.run(asking(), {"main:other:tester.os": reader})[1] == b"234"


def test_no_answer_is_a_send_error(node):
    async def program(our):
        server = node.kernel.processes.pop(VFS)  # a Request to nobody times out at once
        try:
            await vfs.metadata(our, PATH)
        finally:
            node.kernel.processes[VFS] = server

    with pytest.raises(SendError, match="Timeout"):
        node.run(program)


def test_an_answer_that_makes_no_sense_is_told():
    with pytest.raises(BodyError, match="vfs should have answered Len"):
        vfs._part({"Metadata": 1}, "Len", int)
    with pytest.raises(BodyError, match="vfs should have answered Len"):
        vfs._part(b'"Ok"', "Len", int)


def test_nothing_is_kept_of_closed_files(node):
    async def program(our):
        file = await vfs.open_file(our, PATH)
        kept = len(vfs._cursors[our])
        await file.close()
        await file.close()
        with pytest.raises(VfsError):
            await vfs.open_file(our, f"{DRIVE}/none")
        return kept, len(vfs._cursors[our])

    assert node.run(program) == (1, 0)
