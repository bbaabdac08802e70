"""File transfer, between real nodes, with real files; the recipe's defects stay fixed.

Numbers in the tests' comments are those of the list of the recipe's defects in the
specification of its behaviour (docs/differences.md).
"""

import os
import threading
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet, Node, Transfer
from kinode_nb.process_lib import Address, LazyLoadBlob, Our, ProcessId, Request
from kinode_nb.types import TransferError

Two = tuple[Node, Node]
SECONDS = 60
PACKAGE = "chat-with-file-transfer:template.os"
MAIN = f"chat-with-file-transfer:{PACKAGE}"


def drive(node: Node, name: str = "files") -> Path:
    return node.home / "vfs" / PACKAGE / name


def everything(*nodes: Node) -> set[Path]:
    """Return all that is in the nodes' homes, but what Python keeps of modules."""
    paths = {path for node in nodes for path in node.home.rglob("*")}
    return {path for path in paths if "__pycache__" not in path.parts}


def names(node: Node, name: str = "files") -> list[str]:
    return sorted(path.name for path in drive(node, name).iterdir())


def fetch(node: Node, file: str, provider: str = "fake2.dev", **options: bool) -> Transfer:
    return node.download(file, provider, **options).wait(SECONDS)


def row(net: FakeNet, id_: str) -> dict[str, object]:
    frame = net.transfers()
    return dict(frame[frame["id"] == id_].iloc[0])


