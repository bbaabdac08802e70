"""Which messages a node lets through, in which order, and what becomes of the others."""

from __future__ import annotations

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import (
    ask,
    blob,
    drop,
    leave,
    receive,
    respond,
    save,
    say,
    send,
    trap,
)
from tests.conformance.world import HERE, THERE, World

ROUTING = "2 Kernel routing"
ORDER = "2 Order"
REMOTE = "2 Remote errors"
LIMITS = "2 Limits"
PRINTING = "2 Printing"
AT_ONCE = 0.01  # seconds


# Kernel routing.


@pytest.mark.parametrize(
    ("may", "public", "kind"),
    [((), False, "Timeout"), (["b"], False, "Response"), ((), True, "Response")],
)
@rule(
    ROUTING, "a local Request needs a public target, or messaging to it; else it times out at once"
)
async def test_local_requests_are_checked(world: World, may: list[str], public: bool, kind: str):
    a = await world.guest("a", public=True, may=may)
    b = await world.guest("b", public=public)
    await b.serve()
    assert (await a.do(ask(b)))["kind"] == kind
    assert world.clock.seconds < AT_ONCE


@rule(ROUTING, "a Request that may not be sent is told on the terminal")
async def test_a_refusal_is_printed(world: World):
    a, b = await world.guest("a"), await world.guest("b")
    await a.do(ask(b))
    assert any(a.id in each and b.id in each for each in world.prints())


@pytest.mark.parametrize(
    ("grants", "public", "kind"),
    [((), False, "Timeout"), (["b"], False, "Response"), ((), True, "Response")],
)
@rule(
    ROUTING,
    "a local Response is checked like a Request; refused, its asker waits until the timeout",
)
async def test_local_responses_are_checked(
    world: World, grants: list[str], public: bool, kind: str
):
    b = await world.guest("b", public=True)
    a = await world.guest("a", public=public, grants=grants)
    await b.serve()
    assert (await a.do(ask(b, expects=5)))["kind"] == kind
    assert world.clock.seconds == pytest.approx(5 if kind == "Timeout" else 0, abs=AT_ONCE)


@rule(ROUTING, "a Response that was refused tells its sender nothing")
async def test_a_refused_response_is_silent(world: World):
    b = await world.guest("b", public=True)
    a = await world.guest("a")
    await a.do(send(b, expects=5))
    await b.do(respond("refused"))
    await world.sleep(10)
    assert [got["kind"] for got in b.idle] == ["Request"]


@rule(ROUTING, "a local process that does not exist times out at once; level 2 tells of it")
async def test_a_missing_local_process(world: World):
    a = await world.guest("a")
    got = await a.do(ask("our@nobody:n:os", expects=30))
    assert (got["kind"], got["source"]) == ("Timeout", f"{HERE}@nobody:n:os")
    assert world.clock.seconds < AT_ONCE
    assert any("nobody:n:os" in each for each in world.prints(2))
    assert not any("nobody:n:os" in each for each in world.prints(0))


@rule(ROUTING, "a refused Request that is not awaited comes back as a Timeout with its context")
async def test_a_refused_request_comes_back(world: World):
    a = await world.guest("a")
    await a.do(send("our@nobody:n:os", expects=30, context="mine"))
    assert [(got["kind"], got["context"]) for got in a.idle] == [("Timeout", "mine")]


@rule(ROUTING, "vfs may answer a process that is not public and granted it nothing")
async def test_vfs_may_answer_everyone(world: World):
    a = await world.guest("a", may=["vfs:distro:sys"])
    body = {"path": f"{a.package}/pkg", "action": "ReadDir"}
    assert (await a.do(ask("our@vfs:distro:sys", body)))["kind"] == "Response"


@rule(
    ROUTING, "a Request to another node needs the network capability; without, it times out at once"
)
async def test_sending_abroad_needs_the_network(world: World):
    a = await world.guest("a", networking=False)
    b = await world.guest("b", node=THERE)
    await b.serve()
    assert (await a.do(ask(b)))["kind"] == "Timeout"
    assert world.clock.seconds < AT_ONCE
    assert any(a.id in each for each in world.prints())


@rule(ROUTING, "a Response to another node needs the network capability as well")
async def test_answering_abroad_needs_the_network(world: World):
    a = await world.guest("a", node=THERE)
    b = await world.guest("b")
    network = {"issuer": f"{HERE}@kernel:distro:sys", "params": '"network"'}
    run = await a.begin(ask(b, expects=5))
    await b.do(drop(network), respond("no way"))
    assert (await run.results())[0]["kind"] == "Timeout"
    assert world.clock.seconds == pytest.approx(5, abs=AT_ONCE)


@rule(ROUTING, "no messaging capability and no public target is asked of another node's process")
async def test_any_networked_process_is_reachable_from_abroad(world: World):
    a = await world.guest("a", node=THERE)
    b = await world.guest("b", public=False)
    await b.serve()
    assert (await a.do(ask(b)))["kind"] == "Response"


@pytest.mark.parametrize(("there", "verbosity"), [(True, 0), (False, 2)])
@rule(
    ROUTING, "a remote process that is missing, or has no network, leaves its asker to the timeout"
)
async def test_unreachable_abroad(world: World, there: bool, verbosity: int):
    await world.node(THERE)
    if there:
        await world.guest("b", node=THERE, networking=False, public=True)
    a = await world.guest("a")
    assert (await a.do(ask(f"{THERE}@b:b:test.os", expects=5)))["kind"] == "Timeout"
    assert world.clock.seconds == pytest.approx(5, abs=AT_ONCE)
    assert any("b:b:test.os" in each for each in world.prints(verbosity, THERE))


