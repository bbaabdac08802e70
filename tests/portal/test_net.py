"""The blocking interface: what a person calls, from any thread."""

import asyncio
import threading
import urllib.request
from pathlib import Path

import msgspec
import pytest

import kinode_nb as kn
from kinode_nb import aio
from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import LazyLoadBlob, Our, Request
from kinode_nb.types import (
    Address,
    AddressError,
    BlockingCallError,
    KinodeError,
    NodeError,
    PackageError,
    TransferError,
    UsageError,
)
from kinode_nb.types.capabilities import messaging, networking

Two = tuple[Node, Node]


async def echo(our: Our) -> None:
    async for message in our:
        if isinstance(message, Request):
            await our.send_response(message.body, blob=our.get_blob())


def test_names_ports_and_homes(net: FakeNet, tmp_path: Path) -> None:
    one, other = net.boot(), net.boot("alice", home=tmp_path / "home", port="none")
    assert (one.name, other.name, net.boot().name) == ("fake.dev", "alice.dev", "fake2.dev")
    assert other.port is None
    assert one.port is not None
    assert one.url("x") == f"http://127.0.0.1:{one.port}/x"
    with pytest.raises(NodeError, match="has no port"):
        other.url()
    assert net.current == one
    assert net.use("alice.dev") == net.current == other
    assert net.node(port=one.port) == one
    home = one.home
    net.stop()
    assert not home.exists()
    assert (tmp_path / "home" / "vfs").is_dir()
    assert set(net.nodes()["status"]) == {"stopped"}


def test_booting_again_returns_what_is_there(net: FakeNet) -> None:
    one = net.boot("a.dev", port="none")
    assert net.boot("a.dev", port="none") == one
    assert net.take_notes() == ["a.dev is running already"]
    assert net.take_notes() == []
    with pytest.raises(NodeError, match="--fresh"):
        net.boot("a.dev")
    fresh = net.boot("a.dev", port="none", fresh=True)
    assert fresh != one
    assert (one.status, fresh.status) == ("stopped", "running")
    fresh.stop()
    assert net.boot("a.dev", port="none").status == "running"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda net: net.node("fak.dev"), NodeError, "Did you mean 'fake.dev'"),
        (lambda net: net.node(port=1), NodeError, "no node listens on port 1"),
        (lambda net: net.boot("Bad_Name"), AddressError, "can only contain a-z"),
        (lambda net: net.start("chatt"), PackageError, "Did you mean 'chat'"),
        (lambda net: net.start("/nowhere"), PackageError, "there is no package"),
        (lambda net: net.transfer("t9"), TransferError, "there is no transfer 't9'"),
        (lambda net: net.log(save="log.xls"), UsageError, "saved as"),
        (lambda net: net.boot(count=0), UsageError, "count is 1 or more"),
        (lambda net: net.node().put("nothing.txt"), (UsageError, PackageError), "nothing|start"),
        (lambda net: net.node().send("fake.dev", "x"), PackageError, "%kinode start"),
        (lambda net: net.node().request("not an address", 1), AddressError, "Missing field"),
        (lambda net: net.node().request("a:b:c", 1, timeout=1.5), UsageError, "whole seconds"),
        (lambda net: net.node().history("nobody.dev"), NodeError, "there is no node"),
    ],
)
def test_a_mistake_is_one_line(net: FakeNet, call, error, text: str) -> None:
    net.boot(port="none")
    with pytest.raises(error, match=text) as caught:
        call(net)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, KinodeError)


def test_without_a_node_one_is_asked_for(net: FakeNet) -> None:
    assert net.current is None
    with pytest.raises(NodeError, match="%kinode boot"):
        net.node()
    with pytest.raises(NodeError, match="%kinode boot"):
        net.start("chat")
    net.stop()


def test_starting_again_is_noted_and_a_folder_is_a_package(net: FakeNet, tmp_path: Path) -> None:
    net.boot(port="none")
    net.start("chat_with_file_transfer")
    net.start("chat-with-file-transfer")
    assert net.take_notes() == ["chat-with-file-transfer is already started on fake.dev"]
    folder = tmp_path / "mine"
    (folder / "pkg").mkdir(parents=True)
    (folder / "api").mkdir()
    properties = {
        "package_name": "mine",
        "publisher": "me.os",
        "current_version": "1.2.3",
        "mirrors": [],
        "code_hashes": {},
    }
    entry = {
        "process_name": "main",
        "process_wasm_path": "/main.py",
        "on_exit": "None",
        "request_networking": False,
        "request_capabilities": [],
        "grant_capabilities": [],
        "public": True,
    }
    (folder / "metadata.json").write_bytes(msgspec.json.encode({"properties": properties}))
    with pytest.raises(PackageError, match=r"manifest\.json is missing"):
        net.start(str(folder))
    (folder / "pkg" / "manifest.json").write_bytes(msgspec.json.encode([entry]))
    with pytest.raises(PackageError, match=r"main\.py is missing"):
        net.start(str(folder))
    program = "async def init(our):\n    async for m in our:\n        await our.send_response({})\n"
    (folder / "pkg" / "main.py").write_text(program.format(1))
    net.start(str(folder))
    assert net.node().request("main:mine:me.os", None).json() == 1
    (folder / "pkg" / "main.py").write_text(program.format(2))
    net.start(str(folder))
    assert net.node().request("main:mine:me.os", None).json() == 2
    assert "mine:me.os" in net.packages()["package"].tolist()