@pytest.mark.parametrize("size", [0, 1, 12, 1 << 20, (1 << 20) + 1, 5 * (1 << 20) - 7])
def test_a_file_arrives_byte_for_byte(net: FakeNet, two: Two, size: int) -> None:
    one, other = two
    data = os.urandom(size)
    other.put("data.bin", data=data)
    transfer = fetch(one, "data.bin")  # 1: a file of no bytes finishes too
    assert transfer.path == drive(one) / "data.bin"
    assert transfer.path.read_bytes() == data
    assert names(one, "tmp") == []
    found = row(net, transfer.id)
    assert (found["status"], found["progress"], found["received"]) == ("done", 100.0, size)
    assert found["bytes"] == size
    assert found["chunks"] == -(-size // (1 << 20))
    assert found["verified"]
    assert str(found["digest"]).startswith("blake3:")
    assert found["error"] == ""


@pytest.mark.parametrize(
    "name", ["naïve ✓ file (1).bin", "a b'c\"d.txt", "-n", "%s{x}$y", ".hidden"]
)
def test_any_name_of_a_file_will_do(two: Two, name: str) -> None:
    one, other = two
    other.put(name, data=b"content")
    assert other.list_files()["file"].tolist() == [name]
    path = fetch(one, name).path
    assert path is not None
    assert path.read_bytes() == b"content"


def test_a_file_written_into_the_drive_by_hand_is_offered(two: Two) -> None:
    one, other = two
    other.list_files()  # the drive is there once the package answers
    (drive(other) / "by hand.txt").write_text("hand")
    (drive(other) / "folder").mkdir()
    (drive(other) / "folder" / "inner.txt").write_text("inner")
    assert one.list_files("fake2.dev")[["file", "bytes"]].values.tolist() == [["by hand.txt", 4]]
    path = fetch(one, "folder/inner.txt").path
    assert path is not None
    assert path.read_text() == "inner"
    older = one.home / "vfs" / PACKAGE.replace("-", "_")
    assert (older / "files" / "folder" / "inner.txt").read_text() == "inner"


def test_a_missing_file_is_an_error_here_and_nothing_there(net: FakeNet, two: Two) -> None:
    one, other = two
    other.put("real.txt", data=b"x")
    transfer = one.download("missing.txt", "fake2.dev")  # 2
    with pytest.raises(TransferError, match=r"fake2\.dev has no file 'missing\.txt'"):
        transfer.wait(SECONDS)
    assert names(other) == ["real.txt"]
    assert names(one) == []
    assert names(one, "tmp") == []
    assert row(net, transfer.id)["status"] == "failed"
    assert transfer.path is None


def test_a_missing_files_error_names_the_nearest(two: Two) -> None:
    one, other = two
    other.put("my_file.txt", data=b"x")
    for name in ("my_fil.txt", f"{PACKAGE}/files/my_fil.txt"):
        with pytest.raises(TransferError) as caught:
            fetch(one, name)
        near = "fake2.dev has no file 'my_fil.txt'. Did you mean 'my_file.txt'?"
        assert str(caught.value).endswith(near)
    with pytest.raises(TransferError) as caught:
        fetch(one, "quite another")
    assert str(caught.value).endswith("fake2.dev has no file 'quite another'")


def test_what_cannot_be_listed_is_left_out(two: Two) -> None:
    one, other = two
    other.put("file.txt", data=b"x")
    (drive(other) / os.fsdecode(b"\xff.txt")).touch()
    assert one.list_files("fake2.dev")["file"].tolist() == ["file.txt"]
    assert other.list_files()["file"].tolist() == ["file.txt"]
    assert not [row for row in other.processes()["restarts"] if row]


def test_an_absolute_name_is_refused_as_such(two: Two) -> None:
    one, other = two
    other.list_files()
    (drive(other) / "etc").mkdir()
    (drive(other) / "etc" / "passwd").write_text("no secret")
    with pytest.raises(TransferError, match="'/etc/passwd' is no name of a file"):
        fetch(one, "/etc/passwd")
    for name in (f"/{PACKAGE}/files/etc/passwd", f"{PACKAGE}/files/etc/passwd", "etc/passwd"):
        fetch(one, name, overwrite=True)
    assert (drive(one) / "etc" / "passwd").read_text() == "no secret"


def test_ok_means_that_the_provider_has_opened_the_file(two: Two) -> None:
    one, other = two
    other.put("there.txt", data=b"x")
    target = {"node": "fake2.dev", "process": process_json(MAIN)}
    for name, answer in (("there.txt", "Ok"), ("gone.txt", "Err")):  # 3
        body = {"Download": {"name": name, "target": target, "is_requestor": True}}
        assert answer in one.request(MAIN, body).json()["Download"]


def process_json(text: str) -> dict[str, str]:
    process, package, publisher = text.split(":")
    return {"process_name": process, "package_name": package, "publisher_node": publisher}


def workers(node: Node) -> list[str]:
    return [name for name in node.processes()["process"] if name.split(":")[0].isdigit()]


def test_workers_end_in_success_and_in_failure(two: Two) -> None:
    one, other = two
    other.put("file.txt", data=b"x" * 3_000_000)
    fetch(one, "file.txt")
    with pytest.raises(TransferError):
        fetch(one, "missing.txt")
    one.request(MAIN, "ListFiles")  # a turn for the last messages
    other.request(MAIN, "ListFiles")
    assert workers(one) == workers(other) == []  # 4


def test_an_existing_longer_file_keeps_no_tail_and_asks_first(two: Two) -> None:
    one, other = two
    other.put("file.txt", data=b"short")
    one.put("file.txt", data=b"much longer than that")
    with pytest.raises(TransferError, match=r"file\.txt is there already.*--overwrite"):
        fetch(one, "file.txt")
    assert (drive(one) / "file.txt").read_bytes() == b"much longer than that"
    fetch(one, "file.txt", overwrite=True)  # 8
    assert (drive(one) / "file.txt").read_bytes() == b"short"
    assert names(one) == ["file.txt"]


def test_an_identical_file_is_not_sent_again(net: FakeNet, two: Two) -> None:
    one, other = two
    other.put("file.bin", data=os.urandom(3_000_000))
    fetch(one, "file.bin")
    chunks = len(net.log(type="Chunk"))
    transfer = fetch(one, "file.bin")
    assert transfer.status == "done"
    assert len(net.log(type="Chunk")) == chunks == 3


def test_two_hundred_files_at_once(two: Two) -> None:
    one, other = two
    files = {f"file {number}.bin": os.urandom(number) for number in range(200)}
    for name, data in files.items():
        other.put(name, data=data)
    transfers = [one.download(name, "fake2.dev") for name in files]
    for transfer in transfers:
        transfer.wait(SECONDS)
    assert {path.name: path.read_bytes() for path in drive(one).iterdir()} == files


def test_both_directions_at_once(two: Two) -> None:
    one, other = two
    there, here = os.urandom(7_000_000), os.urandom(6_000_000)
    other.put("there.bin", data=there)
    one.put("here.bin", data=here)
    a, b = one.download("there.bin", "fake2.dev"), other.download("here.bin", "fake.dev")
    a.wait(SECONDS)
    b.wait(SECONDS)
    assert (drive(one) / "there.bin").read_bytes() == there
    assert (drive(other) / "here.bin").read_bytes() == here


def test_one_file_to_many_at_once(net: FakeNet, two: Two) -> None:
    _, other = two
    data = os.urandom(4_000_000)
    other.put("file.bin", data=data)
    nodes = net.boot(count=4, port="none")
    net.start("chat-with-file-transfer")
    for transfer in [node.download("file.bin", "fake2.dev") for node in nodes]:  # 9
        transfer.wait(SECONDS)
    assert all((drive(node) / "file.bin").read_bytes() == data for node in nodes)


def test_one_name_twice_at_once(two: Two) -> None:
    one, other = two
    data = os.urandom(3_000_000)
    other.put("file.bin", data=data)
    for transfer in [one.download("file.bin", "fake2.dev", overwrite=True) for _ in range(3)]:
        transfer.wait(SECONDS)
    assert (drive(one) / "file.bin").read_bytes() == data
    assert names(one, "tmp") == []


@pytest.mark.parametrize(
    "name",
    ["../pkg/manifest.json", "/etc/passwd", "a/../../pkg/manifest.json", "..", ".", "", "a//b",
     "nul\0.txt", "x" * 300, f"{PACKAGE}/pkg/manifest.json", "../../../../../etc/passwd"],
)  # fmt: skip
def test_a_name_never_leaves_the_drive(two: Two, name: str) -> None:
    one, other = two
    before = everything(*two)
    body = {
        "Download": {
            "name": name,
            "target": {"node": "fake2.dev", "process": process_json(MAIN)},
            "is_requestor": True,
        }
    }
    assert "Err" in one.request(MAIN, body).json()["Download"]
    # and straight to the provider, as a requestor that does not check would ask
    body["Download"]["is_requestor"] = False
    answers: list[object] = []
    asked = threading.Event()

    async def ask(our: Our) -> None:
        answers.append((await our.send_and_await_response(f"fake2.dev@{MAIN}", body)).json())
        asked.set()

    one.spawn(ask, name="asker")
    assert asked.wait(SECONDS)
    assert "Err" in answers[0]["Download"]  # type: ignore[index]
    assert everything(*two) == before
    assert other.status == "running"


def test_a_symlink_that_points_out_is_not_followed(two: Two, tmp_path: Path) -> None:
    one, other = two
    (tmp_path / "secret.txt").write_text("secret")
    other.list_files()
    (drive(other) / "innocent.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(TransferError):
        fetch(one, "innocent.txt")
    assert names(one) == []


def test_no_other_node_makes_us_download(two: Two) -> None:
    one, other = two
    one.put("mine.txt", data=b"mine")
    body = {
        "Download": {
            "name": "mine.txt",
            "target": {"node": "fake2.dev", "process": process_json(MAIN)},
            "is_requestor": True,
        }
    }
    answer = other.request(f"fake.dev@{MAIN}", body).json()  # 11
    assert answer == {"Download": {"Err": "fake.dev starts no downloads for other nodes"}}


def test_a_package_without_its_worker_says_so(two: Two) -> None:
    one, other = two
    other.put("file.txt", data=b"x")
    (one.home / "vfs" / PACKAGE / "pkg" / "file_transfer_worker.py").unlink()
    with pytest.raises(TransferError, match="no worker could be started"):  # 15
        fetch(one, "file.txt")


def provider(script: "list[tuple[object, bytes | None, str | None]]", accept: bool = True):
    """Return a main process that answers a Download and then sends what the script says."""

    async def init(our: Our) -> None:
        async for message in our:
            if isinstance(message, Request) and "Download" in message.text():
                wire = '{"file-transfer":{"size":10}}' if accept else None
                await our.send_response({"Download": {"Ok": None}}, metadata=wire)
                for body, data, metadata in script:
                    blob = None if data is None else LazyLoadBlob(data)
                    await our.send_request(message.source, body, blob=blob, metadata=metadata)

    return init


def chunk(offset: int, length: int) -> dict[str, object]:
    return {"Chunk": {"name": "f", "offset": offset, "length": length}}


TEN = b"0123456789"
END = '{"file-transfer":{"digest":"blake3:%s"}}'


def digest(data: bytes) -> str:
    from blake3 import blake3

    return END % blake3(data).hexdigest()


def download_from(one: Node, other: Node, init: object, name: str = "f") -> "str | bytes":
    """Download from a hand-made provider; returns the file's bytes or the error."""
    other.spawn(init, name="provider")  # type: ignore[arg-type]
    target = {"node": "fake2.dev", "process": process_json("provider:notebook:template.os")}
    body = {"Download": {"name": name, "target": target, "is_requestor": True}}
    one.request(MAIN, body)
    transfer = one._net.transfer("t1")
    try:
        path = transfer.wait(SECONDS).path
    except TransferError as error:
        return str(error)
    assert path is not None
    return path.read_bytes()


def test_chunks_are_written_at_their_offsets(two: Two) -> None:
    script = [
        ({"Size": 10}, None, None),
        (chunk(6, 4), TEN[6:], None),
        (chunk(0, 3), TEN[:3], None),
        (chunk(0, 3), TEN[:3], None),
        (chunk(3, 3), TEN[3:6], None),
        ({"Size": 10}, None, digest(TEN)),
    ]
    assert download_from(*two, provider(script)) == TEN  # 7


def test_chunks_may_come_before_the_size(two: Two) -> None:
    script = [
        (chunk(0, 5), TEN[:5], None),
        (chunk(5, 5), TEN[5:], None),
        ({"Size": 10}, None, None),
    ]
    assert download_from(*two, provider(script, accept=False)) == TEN  # 13


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([({"Size": 10}, None, None), (chunk(5, 5), TEN[5:], None),
          ({"Size": 10}, None, digest(TEN))], "5 of 10 bytes arrived"),  # 6
        ([({"Size": 10}, None, None), (chunk(0, 10), b"9876543210", None),
          ({"Size": 10}, None, digest(TEN))], "is not what fake2.dev sent"),
        ([({"Size": 10}, None, None), (chunk(0, 10), TEN[:9], None)], "not as long as it says"),
        ([({"Size": 10}, None, None), (chunk(0, 10), None, None)], "not as long as it says"),
        ([({"Size": 10}, None, None), (chunk(5, 10), TEN, None)], "beyond the end"),
        ([({"Size": 10}, None, None), (chunk(0, 5), TEN[:5], None),
          (chunk(3, 5), TEN[3:8], None)], "overlap"),
        ([({"Size": 10}, None, '{"file-transfer":{"error":"disk on fire"}}')], "disk on fire"),
    ],
)  # fmt: skip
def test_what_cannot_be_the_file_is_refused(two: Two, script: object, reason: str) -> None:
    outcome = download_from(*two, provider(script))  # type: ignore[arg-type]
    assert isinstance(outcome, str)
    assert reason in outcome
    assert names(two[0]) == names(two[0], "tmp") == []


