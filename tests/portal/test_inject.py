"""Messages from outside, removing packages, and following terminals: the methods of those verbs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pandas as pd
import pytest

from kinode_nb import aio
from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import LazyLoadBlob, Our, Request
from kinode_nb.types import Address, AddressError, NodeError, PackageError, SendError, UsageError
from kinode_nb.types.capabilities import HTTP_SERVER, messaging, networking

Two = tuple[Node, Node]


async def echo(our: Our) -> None:
    async for message in our:
        if isinstance(message, Request):
            await our.send_response(message.body, blob=our.get_blob(), metadata="m")


ECHO = "echo:notebook:template.os"


def spawn_echo(node: Node) -> None:
    held = [networking(node.name), messaging(Address(node.name, HTTP_SERVER))]
    node.spawn(echo, name="echo", public=True, capabilities=held)


@pytest.fixture
def node(net: FakeNet) -> Node:
    node = net.boot(port="none")
    spawn_echo(node)
    return node


def test_the_response_looks_as_kit_prints_it(node: Node) -> None:
    answer = node.inject(ECHO, '{"a": [1]}')
    assert repr(answer) == 'Response:\nbody: {"a": [1]}\nblob: None'
    assert answer is not None
    assert (answer.json(), answer.metadata) == ({"a": [1]}, "m")
    assert str(answer.source) == f"{node.name}@{ECHO}"
    text = node.inject(ECHO, {"a": None}, blob=b"some text")
    assert repr(text) == 'Response:\nbody: {"a":null}\nblob: some text'
    assert text is not None
    assert text.blob == LazyLoadBlob(b"some text", "application/octet-stream")
    # what is no text, kit shows as the numbers of its base64: /w==
    binary = node.inject(ECHO, "0", blob=LazyLoadBlob(b"\xff", "x/y"))
    assert repr(binary) == "Response:\nbody: 0\nblob: Some([47, 119, 61, 61])"


def test_it_comes_from_http_server_and_enters_at_the_node(net: FakeNet, node: Node) -> None:
    other = net.boot(port="none")
    answer = other.inject("echo:notebook:template_os".replace("_", "."), "1", node=node.name)
    assert answer is not None
    assert str(answer.source) == f"{node.name}@{ECHO}"
    rows = net.log(kind="request", process="http-server:distro:sys")
    assert rows["source_node"].tolist() == [other.name]
    assert rows["source_process"].tolist() == ["http-server:distro:sys"]


def test_without_waiting_nothing_is_returned(net: FakeNet, node: Node) -> None:
    assert node.inject(ECHO, "1", wait=False) is None
    node.request(ECHO, "after")  # so the first was handled
    first = net.log(kind="request", process=ECHO).iloc[0]
    assert first["body"] == "1"
    assert first["expects_response"] is pd.NA


async def private(our: Our) -> None:
    async for _ in our:
        pass


@pytest.mark.parametrize(
    ("process", "target", "said"),
    [
        (
            "chat:chat:template.os",
            None,
            r"Timeout: chat is not started on fake\.dev: %kinode start",
        ),
        ("private:notebook:template.os", None, "Timeout: http-server:distro:sys may not message"),
        (ECHO, "nobody.dev", r"Offline: nobody\.dev is offline or does not exist"),
    ],
)
def test_what_cannot_be_reached_is_told_at_once(
    node: Node, process: str, target: str | None, said: str
) -> None:
    node.spawn(private, name="private", capabilities=[])
    with pytest.raises(SendError, match=said) as raised:
        node.inject(process, "1", node=target)
    assert "\n" not in str(raised.value)
    assert node.inject(process, "1", node=target, wait=False) is None  # kit is told 200 OK


def test_an_answer_that_was_refused_is_told_before_the_time_is_over(node: Node) -> None:
    node.spawn(echo, name="shy", public=True)
    with pytest.raises(SendError, match=r"shy:notebook:template\.os has answered, but may not"):
        node.inject("shy:notebook:template.os", "1")


@pytest.mark.parametrize(
    ("process", "body", "error", "said"),
    [
        (ECHO, "{", UsageError, "the body is not JSON: it ends too soon"),
        (ECHO, "[1,]", UsageError, r"not JSON: .*\(byte 3\)"),
        (ECHO, "hi", UsageError, "Text has quotes of its own"),
        (ECHO, b"\xff", UsageError, "the body is not JSON"),
        ("ecko", "1", UsageError, "no process 'ecko' on fake.dev. Did you mean 'echo'"),
        ("echo:notebook", "1", AddressError, "Missing field"),
        (f"fake.dev@{ECHO}", "1", AddressError, "Too many `@`"),
        (5, "1", UsageError, "a process's id must be text"),
    ],
)
def test_a_mistake_is_one_line(
    node: Node, process: str, body: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        node.inject(process, body)
    assert "\n" not in str(raised.value)


def test_a_short_name_will_do_where_one_process_has_it(net: FakeNet, node: Node) -> None:
    other = net.boot(port="none")
    for entry, named in ((node, None), (other, node.name)):
        answer = entry.inject("echo", "1", node=named)
        assert answer is not None
        assert str(answer.source) == f"{node.name}@{ECHO}"
    with pytest.raises(UsageError, match=rf"no process 'echo' on {other.name}"):
        other.inject("echo", "1")
    with pytest.raises(AddressError, match="Missing field"):
        other.inject("echo", "1", node="nobody.dev")


def test_remove_ends_a_package_on_all_nodes_or_on_one(net: FakeNet, two: Two) -> None:
    one, other = two
    one.put("stays.txt", data=b"1")
    one.remove("chat_with_file_transfer")
    assert net.packages()["node"].tolist() == [other.name]
    assert net.installed_packages() == ["chat-with-file-transfer"]
    with pytest.raises(PackageError, match=r"no package on fake\.dev can do that"):
        one.send(other.name, "hi")
    net.start("chat")
    net.remove("chat", "chat-with-file-transfer:template.os", "chat")
    assert net.packages().empty
    assert not any("chat" in name for name in net.process_names())
    files = one.home / "vfs/chat-with-file-transfer:template.os/files"
    assert (files / "stays.txt").read_bytes() == b"1"
    assert not (files.parent / "pkg").exists()


def test_remove_finds_a_folder_by_its_metadata(
    net: FakeNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.boot(port="none")
    net.start("chat")
    (tmp_path / "mine").mkdir()
    properties = {
        "package_name": "chat",
        "publisher": "template.os",
        "current_version": "0.1.0",
        "mirrors": [],
        "code_hashes": {},
    }
    (tmp_path / "mine/metadata.json").write_text(json.dumps({"properties": properties}))
    monkeypatch.chdir(tmp_path / "mine")
    net.remove()
    assert net.packages().empty
    with pytest.raises(PackageError, match=r"'chat:template\.os' is not installed on"):
        net.remove()
    net.start("chat")
    net.remove(str(tmp_path / "mine"))
    assert net.packages().empty


def test_what_is_not_there_cannot_be_removed_and_nothing_is(net: FakeNet, node: Node) -> None:
    net.start("chat")
    with pytest.raises(PackageError, match=r"'chatt' is not installed on fake\.dev\. Did you mean"):
        net.remove("chat", "chatt")
    with pytest.raises(PackageError, match=r"remove needs a PACKAGE where the working folder"):
        net.remove()
    with pytest.raises(PackageError, match=r"'distro' is not installed"):
        net.remove("distro")
    assert net.packages()["package"].tolist() == ["chat:template.os"]
    net.stop()
    with pytest.raises(NodeError, match="no node is running to remove it from"):
        net.remove("chat")


def test_a_terminal_is_followed_at_the_nodes_verbosity(net: FakeNet) -> None:
    lines: list[str] = []
    quiet, loud = net.boot(port="none"), net.boot(port="none", verbosity=1)

    async def speaker(our: Our) -> None:
        async for _ in our:
            our.print_to_terminal(0, "shown")
            our.print_to_terminal(1, "for the curious")
            await our.send_response("spoken")

    one, two = quiet.spawn(speaker), loud.spawn(speaker)
    quiet.request(one, "speak")
    net.follow(lines.append)
    quiet.request(one, "speak")
    loud.request(two, "speak")
    assert [line[10:] for line in lines] == [
        "notebook:template.os: shown",
        "notebook:template.os: shown",
        "notebook:template.os: for the curious",
    ]


def test_the_same_as_coroutines() -> None:
    async def main() -> None:
        async with aio.FakeNet() as net:
            node = await net.boot(port="none")
            spawn_echo(node.blocking)
            answer = await node.inject(ECHO, "1", blob=b"b")
            assert repr(answer) == "Response:\nbody: 1\nblob: b"
            await net.follow(lambda _: None)
            await net.start("chat", "file-transfer")
            assert await net.installed_packages() == ["chat", "file-transfer"]
            await node.remove("chat")
            await net.remove("file-transfer")
            assert await net.installed_packages() == []

    asyncio.run(main())


def test_a_node_whose_http_server_has_ended_says_so(net: FakeNet, node: Node) -> None:
    core = net.core.node(node.name)  # as a process that may message the kernel could end it
    net.portal.do(lambda: core.lifecycle.kill(core.kernel.processes[HTTP_SERVER]))
    with pytest.raises(NodeError, match=r"http-server:distro:sys of fake\.dev has ended: boot"):
        node.inject(ECHO, "1")


def test_a_process_of_a_cell_is_asked_in_another_way(node: Node):
    node.process("mute", "async def init(our):\n    async for _ in our: await our.send_response(1)")
    with pytest.raises(SendError, match="may not message") as raised:
        node.inject("mute", 1)
    assert "with `m fake.dev@mute:notebook:template.os BODY_JSON -a 5`" in str(raised.value)
    assert "manifest" not in str(raised.value)
