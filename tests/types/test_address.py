"""The grammar of addresses, with every error that the specification's section 1 names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinode_nb.types import Address, AddressError, PackageId, ProcessId, check_node_name

names = st.text("abcxyz0189-", min_size=1, max_size=12)
nodes = st.text("abcxyz0189-.", min_size=1, max_size=12).filter(lambda n: n.strip("."))


@given(nodes, names, names, nodes)
def test_every_good_address_is_read_as_it_is_written(node, process, package, publisher):
    text = f"{node}@{process}:{package}:{publisher}"
    address = Address.parse(text)
    assert str(address) == text
    assert address == Address(node, ProcessId(process, package, publisher))
    assert address.package_id == PackageId.parse(f"{package}:{publisher}")
    assert ProcessId.parse(str(address.process)) == address.process


@given(st.lists(st.sampled_from(["a", "B", "-", "_", ".", ":", "@", "", "é", "a-1"]), max_size=12))
def test_any_other_text_is_an_address_error(parts):
    text = "".join(parts)
    for kind in (Address, ProcessId, PackageId):
        try:
            read = kind.parse(text)
        except AddressError:
            continue
        assert str(read) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a@p:q:r@b", "TooManyAts"),
        ("a@b@p:q:r", "TooManyAts"),
        ("a@@p:q:r", "TooManyAts"),
        ("p:q:r", "MissingNodeId"),
        ("@p:q:r", "MissingNodeId"),
        ("", "MissingNodeId"),
        ("a@p:q:r:s", "TooManyColons"),
        ("a@p:q", "MissingField"),
        ("a@p", "MissingField"),
        ("a@", "MissingField"),
        ("a@::", "MissingField"),
        ("a@p::r", "MissingField"),
        ("a@:q:r", "MissingField"),
        ("A@p:q:r", "NodeNotKimapSafe"),
        ("a_b@p:q:r", "NodeNotKimapSafe"),
        ("a b@p:q:r", "NodeNotKimapSafe"),
        ("a\n@p:q:r", "NodeNotKimapSafe"),
        ("..@p:q:r", "NodeNotKimapSafe"),
        ("a@P:q:r", "ProcessNameNotKimapSafe"),
        ("a@p.x:q:r", "ProcessNameNotKimapSafe"),
        ("a@p_x:q:r", "ProcessNameNotKimapSafe"),
        ("a@p:q.x:r", "PackageNameNotKimapSafe"),
        ("a@p:q_x:r", "PackageNameNotKimapSafe"),
        ("a@p:q:R", "PublisherNodeNotKimapSafe"),
        ("a@p:q:r_x", "PublisherNodeNotKimapSafe"),
        ("a@p:q:r\n", "PublisherNodeNotKimapSafe"),
    ],
)
def test_errors_of_addresses(text, kind):
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert caught.value.kind == kind
    assert str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a@p:q:r", "TooManyAts"),
        ("p:q:r:s", "TooManyColons"),
        ("p:q", "MissingField"),
        ("", "MissingField"),
        ("p:q:", "MissingField"),
        ("P:q:r", "ProcessNameNotKimapSafe"),
        ("p:Q:r", "PackageNameNotKimapSafe"),
        ("p:q:R", "PublisherNodeNotKimapSafe"),
    ],
)
def test_errors_of_process_ids(text, kind):
    with pytest.raises(AddressError) as caught:
        ProcessId.parse(text)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a:b:c", "TooManyColons"),
        ("a", "MissingField"),
        ("", "MissingField"),
        (":b", "MissingField"),
        ("a.b:c", "PackageNameNotKimapSafe"),
        ("a:B", "PublisherNodeNotKimapSafe"),
    ],
)
def test_errors_of_package_ids(text, kind):
    with pytest.raises(AddressError) as caught:
        PackageId.parse(text)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a@b@p:q:r", "Too many `@` chars: only one allowed"),
        ("a@p:q:r:s", "Too many colons in ProcessId string"),
        ("p:q:r", "Node ID missing"),
        ("a@p:q", "Missing field in ProcessId string"),
        ("a@P:q:r", "Process name (P) can only contain a-z, 0-9, `-`"),
        ("a@p:Q:r", "Package name (Q) can only contain a-z, 0-9, `-`"),
        ("A@p:q:r", "Node (A) can only contain a-z, 0-9, `-`, `.`"),
        ("a@p:q:R", "Publisher (R) can only contain a-z, 0-9, `-`, `.`"),
    ],
)
def test_texts_begin_as_kinodes_do(text, told):
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("node", "hint"),
    [("Fake.dev", "'fake.dev'"), ("my_node.dev", "'my-node.dev'"), ("a b.os", "'a-b.os'")],
)
def test_the_nearest_good_name_is_told(node, hint):
    with pytest.raises(AddressError, match=hint):
        check_node_name(node)


def test_the_length_of_names_is_bounded():
    assert check_node_name("a" * 253)
    for text in (f"{'a' * 254}@p:q:r", f"a@{'p' * 254}:q:r", f"a@p:{'q' * 254}:r"):
        with pytest.raises(AddressError, match="at most 253"):
            Address.parse(text)


def test_our_is_a_node_name():
    assert Address.parse("our@p:q:r").node == "our"


def test_an_address_error_is_a_value_error():
    with pytest.raises(ValueError, match="Node ID missing"):
        Address.parse("x")


def test_equal_texts_are_one_object():
    assert Address.parse("a.dev@p:q:r") is Address.parse("a.dev@p:q:r")
    assert hash(Address.parse("a.dev@p:q:r")) == hash(Address("a.dev", ProcessId("p", "q", "r")))
    assert Address.parse("a.dev@p:q:r") < Address.parse("b.dev@a:q:r")


@given(st.text(max_size=12))
def test_names_are_checked_letter_by_letter(name):
    safe = bool(name) and all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in name)
    for built in (ProcessId(name, "q", "r"), PackageId(name, "r")):
        if safe:
            assert built.check() is built
        else:
            with pytest.raises(AddressError):
                built.check()
