"""Whatever net is told, by its own node or another, it goes on and answers as it always does."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kinode_nb.process_lib import Address, LazyLoadBlob, SendError
from kinode_nb.types.capabilities import NET
from tests.fuzz.bodies import NUMBERS, damaged, mostly
from tests.fuzz.world import World

NAMES = st.sampled_from(["fake.dev", "far.dev", "no.dev", "", "our", "\0", "é" * 300]) | st.text()
ADDRESSES = st.sampled_from(["our@net:distro:sys", "far.dev@a:b:c", "@::", "a@b@c:d:e"]) | NAMES
SIGNATURES = st.one_of(
    st.binary(max_size=64), st.lists(st.integers(-1, 256), max_size=64), st.just([0] * 64)
)
# What fits into MessagePack's numbers.
NUMBER = NUMBERS.filter(lambda number: -(1 << 63) <= number < 1 << 64)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, st.floats(), st.binary(max_size=8), NAMES)
    | st.builds(msgspec.msgpack.Ext, st.integers(-128, 127), st.binary(max_size=12)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
UPDATE = st.fixed_dictionaries(
    {}, optional={"name": NAMES, "public_key": NAMES, "ips": ANYTHING, "routers": ANYTHING}
)
ACTIONS = st.one_of(
    st.sampled_from(["GetPeers", "GetDiagnostics", "Sign", "getPeers", "GetPeer"]),
    st.fixed_dictionaries({"GetPeer": NAMES}),
    st.fixed_dictionaries({"Verify": st.tuples(ADDRESSES, SIGNATURES)}),
    st.fixed_dictionaries({"Verify": st.fixed_dictionaries({"from": ADDRESSES})}),
    st.fixed_dictionaries({"KnsUpdate": UPDATE}),
    st.fixed_dictionaries({"KnsBatchUpdate": st.lists(UPDATE, max_size=2)}),
    st.dictionaries(st.sampled_from(["GetPeer", "Verify", "Sign", "KnsUpdate"]), ANYTHING),
)
RIGHT = ACTIONS.map(msgspec.msgpack.encode)
BODIES = mostly(
    RIGHT,
    damaged(RIGHT),
    ANYTHING.map(msgspec.msgpack.encode),
    st.binary(max_size=40),
    st.sampled_from([b"\x91" * 100_000, b"\x81\xa1a" * 50_000, b"\xdd\x7f\xff\xff\xff\xc0"]),
)
ANSWERS = ({"Peers"}, {"Peer"}, {"Diagnostics"}, {"Verified"})


@pytest.fixture(scope="module")
def world(worlds):
    world = worlds()
    world.signs_of_life.append((NET, b"hello", b"ack"))
    return world


async def tell(world: World, body: bytes, data: bytes | None, far: bool) -> None:
    sender = world.far_app if far else world.app
    blob = None if data is None else LazyLoadBlob(data)
    target = Address("fake.dev", NET)
    await sender.send_request(target, body, blob=blob)
    with contextlib.suppress(SendError):  # news of names and, from afar, questions are ignored
        answer = await sender.send_and_await_response(target, body, timeout=1, blob=blob)
        if answer.body != b"ack":
            assert not far
            assert is_an_answer(msgspec.msgpack.decode(answer.body))


def is_an_answer(value: object) -> bool:
    return value == "Signed" or (isinstance(value, dict) and set(value) in ANSWERS)


@given(body=BODIES, data=st.none() | st.binary(max_size=20), far=st.booleans())
@example(body=msgspec.msgpack.encode({"GetPeer": "\0"}), data=None, far=False)
def test_net_goes_on_whatever_it_is_told(world, body, data, far):
    world.run(tell(world, body, data, far))