@rule(ROUTING, "a process that dies loses its messages; their senders wait until the timeout")
async def test_a_death_loses_messages(world: World):
    a, b = await world.guest("a"), await world.guest("b", public=True)
    c = await world.guest("c", public=True)
    await b.begin(ask(c, expects=60), trap())
    run = await a.begin(ask(b, expects=20))
    await c.do(respond("go on"))
    assert (await run.results())[0]["kind"] == "Timeout"
    assert world.clock.seconds == pytest.approx(20, abs=AT_ONCE)


# Order.


@pytest.mark.parametrize("node", [HERE, THERE])
@rule(ORDER, "messages of one sender to one target arrive in the order of sending")
async def test_the_order_of_a_pair(world: World, node: str):
    a, b = await world.guest("a"), await world.guest("b", node=node, public=True)
    await a.play(*(send(b, str(number)) for number in range(250)))
    await world.settle()
    assert [got["body"] for got in b.idle] == [str(number) for number in range(250)]


@rule(ORDER, "capabilities that a process saves or drops count from its next message")
async def test_saved_capabilities_count_at_once(world: World):
    b = await world.guest("b")
    a = await world.guest("a", grants=["b"])
    await b.do(send(a, "key", capabilities=[b.messaging]))
    await a.do(save(b.messaging), send(b, "1"), drop(b.messaging), send(b, "2"))
    await a.do(save(b.messaging), send(b, "3"))
    await world.settle()
    assert [got["body"] for got in b.idle] == ["1", "3"]


# Remote errors.


@rule(REMOTE, "a node that nobody knows is Offline at once")
async def test_an_unknown_node_is_offline(world: World):
    a = await world.guest("a")
    assert (await a.do(ask("gone.dev@b:b:test.os", expects=30)))["kind"] == "Offline"
    assert world.clock.seconds < AT_ONCE


@rule(REMOTE, "a node that has stopped is Offline, and can be reached when it is there again")
async def test_a_stopped_node_is_offline(world: World):
    a = await world.guest("a")
    b = await world.guest("b", node=THERE)
    await world.net.stop(THERE)
    assert (await a.do(ask(b)))["kind"] == "Offline"
    await (await world.guest("b", node=THERE)).serve()
    assert (await a.do(ask(b)))["kind"] == "Response"


@rule(REMOTE, "what was handed over before a node went is lost: a Timeout at the deadline")
async def test_a_node_that_goes_loses_messages(world: World):
    a = await world.guest("a")
    b = await world.guest("b", node=THERE)
    run = await a.begin(ask(b, expects=20))
    await world.net.stop(THERE)
    assert (await run.results())[0]["kind"] == "Timeout"
    assert world.clock.seconds == pytest.approx(20, abs=AT_ONCE)


# Limits.


@rule(LIMITS, "a full queue makes its senders wait, and stalls nobody else", "fixed")
async def test_a_full_queue_holds_its_senders_back(world: World):
    a, b = await world.guest("a"), await world.guest("b", public=True)
    c, d = await world.guest("c", public=True), await world.guest("d", public=True)
    await d.serve()
    await b.begin(ask(c, expects=60), *[receive()] * 250)
    run = await a.begin(*(send(b, str(number)) for number in range(250)))
    assert (await c.do(ask(d)))["kind"] == "Response"
    await c.do(respond("go on"))
    await run.results()
    assert world.clock.seconds < AT_ONCE


@rule(LIMITS, "local messages have no size limit")
async def test_a_large_local_message(world: World):
    a, b = await world.guest("a", public=True), await world.guest("b", public=True)
    await b.serve(body="got it")
    assert (await a.do(ask(b, blob=blob(b"x" * 10_485_801))))["body"] == "got it"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"x" * 10_000_000, "Response"),
        (b"x" * 10_485_801, "Timeout"),
        (b"\xff" * 5_000_000, "Response"),
        (b"\xff" * 5_300_000, "Timeout"),
    ],
)
@rule(
    LIMITS,
    "a message to another node has at most 10,485,800 bytes, where bytes from 128 count twice",
)
async def test_the_largest_message_abroad(world: World, data: bytes, kind: str):
    a, b = await world.guest("a"), await world.guest("b", node=THERE)
    await b.serve(body="got it")
    assert (await a.do(ask(b, blob=blob(data))))["kind"] == kind
    said = "net: tried to send too-large message, limit is 10.00mb"
    assert (said in world.prints()) == (kind == "Timeout")


@rule(LIMITS, "a message that is too large is lost alone: those around it arrive", "fixed")
async def test_only_the_large_message_is_lost(world: World):
    a, b = await world.guest("a"), await world.guest("b", node=THERE)
    await a.do(send(b, "1"), send(b, "2", blob=blob(b"x" * 10_485_801)), send(b, "3"))
    await world.settle()
    assert [got["body"] for got in b.idle] == ["1", "3"]


# Printing.


@pytest.mark.parametrize("verbosity", [0, 1, 2, 3])
@rule(PRINTING, "what a process prints is kept with its verbosity, its text as it is")
async def test_a_print_has_a_verbosity(world: World, verbosity: int):
    a = await world.guest("a")
    await a.do(say("one\ntwo", verbosity))
    assert "one\ntwo" in world.prints(verbosity)


@rule(PRINTING, "a process that returns prints at level 1, one that fails at level 0")
async def test_ends_are_printed(world: World):
    a, b = await world.guest("a"), await world.guest("b")
    await a.end(leave())
    await b.end(trap())
    assert f"process {a.address} returned without error" in world.prints(1)
    assert any(e.startswith(f"process {b.address} ended with error:\n") for e in world.prints(0))
    for guest in (a, b):
        assert f"process {guest.id} has OnExit behavior None" in world.prints(1)
