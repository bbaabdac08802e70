"""Handles and cursors: whose they are, and how many files are open at once."""

import errno
import os
from pathlib import Path

import pytest

from kinode_nb.system import vfs_drives
from kinode_nb.system.vfs import Descriptors
from kinode_nb.system.vfs_descriptors import Descriptor
from kinode_nb.types import ProcessId
from tests.system.vfs_nodes import APP, DRIVE, SERVER, Node, ask, os_error, tell

FILE = f"{DRIVE}/file"
ONE = {"ReadExact": {"length": 1}}


def open_files():
    return sum(1 for _ in Path("/dev/fd").iterdir())


@pytest.fixture
def tight(tmp_path):
    """A node that keeps few files open."""
    return Node(tmp_path / "home", Descriptors(5))


def test_each_process_has_its_own_cursor(node):
    (node.drive / "file").write_bytes(b"0123456789")

    async def other(our):
        got = []
        for _ in range(10):
            got.append((await ask(our, FILE, ONE))[1])
            request = await our.receive()
            await our.send_response(b"go on", to=request)
        await ask(our, FILE, "CloseFile")
        return b"".join(got)

    async def program(our):
        got = []
        for _ in range(10):
            got.append((await ask(our, FILE, ONE))[1])
            await our.send_and_await_response("other:app:tester.os", b"go on")
        return b"".join(got)

    assert node.run(program, {"other:app:tester.os": other}) == [b"0123456789"] * 2


def test_closing_a_file_is_nothing_to_other_processes(node):
    (node.drive / "file").write_bytes(b"0123456789")

    async def other(our):
        await our.receive()
        await ask(our, FILE, {"OpenFile": {"create": True}})
        await ask(our, FILE, "CloseFile")
        await our.send_response(b"closed")

    async def program(our):
        await ask(our, FILE, {"Seek": {"Start": 4}})
        await our.send_and_await_response("other:app:tester.os", b"close it")
        return (await ask(our, FILE, ONE))[1]

    assert node.run(program, {"other:app:tester.os": other})[0] == b"4"


def test_thousands_of_files_keep_their_cursors_with_few_open(tight):
    number = 2000

    async def program(our):
        before = open_files()
        for index in range(number):
            await ask(our, f"{DRIVE}/{index}", "Write", b"%06d" % index)
            await ask(our, f"{DRIVE}/{index}", {"Seek": {"Start": 2}})
        most = open_files() - before
        got = [(await ask(our, f"{DRIVE}/{index}", "ReadToEnd"))[1] for index in range(number)]
        return most, got

    tight.drive  # noqa: B018 - makes the folder
    most, got = tight.run(program)
    assert got == [b"%04d" % index for index in range(number)]
    assert most <= 5


def test_many_drives_stay_within_the_limit_too(tight):
    async def program(our):
        before = open_files()
        for index in range(50):
            await ask(our, f"app:tester.os/{index}", "CreateDrive")
            await ask(our, f"app:tester.os/{index}/file", "Write", b"%d" % index)
        most = open_files() - before
        return most, [
            (await ask(our, f"app:tester.os/{index}/file", "Read"))[1] for index in range(50)
        ]

    most, got = tight.run(program)
    assert got == [b"%d" % index for index in range(50)]
    assert most <= 5


def test_nodes_can_share_the_limit(tmp_path):
    shared = Descriptors(3)
    one, other = Node(tmp_path / "one", shared), Node(tmp_path / "other", shared)
    for node in (one, other):
        (node.drive / "file").write_bytes(b"x")

        async def program(our):
            await ask(our, FILE, ONE)
            return len(shared)

        assert node.run(program) == 2  # the drive and the file
    assert len(shared) == 0


def test_when_the_system_gives_no_more_some_are_closed(node, monkeypatch):
    """Another part of the process may have taken them all."""
    real_open, spare = os.open, [0]

    def crowded(*args, **more):
        if not spare[0]:
            raise OSError(errno.EMFILE, "too many")
        spare[0] -= 1
        return real_open(*args, **more)

    let_go = vfs_drives._Kept.let_go

    def closing(kept):
        spare[0] += 2
        let_go(kept)

    (node.drive / "file").write_bytes(b"x")

    async def program(our):
        for drive in ("app:tester.os/a", "app:tester.os/b"):
            await ask(our, drive, "CreateDrive")
        monkeypatch.setattr(vfs_drives.os, "open", crowded)
        monkeypatch.setattr(vfs_drives._Kept, "let_go", closing)
        return await ask(our, "app:tester.os/b/file", "CreateFile")

    assert node.run(program) == "Ok"