def test_requests_blobs_and_spawned_functions(net: FakeNet) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    address = other.spawn(echo, name="echo")
    assert str(address) == "fake2.dev@echo:notebook:template.os"
    answer = one.request(address, {"a": [1, None]}, blob=LazyLoadBlob(b"blob", "x/y"))
    assert answer.json() == {"a": [1, None]}
    assert answer.blob == LazyLoadBlob(b"blob", "x/y")
    assert answer.source == address
    assert one.hi("fake2.dev", "hello ✓") == "response from fake2.dev: ack"
    assert "fake.dev: hello ✓" in other.terminal()
    assert one.hi("nobody.dev", "x") == "nobody.dev is offline or does not exist"


def test_a_blocking_call_inside_a_process_is_refused(net: FakeNet) -> None:
    one = net.boot(port="none")
    caught: list[BaseException] = []
    done = threading.Event()

    async def eager(_: Our) -> None:
        try:
            one.request("vfs:distro:sys", {})
        except BlockingCallError as error:
            caught.append(error)
        done.set()

    one.spawn(eager)
    assert done.wait(30)
    assert "await" in str(caught[0])


def test_from_a_running_event_loop(two: Two) -> None:
    one, other = two

    async def cell() -> bytes:
        other.put("file.txt", data=b"content")
        transfer = await one.download("file.txt", "fake2.dev")
        assert transfer.path is not None
        return transfer.path.read_bytes()

    assert asyncio.run(cell()) == b"content"


def test_the_same_as_coroutines() -> None:
    async def cell() -> None:
        async with aio.FakeNet() as net:
            one, other = await net.boot(port="none"), await net.boot(port="none")
            await net.start("chat-with-file-transfer")
            await one.send(other.name, "hello")
            assert (await other.history(one.name))["content"].tolist() == ["hello"]
            await other.put("file.txt", data=b"x")
            transfer = await one.download("file.txt", other.name)
            assert (await transfer).status == "done"
            assert len(await net.transfers()) == 1
            assert len(await net.nodes()) == 2

    asyncio.run(cell())


def test_waiting_has_an_end(two: Two) -> None:
    one, other = two
    other.put("big.bin", data=bytes(200 << 20))
    transfer = one.download("big.bin", "fake2.dev")
    with pytest.raises(TimeoutError, match="is still"):
        transfer.wait(0)
    assert transfer.wait(120).status == "done"


def test_the_log_tells_of_silent_nodes_and_is_saved(two: Two, net: FakeNet, tmp_path: Path) -> None:
    one, _ = two
    net.boot("silent.dev", port="none")
    assert net.log(node="silent.dev").empty
    one.send("fake2.dev", "hello")
    for name in ("log.csv", "log.jsonl", "log.parquet", "log.json"):
        rows = len(net.log(save=tmp_path / name))
        assert rows > 4
        assert (tmp_path / name).stat().st_size > 0


def test_reset_starts_a_new_net(two: Two, net: FakeNet) -> None:
    homes = [node.home for node in two]
    net.reset(seed=3)
    assert net.log().empty
    assert net.nodes().empty
    assert not any(home.exists() for home in homes)
    assert net.boot(port="none").name == "fake.dev"


def test_one_seed_gives_the_same_ids() -> None:
    def ids(seed: int) -> list[int]:
        with FakeNet(seed) as net:
            node = net.boot(port="none")
            node.spawn(echo, name="echo")
            node.request("echo:notebook:template.os", 1)
            return net.log(kind="request")["id"].tolist()

    assert ids(1) == ids(1) != ids(2)


def test_the_route_that_kit_uses(net: FakeNet) -> None:
    one, other = net.boot(), net.boot()
    for node in (one, other):  # a Response, too, needs the capability to message its target
        server = Address.parse(f"{node.name}@http-server:distro:sys")
        held = [messaging(server), networking(node.name)]
        node.spawn(echo, name="echo", public=True, capabilities=held)
    call = {
        "node": "fake2.dev",
        "process": "echo:notebook:template.os",
        "inherit": False,
        "expects_response": 15,
        "body": '"hi"',
        "metadata": None,
        "context": None,
        "mime": "x/y",
        "data": "aGk=",
    }
    for node, target in ((one, "fake2.dev"), (one, None), (other, None)):
        status, body = post(node, {**call, "node": target})
        assert status == 200
        assert msgspec.json.decode(body) == {
            "body": list(b'"hi"'),
            "lazy_load_blob": {"mime": "x/y", "bytes": list(b"aGk=")},
        }
    assert post(one, {**call, "expects_response": None}) == (200, b"")
    assert post(one, {"process": "no process id"})[0] == 400
    assert post(one, {"body": "x"})[0] == 400


def post(node: Node, call: object) -> tuple[int, bytes]:
    request = urllib.request.Request(
        node.url("/rpc:distro:sys/message"), data=msgspec.json.encode(call), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_the_notebooks_net_is_one() -> None:
    net = kn.fakenet()
    assert kn.fakenet() is net
    net.close()
    assert kn.fakenet() is not net
    kn.fakenet().close()


def test_a_closed_net_says_so() -> None:
    net = FakeNet()
    net.close()
    net.close()
    with pytest.raises(KinodeError, match="this net is closed"):
        net.boot()
