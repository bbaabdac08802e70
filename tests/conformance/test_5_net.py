"""net:distro:sys, in MessagePack."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.conformance.rules import rule
from tests.conformance.steps import Step, ask, blob
from tests.conformance.world import HERE, THERE, Guest, World

NET = "5 net"
SERVER = "net:distro:sys"


def act(action: Any, node: str = "our", **more: Any) -> Step:
    return ask(f"{node}@{SERVER}", msgspec.msgpack.encode(action), **more)


def unpacked(got: dict[str, Any]) -> Any:
    return msgspec.msgpack.decode(got["body"].encode("latin-1"))


async def asker(world: World) -> Guest:
    return await world.guest("a", may=[SERVER], grants=[SERVER])


@rule(NET, "what another node sends that is no action is shown at level 0, and answered ack")
async def test_hi(world: World):
    a = await asker(world)
    await world.node(THERE)
    assert (await a.do(ask(f"{THERE}@{SERVER}", "hello")))["body"] == "ack"
    assert any("a.dev: hello" in each for each in world.prints(0, THERE))


@rule(NET, "a greeting of the own node is answered as well", "fixed")
async def test_hi_to_oneself(world: World):
    assert (await (await asker(world)).do(ask(f"our@{SERVER}", "hello")))["body"] == "ack"


@rule(NET, "GetPeers, GetPeer and GetDiagnostics tell of nodes as arrays: name, key, routing")
async def test_peers(world: World):
    a = await asker(world)
    await world.node(THERE)
    asked = ["GetPeers", {"GetPeer": THERE}, {"GetPeer": "x.dev"}, "GetDiagnostics"]
    peers, peer, nobody, words = map(unpacked, await a.play(*map(act, asked)))
    assert [each[0] for each in peers["Peers"]] == [THERE]
    assert peer["Peer"] == peers["Peers"][0]
    assert "Direct" in peer["Peer"][2]
    assert nobody == {"Peer": None}
    assert isinstance(words["Diagnostics"], str)


@rule(NET, "Sign signs a blob for the process that asks; Verify tells whether it did")
async def test_signatures(world: World):
    a = await asker(world)
    signed = await a.do(act("Sign", blob=blob("words")))
    assert unpacked(signed) == "Signed"
    signature = signed["blob"]["data"].encode("latin-1")
    for said, true in (("words", True), ("others", False)):
        claim = {"Verify": [a.address, signature]}
        assert unpacked(await a.do(act(claim, blob=blob(said)))) == {"Verified": true}


@rule(NET, "another node's action is not answered by what it asks for")
async def test_actions_from_abroad(world: World):
    b = await world.guest("b", node=THERE)
    await world.node()
    got = await b.do(act("GetPeers", HERE))
    assert got["kind"] == "Timeout" or b"Peers" not in got["body"].encode("latin-1")