def test_only_the_agreed_peer_is_believed(net: FakeNet, two: Two) -> None:
    one, other = two
    third = net.boot("third.dev", port="none")
    intruded = threading.Event()
    go = threading.Event()

    async def patient(our: Our) -> None:
        import asyncio

        async for message in our:
            if isinstance(message, Request) and "Download" in message.text():
                await our.send_response(
                    {"Download": {"Ok": None}}, metadata='{"file-transfer":{"size":10}}'
                )
                await asyncio.to_thread(go.wait, SECONDS)
                await our.send_request(message.source, chunk(0, 10), blob=LazyLoadBlob(TEN))
                await our.send_request(message.source, {"Size": 10}, metadata=digest(TEN))

    other.spawn(patient, name="provider")
    target = {"node": "fake2.dev", "process": process_json("provider:notebook:template.os")}
    body = {"Download": {"name": "f", "target": target, "is_requestor": True}}
    one.request(MAIN, body)
    worker = Address("fake.dev", ProcessId.parse(workers(one)[0]))

    async def intrude(our: Our) -> None:
        await our.send_request(worker, chunk(0, 10), blob=LazyLoadBlob(b"forged!!!!"))
        await our.send_request(worker, {"Size": 10}, metadata=digest(b"forged!!!!"))
        await our.send_request(worker, {"Progress": {"name": "f", "progress": 100}})
        intruded.set()

    third.spawn(intrude, name="intruder")
    assert intruded.wait(SECONDS)
    one.request(MAIN, "ListFiles")  # 12: nor is its parent another one now
    go.set()
    path = net.transfer("t1").wait(SECONDS).path
    assert path is not None
    assert path.read_bytes() == TEN


