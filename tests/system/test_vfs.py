"""What vfs answers, to whom, and in what order."""

import asyncio
import threading

import pytest

from kinode_nb.process_lib import LazyLoadBlob, Response
from kinode_nb.system import vfs, vfs_files, vfs_pace, vfs_transfers
from kinode_nb.types.capabilities import vfs_root
from tests.system.vfs_nodes import (
    DRIVE,
    MALFORMED,
    MISSING,
    NO_BLOB,
    NODE,
    SERVER,
    ask,
    asking,
    tell,
)

LARGE = vfs_transfers.LARGE


@pytest.fixture
def gate(monkeypatch):
    """Hold back large reads until `open` is set; `reached` tells that one is held back."""

    class Gate:
        open = threading.Event()
        reached = threading.Event()
        under_way = most = 0

    lock = threading.Lock()
    read_exactly = vfs_files.read_exactly

    def held_back(file, length, offset):
        if length < LARGE:
            return read_exactly(file, length, offset)
        with lock:
            Gate.under_way += 1
            Gate.most = max(Gate.most, Gate.under_way)
        Gate.reached.set()
        Gate.open.wait(30)
        with lock:
            Gate.under_way -= 1
        return read_exactly(file, length, offset)

    monkeypatch.setattr(vfs_files, "read_exactly", held_back)
    monkeypatch.setattr(vfs_pace.Pace, "at_once", lambda *_: False)  # as with a slow disk
    yield Gate
    Gate.open.set()


def large_read(times=1):
    return {"ReadExact": {"length": LARGE * times}}


def test_the_folder_of_all_drives_is_made_at_the_start(node):
    node.run(asking(("/", "ReadDir")))
    assert node.root.is_dir()


def test_success_echoes_the_metadata(node):
    async def program(our):
        body = {"path": DRIVE, "action": "CreateDrive"}
        return (await our.send_and_await_response(SERVER, body, metadata="mine")).metadata

    assert node.run(program) == "mine"


def test_errors_have_no_metadata(node):
    async def program(our):
        body = {"path": f"{DRIVE}/file", "action": "Len"}
        return (await our.send_and_await_response(SERVER, body, metadata="mine")).metadata

    assert node.run(program) is None


def test_bytes_come_as_octet_stream(node):
    (node.drive / "file").write_bytes(b"\0\xff")

    async def program(our):
        body = {"path": f"{DRIVE}/file", "action": "Read"}
        response = await our.send_and_await_response(SERVER, body)
        return response.body, response.inherit, our.get_blob()

    blob = LazyLoadBlob(b"\0\xff", "application/octet-stream")
    assert node.run(program) == (b'"Read"', False, blob)


def test_no_blob_comes_where_nothing_was_read(node):
    async def program(our):
        await our.send_and_await_response(SERVER, {"path": DRIVE, "action": "CreateDrive"})
        return our.has_blob()

    assert node.run(program) is False


def test_bodies_are_byte_for_byte_those_of_serde(node):
    (node.drive / "f").write_bytes(b"abc")
    expected = {
        "Metadata": b'{"Metadata":{"file_type":"File","len":3}}',
        "Len": b'{"Len":3}',
        "ReadToString": b'{"ReadToString":"abc"}',
        "ReadDir": b'{"Err":{"IOError":"Not a directory (os error 20)"}}',
        "CreateDir": b'{"Err":{"IOError":"File exists (os error 17)"}}',
        "Write": b'{"Err":"NoBlob"}',
        "Nonsense": b'{"Err":"MalformedRequest"}',
    }

    async def program(our):
        got = {}
        for action in expected:
            body = {"path": f"{DRIVE}/f", "action": action}
            got[action] = (await our.send_and_await_response(SERVER, body)).body
        return got

    assert node.run(program) == expected


