"""net:distro:sys: MessagePack as rmp-serde writes it, and greetings (specification, section 5)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our
from kinode_nb.system.net_actions import Ignored, Verify, read_action
from kinode_nb.types import Address

NET = "net:distro:sys"
pack, unpack = msgspec.msgpack.encode, msgspec.msgpack.decode


@pytest.fixture
def both(net: FakeNet) -> tuple[Node, Node]:
    return net.boot(port="none"), net.boot(port="none")


def asked(node: Node, action: Any, blob: bytes | None = None) -> Any:
    answer = node.request(NET, pack(action), blob=blob)
    return unpack(answer.body), answer.blob


def test_peers_are_the_other_nodes_that_run(net: FakeNet, both: tuple[Node, Node]):
    one, other = both
    ((name, key, routing),) = asked(one, "GetPeers")[0]["Peers"]
    assert (name, routing) == ("fake2.dev", {"Direct": ["127.0.0.1", {}]})
    assert len(bytes.fromhex(key.removeprefix("0x"))) == 32
    other.stop()
    assert asked(one, "GetPeers")[0] == {"Peers": []}


def test_a_name_stays_known_when_its_node_is_stopped(both: tuple[Node, Node]):
    one, other = both
    before = asked(one, {"GetPeer": "fake2.dev"})[0]["Peer"]
    assert before[0] == "fake2.dev"
    other.stop()
    assert asked(one, {"GetPeer": "fake2.dev"})[0]["Peer"] == before
    assert asked(one, {"GetPeer": "fake.dev"})[0]["Peer"][0] == "fake.dev"
    assert asked(one, {"GetPeer": "nobody.dev"})[0] == {"Peer": None}


def test_diagnostics_are_text(both: tuple[Node, Node]):
    text = asked(both[0], "GetDiagnostics")[0]["Diagnostics"]
    assert "our Identity: fake.dev, networking key 0x" in text
    assert "we have connections with 1 peers (32 max):\r\n    fake2.dev\r\n" in text
    assert text.endswith("we have 2 entries in the PKI\r\n")


def test_what_a_node_signs_others_verify(both: tuple[Node, Node]):
    one, other = both
    said, blob = asked(one, "Sign", b"a contract")
    assert (said, len(blob.bytes)) == ("Signed", 64)
    source = "fake.dev@notebook:distro:sys"

    def verified(source: str, signature: bytes, text: bytes) -> bool:
        for form in ([source, signature], [source, list(signature)]):
            answer = asked(other, {"Verify": form}, text)[0]["Verified"]
        return answer

    assert verified(source, blob.bytes, b"a contract")
    assert not verified(source, blob.bytes, b"another contract")
    assert not verified("fake2.dev@notebook:distro:sys", blob.bytes, b"a contract")
    assert not verified("fake.dev@other:distro:sys", blob.bytes, b"a contract")
    assert not verified("nobody.dev@notebook:distro:sys", blob.bytes, b"a contract")


def test_a_greeting_is_shown_and_answered(both: tuple[Node, Node]):
    one, other = both
    assert one.request(f"fake2.dev@{NET}", b"hello!").body == b"ack"
    assert other.terminal().endswith(" fake.dev: hello!")


def test_a_greeting_of_the_own_node_is_answered_too(both: tuple[Node, Node]):
    one, _ = both
    assert one.hi("fake.dev", "hello me") == "response from fake.dev: ack"
    assert one.hi("our", "hello me") == "response from fake.dev: ack"
    assert one.terminal().endswith(" fake.dev: hello me")


@pytest.mark.parametrize(
    "body", ["GetPeers", {"GetPeer": "fake.dev"}, "GetDiagnostics", "Sign", {"KnsUpdate": [1]}]
)
def test_other_nodes_may_only_greet(net: FakeNet, both: tuple[Node, Node], body: Any):
    one, other = both

    async def ask(our: Our) -> None:
        request = await our.receive()
        await our.send_request(f"fake2.dev@{NET}", pack(body), expects_response=5)
        await our.send_and_await_response(f"fake2.dev@{NET}", b"hello")  # answered after it
        await our.send_response(b"done", to=request)

    one.request(one.spawn(ask, public=True), b"go")
    assert net.log(kind="response", process=NET)["body"].tolist() == ["ack"]
    assert other.terminal().endswith(" fake.dev: hello")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xc1", b"\xff" * 20, pack({}), pack(["GetPeers"]), pack({"GetPeer": 5}),
        pack({"Verify": ["nobody", b""]}), pack({"Verify": 1}), pack({"Verify": [1, 2]}),
        pack({"Verify": ["a.dev@b:c:d", [300]]}), pack({1: 2}), b"\x91" * 5000, pack("Nonsense"),
    ],
)  # fmt: skip
def test_what_is_no_action_is_a_greeting(both: tuple[Node, Node], body: bytes):
    assert read_action(body) is None
    assert both[0].request(NET, body).body == b"ack"


def test_actions_are_read_by_position_and_by_name():
    wanted = Verify(Address.parse("a.dev@b:c:d"), b"xy")
    for payload in (["a.dev@b:c:d", b"xy"], {"from": "a.dev@b:c:d", "signature": b"xy"}):
        assert read_action(pack({"Verify": payload})) == wanted
    assert read_action(pack({"KnsBatchUpdate": []})) == Ignored()


def test_a_greeting_that_wants_no_answer_gets_none(net: FakeNet, both: tuple[Node, Node]):
    one, other = both

    async def greet(our: Our) -> None:
        request = await our.receive()
        await our.send_request(f"fake2.dev@{NET}", b"hello")
        await our.send_and_await_response(f"fake2.dev@{NET}", b"again")
        await our.send_response(b"done", to=request)

    one.request(one.spawn(greet, public=True), b"go")
    assert net.log(kind="response", process=NET)["body"].tolist() == ["ack"]
    assert len(other.terminal().splitlines()) == 2