def test_only_one_worker_of_the_agreed_node_is_believed(net: FakeNet, two: Two) -> None:
    one, other = two
    agreed, intruded = threading.Event(), threading.Event()

    async def patient(our: Our) -> None:
        import asyncio

        async for message in our:
            if isinstance(message, Request) and "Download" in message.text():
                worker = message.source
                await our.send_response(
                    {"Download": {"Ok": None}}, metadata='{"file-transfer":{"size":10}}'
                )
                # its answer says that this process is the one that is agreed on
                await our.send_and_await_response(
                    worker, chunk(0, 5), blob=LazyLoadBlob(TEN[:5]), timeout=SECONDS
                )
                agreed.set()
                await asyncio.to_thread(intruded.wait, SECONDS)
                await our.send_request(worker, chunk(5, 5), blob=LazyLoadBlob(TEN[5:]))
                await our.send_request(worker, {"Size": 10}, metadata=digest(TEN))

    other.spawn(patient, name="provider")
    target = {"node": "fake2.dev", "process": process_json("provider:notebook:template.os")}
    body = {"Download": {"name": "f", "target": target, "is_requestor": True}}
    one.request(MAIN, body)
    assert agreed.wait(SECONDS)
    worker = Address("fake.dev", ProcessId.parse(workers(one)[0]))

    async def intrude(our: Our) -> None:
        assert our.package_id.package_name == "notebook"  # the provider's
        await our.send_request(worker, chunk(5, 5), blob=LazyLoadBlob(b"forge"))
        await our.send_request(worker, {"Size": 10}, metadata=digest(TEN[:5] + b"forge"))
        intruded.set()

    other.spawn(intrude, name="intruder")
    path = net.transfer("t1").wait(SECONDS).path
    assert path is not None
    assert path.read_bytes() == TEN


