"""How nodes, packages, processes and addresses are written."""

from __future__ import annotations

import pytest

from kinode_nb.types import Address, AddressError, Capability, PackageId, ProcessId, check_node_name
from kinode_nb.wit import to_json
from tests.conformance.rules import rule
from tests.conformance.steps import our, send, spawn
from tests.conformance.world import HERE, World

IDS = "1 Identifiers"


def kind(parse, text: str) -> str | None:
    """Return Kinode's name of what is wrong with a text, or None."""
    try:
        parse(text)
    except AddressError as error:
        return error.kind
    return None


@rule(IDS, "package ids, process ids, addresses and capabilities have one text form each")
def test_text_forms():
    for text, type_ in [
        ("chat:template.os", PackageId),
        ("chat:chat:template.os", ProcessId),
        ("fake.dev@chat:chat:template.os", Address),
    ]:
        assert str(type_.parse(text)) == text
    issuer = Address.parse("fake.dev@kernel:distro:sys")
    assert str(Capability.make(issuer, "network")) == 'fake.dev@kernel:distro:sys("network")'


@pytest.mark.parametrize("name", ["a", "a-b", "0", "a.b", "", "A", "a_b", "a b", "ä", "a/b"])
@rule(IDS, "nodes and publishers are of a-z, 0-9, hyphen and dot; other names have no dots")
def test_kimap_safe_names(name: str):
    safe = name in ("a", "a-b", "0", "a.b")
    assert (kind(check_node_name, name) is None) == safe
    assert (kind(ProcessId.parse, f"p:p:{name}") is None) == safe
    for text in (f"{name}:p:os", f"p:{name}:os"):
        assert (kind(ProcessId.parse, text) is None) == (safe and "." not in name)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a@b@p:p:os", "TooManyAts"),
        ("p:p:os", "MissingNodeId"),
        ("@p:p:os", "MissingNodeId"),
        ("a@p:os", "MissingField"),
        ("a@p::os", "MissingField"),
        ("a@p:p:os:x", "TooManyColons"),
        ("a@P:p:os", "ProcessNameNotKimapSafe"),
        ("a@p:P:os", "PackageNameNotKimapSafe"),
        ("a@p:p:OS", "PublisherNodeNotKimapSafe"),
        ("A@p:p:os", "NodeNotKimapSafe"),
    ],
)
@rule(IDS, "what is wrong with an address has a name")
def test_errors_of_addresses(text: str, wrong: str):
    assert kind(Address.parse, text) == wrong


@rule(IDS, "a bad package name of a package id is named as such", "fixed")
def test_a_bad_package_name():
    assert kind(PackageId.parse, "P:os") == "PackageNameNotKimapSafe"


@rule(
    IDS,
    "system interfaces write ids and addresses as texts, package ids and capabilities as objects",
)
def test_json_forms():
    address = Address.parse("a.dev@p:q:os")
    assert Capability.make(address, "messaging").params == '"messaging"'
    package = {"package_name": "q", "publisher_node": "os"}
    assert to_json(address.package_id) == to_json(package)


@rule(IDS, "`our` as a node is the sender's own, in a source as well")
async def test_sources_have_real_names(world: World):
    a = await world.guest("a", public=True)
    b = await world.guest("b", public=True)
    assert await a.do(our()) == a.address
    await a.do(send(f"our@{b.id}"))
    assert b.idle[0]["source"] == f"{HERE}@{a.id}"


@rule(IDS, "a process whose name is not given is called by a random number")
async def test_random_names(world: World):
    a = await world.guest("a", may=["vfs:distro:sys"])
    path = f"{a.package}/pkg{world.host.path}"
    first, second = await a.play(spawn(None, path), spawn(None, path))
    names = [id_["Ok"].partition(":")[0] for id_ in (first, second)]
    assert all(name.isdigit() and int(name) < 2**64 for name in names)
    assert names[0] != names[1]