def test_a_missing_file_is_told_as_rust_tells_it(node):
    node.drive  # noqa: B018 - makes the folder
    (answer,) = node.run(asking((f"{DRIVE}/file", "Read")))
    assert answer == {"Err": {"IOError": "No such file or directory (os error 2)"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"path":"app:tester.os/files"}',
        b'{"action":"Read"}',
        b'{"path":null,"action":"Read"}',
        b'{"path":"app:tester.os/files","action":null}',
        b'{"path":"app:tester.os/files","action":"read"}',
        b'{"path":"app:tester.os/files","action":{}}',
        b'{"path":"app:tester.os/files","action":{"Read":1}}',
        b'{"path":"app:tester.os/files","action":{"Len":null,"Read":null}}',
        b'{"path":"app:tester.os/files/\\ud800","action":"Read"}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_makes_no_sense_is_malformed(node, body):
    async def program(our):
        return (await our.send_and_await_response(SERVER, body)).json()

    assert node.run(program) == MALFORMED


def test_who_wants_no_answer_gets_none(node):
    async def program(our):
        await tell(our, DRIVE, "CreateDrive")
        await tell(our, f"{DRIVE}/file", "Write", b"told")
        await tell(our, f"{DRIVE}/missing", "Len")
        await our.send_request(SERVER, {"path": f"{DRIVE}/file", "action": "Read"}, 5)
        message = await our.receive()
        return type(message), our.get_blob().bytes

    assert node.run(program) == (Response, b"told")


def test_the_answer_goes_to_whom_it_was_asked_for(node):
    """The middle passes the Request on, and asks for no answer itself: rsvp is the first."""

    async def middle(our):
        request = await our.receive()
        for path in (f"{DRIVE}/missing", DRIVE):
            body = {"path": path, "action": "Len" if path != DRIVE else "Metadata"}
            await our.send_request(SERVER, body, inherit=True, metadata="passed on")
        return request.body

    async def program(our):
        response = await our.send_and_await_response("middle:app:tester.os", b"go")
        return response.source, response.metadata, list(response.json())

    node.drive  # noqa: B018 - makes the folder
    answers = node.run(program, {"middle:app:tester.os": middle})
    assert answers[0] == (SERVER, "passed on", ["Metadata"])  # the error was for nobody


def test_the_list_of_packages_goes_to_whom_it_was_asked_for_too(node):
    """Kinode sends this one answer to the source."""

    async def middle(our):
        await our.receive()
        await our.send_request(SERVER, {"path": "/", "action": "ReadDir"}, inherit=True)

    async def program(our):
        response = await our.send_and_await_response("middle:app:tester.os", b"go")
        return response.source, response.json()

    node.drive  # noqa: B018 - makes the folder
    node.held["middle:app:tester.os"] = [vfs_root(NODE)]
    packages = {"ReadDir": [{"path": "app:tester.os", "file_type": "Directory"}]}
    assert node.run(program, {"middle:app:tester.os": middle})[0] == (SERVER, packages)


def test_other_nodes_are_ignored(node):
    async def remote(our):
        body = {"path": DRIVE, "action": "CreateDrive"}
        await our.send_request(SERVER, body)
        await our.send_request(SERVER, b"nonsense")
        await our.send_and_await_response(f"fake.dev@{our.process}", b"sent")

    async def program(our):
        message = await our.receive()
        answer = await ask(our, DRIVE, "ReadDir")
        await our.send_response(b"done", to=message)
        return answer

    answer, _ = node.run(program, remote=remote)
    assert answer == MISSING
    told = "vfs: got request from other.dev, but they must come from fake.dev"
    assert node.prints.count(told) == 2


def test_a_response_is_ignored(node):
    async def program(our):
        await our.send_and_await_response(SERVER, {"path": DRIVE, "action": "CreateDrive"})
        body = {"path": DRIVE, "action": "Metadata"}
        await our.send_request(SERVER, body, 5)
        first = await our.receive()
        return type(first), first.json()["Metadata"]["file_type"]

    assert node.run(program) == (Response, "Directory")


def test_what_is_wrong_with_one_request_does_not_end_the_others(node, monkeypatch):
    def broken(file, data, offset):
        raise ZeroDivisionError("by a surprise")

    monkeypatch.setattr(vfs_files, "write_all", broken)
    node.drive  # noqa: B018 - makes the folder
    large, small = b"x" * LARGE, b"x"
    answers = node.run(
        asking(
            (f"{DRIVE}/file", "Write", small),
            (f"{DRIVE}/file", "Write", large),
            (DRIVE, "ReadDir"),
        )
    )
    assert answers[:2] == [{"Err": {"IOError": "by a surprise"}}] * 2
    assert "ReadDir" in answers[2]
    assert sum("Write of app:tester.os/files/file: Zero" in text for text in node.prints) == 2


# --------------------------------------------------------------------- order


def test_small_actions_do_not_wait_for_large_ones(node, gate):
    (node.drive / "large").write_bytes(bytes(LARGE))
    (node.drive / "small").write_bytes(b"small")

    async def program(our):
        large = asyncio.create_task(ask(our, f"{DRIVE}/large", large_read()))
        await asyncio.to_thread(gate.reached.wait)
        small = await ask(our, f"{DRIVE}/small", "Read")
        waiting = not large.done()
        gate.open.set()
        return small, waiting, (await large)[0]

    assert node.run(program) == (("Read", b"small"), True, "Read")


def test_large_actions_on_several_paths_are_under_way_together(node, gate):
    for name in "ab":
        (node.drive / name).write_bytes(name.encode() * LARGE)

    async def program(our):
        tasks = [asyncio.create_task(ask(our, f"{DRIVE}/{name}", large_read())) for name in "ab"]
        while gate.under_way < 2:
            await asyncio.to_thread(gate.reached.wait)
            await ask(our, DRIVE, "Metadata")
        gate.open.set()
        return [(await task)[1][:1] for task in tasks]

    assert node.run(program) == [b"a", b"b"]
    assert gate.most == 2


def test_actions_of_one_process_on_one_path_keep_their_order(node, gate):
    content = b"".join(bytes([number]) * LARGE for number in range(8))
    (node.drive / "file").write_bytes(content)
    path = f"{DRIVE}/file"

    async def program(our):
        for action in [large_read()] * 3 + [{"Seek": {"Start": LARGE * 6}}, large_read(), "Len"]:
            await our.send_request(SERVER, {"path": path, "action": action}, 30, context=action)
        await asyncio.to_thread(gate.reached.wait)
        gate.open.set()
        got = []
        for _ in range(6):
            response = await our.receive()
            got.append(our.get_blob().bytes[0] if our.has_blob() else response.json())
        return got

    answers = [0, 1, 2, {"SeekFrom": {"new_offset": LARGE * 6}}, 6, {"Len": len(content)}]
    assert node.run(program) == answers
    assert gate.most == 1


def test_a_rename_waits_for_both_of_its_paths(node, gate):
    (node.drive / "old").write_bytes(b"old")
    (node.drive / "new").write_bytes(b"n" * LARGE)

    async def program(our):
        requests = [
            (f"{DRIVE}/new", large_read()),
            (f"{DRIVE}/old", {"Rename": {"new_path": f"{DRIVE}/new"}}),
            (f"{DRIVE}/old", "Metadata"),
            (f"{DRIVE}/new", "Read"),
        ]
        for path, action in requests:
            await our.send_request(SERVER, {"path": path, "action": action}, 30)
        await asyncio.to_thread(gate.reached.wait)
        gate.open.set()
        got = []
        for _ in requests:
            response = await our.receive()
            got.append(our.get_blob().bytes[:3] if our.has_blob() else response.json())
        return got

    first, second, *rest = node.run(program)
    assert (first, second) == (b"nnn", "Ok")
    assert MISSING in rest
    assert b"old" in rest


def test_too_much_to_do_makes_senders_wait_and_loses_nothing(node, gate):
    number = 600
    (node.drive / "file").write_bytes(bytes(LARGE))
    sent = []

    async def turn():
        await asyncio.sleep(0)

    async def open_when_full():
        lanes = node.vfs._service._lanes
        while lanes.count < 256:
            await turn()
        seen = -1
        while seen != len(sent):
            seen = len(sent)
            for _ in range(20):
                await turn()
        gate.open.set()
        return lanes.count, seen

    async def program(our):
        opening = asyncio.create_task(open_when_full())
        await our.send_request(SERVER, {"path": f"{DRIVE}/file", "action": large_read()}, 60)
        for _ in range(number):
            body = {"path": f"{DRIVE}/file", "action": {"Seek": {"Current": 1}}}
            await our.send_request(SERVER, body, 60)
            sent.append(body)
        got = [(await our.receive()).json() for _ in range(number + 1)]
        return got[-1], *await opening

    last, waiting, seen = node.run(program)
    assert last == {"SeekFrom": {"new_offset": LARGE + number}}
    assert waiting == 256
    assert seen < number


def test_what_was_begun_is_finished_when_vfs_is_ended(node, gate, monkeypatch):
    (node.drive / "file").write_bytes(bytes(LARGE))
    close = vfs._Service.close

    async def closing(service):
        task = asyncio.create_task(close(service))
        await asyncio.sleep(0)
        gate.open.set()
        await task
        left.append(gate.under_way)

    left = []
    monkeypatch.setattr(vfs._Service, "close", closing)

    async def program(our):
        await our.send_request(SERVER, {"path": f"{DRIVE}/file", "action": large_read()}, 30)
        await our.send_request(SERVER, {"path": f"{DRIVE}/more", "action": "CreateFile"}, 30)
        await our.send_request(SERVER, {"path": f"{DRIVE}/file", "action": "RemoveFile"}, 30)
        await our.receive()
        await asyncio.to_thread(gate.reached.wait)

    node.run(program)
    assert left == [0]
    assert sorted(each.name for each in node.drive.iterdir()) == ["file", "more"]


def test_a_blob_belongs_to_its_own_request(node):
    node.drive  # noqa: B018 - makes the folder
    paths = [f"{DRIVE}/{number}" for number in range(100)]

    async def program(our):
        for path in paths:
            await tell(our, path, "Write", path.encode())
        missing = await ask(our, f"{DRIVE}/none", "Write")
        return missing, [await ask(our, path, "Read") for path in paths]

    missing, contents = node.run(program)
    assert missing == NO_BLOB
    assert contents == [("Read", path.encode()) for path in paths]