def test_the_sender_holds_a_bounded_window(net: FakeNet, two: Two) -> None:
    one, other = two
    other.put("big.bin", data=bytes(40 << 20))
    fetch(one, "big.bin")
    log = net.log(type="Chunk")
    answered = log["time"] + log["rtt"]
    at_once = max(((log["time"] <= moment) & (answered > moment)).sum() for moment in log["time"])
    assert at_once <= 6  # 14


def test_a_requestor_that_stops_ends_the_sender(net: FakeNet, two: Two) -> None:
    one, other = two
    other.put("big.bin", data=bytes(64 << 20))
    transfer = one.download("big.bin", "fake2.dev")
    started = threading.Event()
    end = transfer.on_change(lambda: transfer.status == "running" and started.set())
    assert started.wait(SECONDS)
    end()
    one.stop()
    with pytest.raises(TransferError, match=r"fake\.dev was stopped"):
        transfer.wait(SECONDS)
    assert net.transfers()["status"].tolist() == ["failed"]


def test_downloading_from_oneself_is_told(two: Two) -> None:
    one, _ = two
    one.put("mine.txt", data=b"mine")
    path = fetch(one, "mine.txt", provider="fake.dev").path
    assert path is not None
    assert path.read_bytes() == b"mine"


def test_a_download_from_a_stopped_node_is_offline(two: Two) -> None:
    one, other = two
    other.stop()
    with pytest.raises(TransferError, match=r"Offline: fake2\.dev is offline"):
        fetch(one, "file.txt")
