"""Capabilities: equal when issuer and parsed params are."""

from __future__ import annotations

from kinode_nb.types import Address, Capability, PackageId
from kinode_nb.types.capabilities import canonical, drive, messaging, networking, vfs_root

ISSUER = Address.parse("a.dev@p:q:r")


def test_as_kinode_writes_them():
    assert str(messaging(ISSUER)) == 'a.dev@p:q:r("messaging")'
    assert str(networking("a.dev")) == 'a.dev@kernel:distro:sys("network")'
    assert str(vfs_root("a.dev")) == 'a.dev@vfs:distro:sys({"root":true})'
    held = drive("a.dev", "read", PackageId("chat", "template.os"), "files")
    assert str(held) == 'a.dev@vfs:distro:sys({"drive":"/chat:template.os/files","kind":"read"})'


def test_params_compare_as_parsed_json():
    one = canonical(Capability(ISSUER, '{"b": [1, 2], "a": null}'))
    two = canonical(Capability(ISSUER, '{"a":null,"b":[1,2]}'))
    assert one == two == Capability.make(ISSUER, {"a": None, "b": [1, 2]})
    assert one != canonical(Capability(ISSUER, '{"a":null,"b":[2,1]}'))
    assert one != Capability.make(Address.parse("b.dev@p:q:r"), {"a": None, "b": [1, 2]})


def test_invalid_params_are_null():
    null = Capability.make(ISSUER, None)
    assert canonical(Capability(ISSUER, "not json")) == null
    assert canonical(Capability(ISSUER, "")) == null
    assert canonical(null) == null
