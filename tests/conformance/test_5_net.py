"""net:distro:sys: MessagePack as rmp-serde writes it, and greetings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kinode_nb.process_lib import LazyLoadBlob
from tests.conformance.rules import rule
from tests.conformance.world import HERE, THERE, World

NETS = "5 net"
NET = "net:distro:sys"
pack, unpack = msgspec.msgpack.encode, msgspec.msgpack.decode


async def asked(world: World, action: Any, blob: bytes | None = None) -> Any:
    node = await world.node()
    sent = None if blob is None else LazyLoadBlob(blob)
    answer = await node.request(NET, pack(action), blob=sent)
    return unpack(answer.body), answer.blob


@rule(NETS, "GetPeers names the other nodes, each as name, key and routing")
async def test_peers(world: World) -> None:
    await world.node(THERE)
    ((name, key, routing),) = (await asked(world, "GetPeers"))[0]["Peers"]
    assert (name, key[:2], list(routing)) == (THERE, "0x", ["Direct"])


@rule(NETS, "GetPeer knows a node by its name, its own too, or nobody")
async def test_peer(world: World) -> None:
    for name in (HERE, THERE):
        await world.node(name)
        assert (await asked(world, {"GetPeer": name}))[0]["Peer"][0] == name
    assert (await asked(world, {"GetPeer": "nobody.dev"}))[0] == {"Peer": None}


@rule(NETS, "GetDiagnostics is a text")
async def test_diagnostics(world: World) -> None:
    assert "entries in the PKI" in (await asked(world, "GetDiagnostics"))[0]["Diagnostics"]


@rule(NETS, "what a node signed is verified by another, by a secret of the net's", "differs")
async def test_signatures(world: World) -> None:
    said, blob = await asked(world, "Sign", b"text")
    assert (said, len(blob.bytes)) == ("Signed", 64)
    source = f"{HERE}@notebook:distro:sys"
    for text, true in ((b"text", True), (b"other", False)):
        answer, _ = await asked(world, {"Verify": [source, list(blob.bytes)]}, text)
        assert answer == {"Verified": true}


@rule(NETS, "a greeting of another node is shown at level 0 and answered `ack`")
async def test_greetings(world: World) -> None:
    await world.node(THERE)
    node = await world.node()
    assert (await node.request(f"{THERE}@{NET}", b"hello")).body == b"ack"
    assert world.prints(0, THERE) == [f"{HERE}: hello"]


@rule(NETS, "a greeting of the own node is answered too", "fixed")
async def test_own_greetings(world: World) -> None:
    node = await world.node()
    assert (await node.request(NET, b"hello")).body == b"ack"


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\xff" * 9, pack({"GetPeer": 5}), pack([1])])
@rule(NETS, "a body that is no action is a greeting")
async def test_strange_bodies(world: World, body: bytes) -> None:
    await world.node(THERE)
    node = await world.node()
    assert (await node.request(f"{THERE}@{NET}", body)).body == b"ack"
