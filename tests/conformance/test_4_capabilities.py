"""What capabilities are, who gets them, and who may hand them on."""

from __future__ import annotations

from typing import Any

import pytest

from kinode_nb.types import Address, Capability
from kinode_nb.types.capabilities import canonical
from tests.conformance.rules import rule
from tests.conformance.steps import ask, capabilities, capability, drop, save, send
from tests.conformance.world import HERE, THERE, World

EQUALITY = "4 Equality"
MANIFEST = "4 Manifests"
HANDING_ON = "4 Handing on"
MODULES = "4 Runtime modules"
VFS = "vfs:distro:sys"
ISSUER = Address.parse("a.dev@p:q:os")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ('{"a":1,"b":2}', '{ "b": 2, "a": 1 }', True),
        ('"messaging"', ' "messaging"', True),
        ("not json", "null", True),
        ('{"a":1}', '{"a":2}', False),
        ('"1"', "1", False),
    ],
)
@rule(
    EQUALITY, "capabilities are equal when their params are, as parsed JSON; invalid JSON is null"
)
def test_equality(one: str, other: str, equal: bool):
    both = [canonical(Capability(ISSUER, params)) for params in (one, other)]
    assert (both[0] == both[1]) == equal


@rule(EQUALITY, "a capability that is written otherwise is the same one for vfs")
async def test_params_are_compared_as_json(world: World):
    await world.guest("other")
    params = {"drive": "/other:test.os/pkg", "kind": "read"}
    a = await world.guest("a", may=[VFS, {"process": VFS, "params": params}])
    body = {"path": "other:test.os/pkg", "action": "ReadDir"}
    assert "ReadDir" in (await a.do(ask(f"our@{VFS}", body)))["body"]


@rule(MANIFEST, "a requested text is messaging to that process, of which we are the holder")
async def test_requested_messaging(world: World):
    a = await world.guest("a", may=[VFS])
    assert capability(f"{HERE}@{VFS}") in await a.do(capabilities())


@rule(MANIFEST, "a requested object is that process's word with these params")
async def test_requested_objects(world: World):
    params: Any = {"door": [1, None]}
    a = await world.guest("a", may=[{"process": "x:y:z", "params": params}])
    assert capability(f"{HERE}@x:y:z", params) in await a.do(capabilities())


@rule(MANIFEST, "networking is the capability `network` of the kernel")
async def test_networking(world: World):
    network = capability(f"{HERE}@kernel:distro:sys", "network")
    a, b = await world.guest("a"), await world.guest("b", networking=False)
    assert network in await a.do(capabilities())
    assert network not in await b.do(capabilities())


@rule(MANIFEST, "a granted text is messaging to us, of which that process is the holder")
async def test_granted_messaging(world: World):
    b = await world.guest("b")
    a = await world.guest("a", grants=["b"])
    assert a.messaging in await b.do(capabilities())


@rule(MANIFEST, "a granted object is our word with these params")
async def test_granted_objects(world: World):
    b = await world.guest("b")
    a = await world.guest("a", grants=[{"process": b.id, "params": {"door": 1}}])
    assert capability(a, {"door": 1}) in await b.do(capabilities())


@pytest.mark.parametrize("kind", ["read", "write"])
@rule(MANIFEST, "an installed process may read and write its package's pkg drive")
async def test_the_own_pkg_drive(world: World, kind: str):
    a = await world.guest("a")
    drive = capability(f"{HERE}@{VFS}", {"drive": f"/{a.package}/pkg", "kind": kind})
    assert drive in await a.do(capabilities())


@rule(HANDING_ON, "every process may message itself")
async def test_messaging_oneself(world: World):
    a = await world.guest("a")
    await a.do(send(a, "note"))
    await world.settle()
    assert [got["body"] for got in a.idle] == ["note"]


@rule(HANDING_ON, "a received capability that was saved lets its holder in")
async def test_saving_what_was_received(world: World):
    b, c = await world.guest("b", public=True), await world.guest("c")
    a = await world.guest("a", may=["b", "c"])
    await a.do(send(b, capabilities=[c.messaging]))
    await b.do(send(c, "too early"), save(c.messaging), send(c, "hello"))
    assert [got["body"] for got in c.idle] == ["hello"]


@rule(HANDING_ON, "what was neither received nor issued by oneself cannot be saved", "fixed")
async def test_capabilities_cannot_be_minted(world: World):
    a = await world.guest("a", on_exit="Restart")
    root = capability(f"{HERE}@{VFS}", {"root": True})
    run = await a.begin(save(root))
    del run  # refused as the host refuses: by a trap, or an error
    assert root not in await a.do(capabilities())


@rule(HANDING_ON, "what was received but not saved is not held")
async def test_receiving_is_not_holding(world: World):
    a, b = await world.guest("a", may=["b"]), await world.guest("b", public=True)
    own = capability(a, {"door": 1})
    await a.do(send(b, capabilities=[own]))
    assert own not in await b.do(capabilities())


@rule(HANDING_ON, "what was dropped is not held any more")
async def test_dropping(world: World):
    b = await world.guest("b")
    a = await world.guest("a", may=["b"])
    held = await a.do(drop(b.messaging), capabilities())
    assert b.messaging not in held
    assert (await a.do(ask(b)))["kind"] == "Timeout"


@rule(HANDING_ON, "what claims to be issued on our node but comes from another one is stripped")
async def test_forged_capabilities_are_stripped(world: World):
    b = await world.guest("b", public=True)
    a = await world.guest("a", node=THERE)
    own = a.messaging
    await a.do(send(b, capabilities=[own]))
    assert b.idle[0]["capabilities"] == [own]
    await a.do(send(b, capabilities=[capability(f"{HERE}@{VFS}", {"root": True})]))
    assert b.idle[1]["capabilities"] == []