def test_when_there_is_nothing_to_close_the_error_is_told(node, monkeypatch):
    def crowded(*_args, **_more):
        raise OSError(errno.EMFILE, "too many")

    node.drive  # noqa: B018 - makes the folder

    async def program(our):
        monkeypatch.setattr(vfs_drives.os, "open", crowded)
        return await ask(our, FILE, "CreateFile")

    assert node.run(program) == os_error(errno.EMFILE)


def test_files_of_a_process_that_has_ended_are_closed(node):
    async def short(our):
        for index in range(10):
            await ask(our, f"{DRIVE}/{index}", {"OpenFile": {"create": True}})
            await ask(our, f"{DRIVE}/{index}", {"Seek": {"Start": index}})
        await our.receive()

    async def program(our):
        await ask(our, DRIVE, "CreateDrive")
        life = node.start("short:app:tester.os", short)
        await our.send_request("short:app:tester.os", b"end")
        await life
        open_before = len(node.descriptors)
        while ProcessId.parse("short:app:tester.os") in node.kernel.processes:
            await ask(our, DRIVE, "Metadata")
        return open_before, len(node.descriptors)

    assert node.run(program) == (11, 1)  # the drive stays


def test_what_a_process_sent_last_is_done_where_it_stood(node):
    """Its end is noticed before its last Requests have been looked at."""

    async def short(our):
        await ask(our, FILE, "CreateFile")
        await ask(our, FILE, "WriteAll", b"first ")
        await tell(our, FILE, "WriteAll", b"second ")
        await tell(our, FILE, "WriteAll", b"third")

    async def program(our):
        await ask(our, DRIVE, "CreateDrive")
        await node.start("short:app:tester.os", short)
        while (answer := await ask(our, FILE, "Read"))[1] != b"first second third":
            assert answer[0] == "Read"
        return node.vfs._service.desk.handles._of

    node.run(program)
    assert (node.drive / "file").read_bytes() == b"first second third"


def test_cursors_of_ended_processes_are_not_kept_for_ever(node):
    async def short(our):
        await ask(our, FILE, {"Seek": {"Start": 3}})

    (node.drive / "file").write_bytes(b"x")

    async def program(our):
        for number in range(300):
            await node.start(f"{number}:app:tester.os", short)
        await ask(our, DRIVE, "ReadDir")
        return len(node.vfs._service.desk.handles._of)

    assert node.run(program) <= 257


def test_a_process_that_lives_again_keeps_its_cursors(node):
    """Its name is among those that have ended, which are forgotten in the end."""
    (node.drive / "file").write_bytes(b"0123456789")

    async def short(our):
        await ask(our, FILE, {"Seek": {"Start": 3}})

    async def again(our):
        await ask(our, FILE, {"OpenFile": {"create": False}})
        await ask(our, FILE, {"Seek": {"Start": 5}})
        for number in range(300):
            await node.start(f"{number}:app:tester.os", short)
        return (await ask(our, FILE, ONE))[1]

    async def program(our):
        await node.start("again:app:tester.os", short)
        while ProcessId.parse("again:app:tester.os") in node.kernel.processes:
            await ask(our, DRIVE, "Metadata")
        return await node.start("again:app:tester.os", again)

    assert node.run(program) == b"5"


def test_forgetting_is_fine_before_and_after_vfs_runs(node):
    node.run(lambda our: ask(our, DRIVE, "CreateDrive"))
    node.vfs.forget(ProcessId.parse(APP))


def test_a_descriptor_is_closed_when_nobody_holds_it(tmp_path):
    descriptor = Descriptor(os.open(tmp_path, os.O_RDONLY))
    number, other = descriptor.fd, descriptor
    del descriptor
    os.fstat(number)
    del other
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


def test_an_evicted_file_is_not_closed_under_its_reader(tight):
    """Five other files are used while a thread reads."""
    content = os.urandom(1 << 20)
    (tight.drive / "file").write_bytes(content)

    async def program(our):
        body = {"path": FILE, "action": {"ReadExact": {"length": 1 << 20}}}
        await our.send_request(SERVER, body, 30)
        for index in range(20):
            await tell(our, f"{DRIVE}/{index}", {"OpenFile": {"create": True}})
        await our.receive()
        first = our.get_blob().bytes == content
        return first, await ask(our, FILE, {"Seek": {"Current": 0}})

    assert tight.run(program) == (True, {"SeekFrom": {"new_offset": 1 << 20}})
