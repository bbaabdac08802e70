"""What a process sees of the messages that it sends and receives."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import (
    ask,
    blob,
    blobs,
    capability,
    clear_state,
    get_state,
    receive,
    respond,
    send,
    set_state,
)
from tests.conformance.world import HERE, THERE, Guest, World

FIELDS = "2 Fields"
SENDING = "2 Sending a Request"
RECEIVING = "2 Receiving"
RESPONDING = "2 Sending a Response"
AWAITING = "2 Awaiting a Response"


async def pair(world: World) -> tuple[Guest, Guest]:
    """Two public guests of one node: a and b."""
    return await world.guest("a", public=True), await world.guest("b", public=True)


async def trio(world: World) -> tuple[Guest, Guest, Guest]:
    return *await pair(world), await world.guest("c", public=True)


# Fields.


@rule(FIELDS, "a Request arrives with its body, metadata, blob, expects_response and inherit")
async def test_what_a_request_carries(world: World):
    a, b = await pair(world)
    sent = {"metadata": "m", "expects": 7, "inherit": True, "blob": blob(b"\x00\xff", "x/y")}
    await a.do(send(b, b"\xff\x00body", **sent))
    (got,) = b.idle
    assert (got["kind"], got["source"], got["body"]) == ("Request", a.address, "\xff\x00body")
    assert {key: got[key] for key in sent} == sent


@rule(FIELDS, "a Response arrives with its body, metadata and blob")
async def test_what_a_response_carries(world: World):
    a, b = await pair(world)
    await b.serve(body="yes", metadata="m", blob=blob("data", "x/y"))
    got = await a.do(ask(b))
    assert (got["kind"], got["source"], got["body"]) == ("Response", b.address, "yes")
    assert (got["metadata"], got["blob"]) == ("m", blob("data", "x/y"))


@rule(FIELDS, "a context stays with the sender, and comes back with the Response")
async def test_a_context_comes_back(world: World):
    a, b = await pair(world)
    await a.do(send(b, expects=5, context="mine"))
    assert b.idle[0]["context"] is None
    await b.do(respond("yes"))
    assert (a.idle[0]["body"], a.idle[0]["context"]) == ("yes", "mine")


@rule(FIELDS, "a context comes back with a SendError")
async def test_a_context_comes_back_with_an_error(world: World):
    a, b = await pair(world)
    await a.do(send(b, expects=5, context="mine"))
    await world.sleep(6)
    assert (a.idle[0]["kind"], a.idle[0]["context"]) == ("Timeout", "mine")


@rule(
    FIELDS, "a SendError carries the Request as it was sent: capabilities filtered, blob resolved"
)
async def test_what_a_send_error_carries(world: World):
    a, b = await pair(world)
    own, foreign = a.messaging, capability("a.dev@x:y:z")
    await b.do(send(a, blob=blob("last")))
    got = await a.do(
        ask("gone.dev@x:y:z", "body", inherit=True, metadata="m", capabilities=[own, foreign])
    )
    assert (got["kind"], got["source"]) == ("Offline", "gone.dev@x:y:z")
    assert (got["body"], got["metadata"], got["capabilities"]) == ("body", "m", [own])
    assert got["blob"] == blob("last")


@rule(FIELDS, "`our` as the node of a target means the own node")
async def test_our_as_a_node(world: World):
    a, b = await pair(world)
    await b.serve()
    got = await a.do(ask(f"our@{b.id}", "x"))
    assert (got["kind"], got["source"]) == ("Response", b.address)


@rule(FIELDS, "`our` inside a body stays as it is")
async def test_our_in_a_body(world: World):
    a, b = await pair(world)
    await a.do(send(b, "our@b:b:test.os"))
    assert b.idle[0]["body"] == "our@b:b:test.os"


# Sending a Request.


@rule(
    SENDING, "an inheriting Request that expects no Response sends the Response to the first asker"
)
async def test_a_forwarded_request_is_answered_to_its_asker(world: World):
    a, b, c = await trio(world)
    run = await a.begin(ask(b, "question"))
    await b.do(send(c, "forwarded", inherit=True))
    await c.do(respond("answer"))
    (got,) = await run.results()
    assert (got["kind"], got["source"], got["body"]) == ("Response", c.address, "answer")


@rule(SENDING, "an inheriting Request that expects a Response gets it itself")
async def test_an_inheriting_request_may_expect_its_own_response(world: World):
    a, b, c = await trio(world)
    await c.serve(body="from c")
    run = await a.begin(ask(b))
    got = await b.do(ask(c, inherit=True))
    assert got["body"] == "from c"
    assert not run.done
    await b.do(respond("from b"))
    assert (await run.results())[0]["body"] == "from b"


@rule(SENDING, "a Request that neither inherits nor expects a Response is answered to nobody")
async def test_nobody_gets_an_answer_that_nobody_expects(world: World):
    a, b = await pair(world)
    await a.do(send(b))
    await b.do(respond("unasked"))
    await world.sleep(1)
    assert not a.idle


@rule(SENDING, "an explicit blob wins over the inherited one in a Request")
async def test_an_explicit_blob_of_a_request(world: World):
    a, b, c = await trio(world)
    await a.do(send(b, blob=blob("old")))
    await b.do(send(c, inherit=True, blob=blob("new")))
    assert c.idle[0]["blob"] == blob("new")


@rule(SENDING, "without inherit there is no blob but an explicit one")
async def test_no_blob_without_inherit(world: World):
    a, b, c = await trio(world)
    await a.do(send(b, blob=blob("old")))
    await b.do(send(c))
    assert c.idle[0]["blob"] is None


@rule(SENDING, "an inheriting Request takes the last blob ever received", "reproduced")
async def test_the_last_blob_is_inherited(world: World):
    a, b, c = await trio(world)
    await a.do(send(b, blob=blob("old")))
    await a.do(send(b, "without"))
    await b.do(send(c, inherit=True))
    assert c.idle[0]["blob"] == blob("old")


@rule(SENDING, "a Response's blob is inherited as well", "reproduced")
async def test_the_blob_of_a_response_is_inherited(world: World):
    a, b, c = await trio(world)
    await b.serve(blob=blob("answered"))
    await a.do(ask(b), send(c, inherit=True))
    assert c.idle[0]["blob"] == blob("answered")


@rule(SENDING, "attached capabilities are kept where the sender issued or holds them, else vanish")
async def test_attached_capabilities_are_filtered(world: World):
    a, b = await world.guest("a", may=["b"]), await world.guest("b", public=True)
    custom = capability(a, {"door": 1})
    foreign = capability("a.dev@c:c:test.os")
    await a.do(send(b, capabilities=[custom, b.messaging, foreign]))
    assert b.idle[0]["capabilities"] == [custom, b.messaging]


@rule(SENDING, "a Response filters its capabilities likewise")
async def test_capabilities_of_a_response_are_filtered(world: World):
    a, b = await pair(world)
    own = capability(b, {"door": 1})
    await b.serve(capabilities=[own, capability("a.dev@c:c:test.os")])
    assert (await a.do(ask(b)))["capabilities"] == [own]


@pytest.mark.parametrize("seconds", [1, 5, 60])
@rule(SENDING, "a Timeout comes the expected seconds after the Request was sent")
async def test_when_a_timeout_comes(world: World, seconds: int):
    a, b = await pair(world)
    before = world.clock.seconds
    got = await a.do(ask(b, expects=seconds))
    assert got["kind"] == "Timeout"
    assert world.clock.seconds - before == pytest.approx(seconds, abs=0.01)


@rule(SENDING, "the time runs while the Request still waits in the receiver's queue")
async def test_the_time_runs_from_sending(world: World):
    a, b = await pair(world)
    await b.begin(ask(a, expects=30))
    await a.do(send(b, expects=10))
    await world.sleep(11)
    assert [got["kind"] for got in a.idle] == ["Request", "Timeout"]


@rule(SENDING, "two awaiting Requests with one inherited id each keep context and timer", "fixed")
async def test_requests_of_one_inherited_id(world: World):
    a, b, c = await trio(world)
    await a.do(send(b, expects=60))
    await b.do(
        send(c, "first", inherit=True, expects=10, context="first"),
        send(c, "second", inherit=True, expects=20, context="second"),
    )
    await c.do(respond("to the second"))
    await world.sleep(12)
    answers = [(got["kind"], got["context"]) for got in b.idle[1:]]
    assert answers == [("Response", "second"), ("Timeout", "first")]


# Receiving.


@rule(
    RECEIVING,
    "a Request that expects no Response does not become the prompting message",
    "reproduced",
)
async def test_a_fire_and_forget_request_prompts_nothing(world: World):
    a, b, c = await trio(world)
    run = await a.begin(ask(b, "asked"))
    await c.do(send(b, "told"))
    await b.do(respond("answer"))
    assert [got["body"] for got in b.idle] == ["asked", "told"]
    assert (await run.results())[0]["body"] == "answer"


@rule(RECEIVING, "a Request that is to be answered to another becomes the prompting message")
async def test_an_rsvp_makes_a_request_prompt(world: World):
    a, b, c = await trio(world)
    run = await a.begin(ask(b))
    await b.do(send(c, inherit=True))
    assert c.idle[0]["expects"] is None
    await c.do(respond("from c"))
    assert (await run.results())[0]["source"] == c.address


@rule(
    RECEIVING,
    "a Response where nothing was ever asked is a print, and nothing is sent",
    "reproduced",
)
async def test_a_response_to_nothing(world: World):
    a, b = await pair(world)
    await a.do(send(b))
    await b.do(respond("to whom"))
    assert any("need non-None prompting_message" in each for each in world.prints())
    assert not a.idle


@rule(RECEIVING, "a Response after the Timeout is dropped without a word")
async def test_a_late_response_is_dropped(world: World):
    a, b = await pair(world)
    await a.do(send(b, expects=5))
    await world.sleep(6)
    before = world.prints()
    await b.do(respond("late"))
    assert [got["kind"] for got in a.idle] == ["Timeout"]
    assert world.prints() == before


@rule(RECEIVING, "a Response cancels the timer")
async def test_an_answered_request_does_not_time_out(world: World):
    a, b = await pair(world)
    await a.do(send(b, expects=5))
    await b.do(respond("in time"))
    await world.sleep(6)
    assert [got["kind"] for got in a.idle] == ["Response"]


@rule(RECEIVING, "after an awaited Response the Request that was handled before can be answered")
async def test_the_prompting_message_is_restored_after_an_await(world: World):
    a, b, c = await trio(world)
    await c.serve(body="from c")
    run = await a.begin(ask(b))
    await b.do(ask(c), respond("from b"))
    assert (await run.results())[0]["body"] == "from b"


@rule(RECEIVING, "a Response brings back the prompting message of the time when it was asked for")
async def test_the_prompting_message_comes_back_with_a_response(world: World):
    a, b, c = await trio(world)
    run = await a.begin(ask(b, "first"))
    await b.do(send(c, expects=60))
    other = await world.guest("d", public=True)
    later = await other.begin(ask(b, "second"))
    await c.do(respond("go on"))
    await b.do(respond("to the first"))
    assert (await run.results())[0]["body"] == "to the first"
    assert (await later.results())[0]["kind"] == "Timeout"


@rule(RECEIVING, "a SendError brings the prompting message back as well")
async def test_the_prompting_message_comes_back_with_an_error(world: World):
    a, b = await pair(world)
    run = await a.begin(ask(b))
    await b.do(ask("gone.dev@x:y:z"), respond("went on"))
    assert (await run.results())[0]["body"] == "went on"


@rule(
    RECEIVING,
    "a second Response to one Request is dropped, also while the first is queued",
    "fixed",
)
async def test_a_second_response_is_dropped(world: World):
    a, b, c = await trio(world)
    await a.do(send(b, expects=60, context="mine"))
    await a.begin(ask(c, expects=5))
    await b.do(respond("first"), respond("second"))
    await world.sleep(6)
    assert [(got["body"], got["context"]) for got in a.idle] == [("first", "mine")]


@pytest.mark.parametrize("target", ["gone.dev@x:y:z", "our@x:y:z"])
@rule(RECEIVING, "no SendError comes for a Request that expects no Response", "reproduced")
async def test_no_error_where_nothing_is_expected(world: World, target: str):
    a, _ = await pair(world)
    await a.do(send(target))
    await world.sleep(100)
    assert not a.idle


@rule(RECEIVING, "no SendError comes for a Response", "reproduced")
async def test_no_error_for_a_response(world: World):
    remote = await world.guest("r", node=THERE)
    a = await world.guest("a")
    await remote.do(send(a, expects=5))
    await world.net.stop(THERE)
    await a.do(respond("to nobody"))
    await world.sleep(10)
    assert [got["kind"] for got in a.idle] == ["Request"]


@rule(RECEIVING, "get_blob speaks of the last received message, last_blob of all", "reproduced")
async def test_get_blob_and_last_blob(world: World):
    a, b = await pair(world)
    got: list[dict[str, object]] = []
    run = await b.begin(receive(), blobs(), receive(), blobs())
    await a.do(send(b, blob=blob("one")), send(b))
    got = await run.results()
    assert got[1] == {"has": True, "get": blob("one"), "last": blob("one")}
    assert got[3]["has"] is False
    assert got[3]["last"] == blob("one")


@rule(RECEIVING, "after an await they speak of the Response", "reproduced")
async def test_blobs_after_an_await(world: World):
    a, b = await pair(world)
    await b.serve(blob=blob("answered"))
    got = await a.do(ask(b), blobs())
    assert got == {"has": True, "get": blob("answered"), "last": blob("answered")}


@rule(RECEIVING, "a SendError clears has_blob, and keeps last_blob", "reproduced")
async def test_an_error_clears_has_blob(world: World):
    a, b = await pair(world)
    await b.serve(blob=blob("answered"))
    got = await a.do(ask(b), ask("gone.dev@x:y:z", blob=blob("sent")), blobs())
    assert got["has"] is False
    assert got["last"] == blob("answered")


@pytest.mark.parametrize("sent", [None, blob("sent")])
@rule(RECEIVING, "a SendError that is received, not awaited, clears has_blob as well", "reproduced")
async def test_a_received_error_clears_has_blob(world: World, sent: dict[str, Any] | None):
    a, b = await pair(world)
    await b.serve(blob=blob("answered"))
    failing = send("gone.dev@x:y:z", expects=5, blob=sent)
    _, before, _, error, after = await a.play(ask(b), blobs(), failing, receive(), blobs())
    assert (before["has"], before["last"]) == (True, blob("answered"))
    assert error["kind"] == "Offline"
    assert (after["has"], after["last"]) == (False, blob("answered"))


@rule(RECEIVING, "an empty blob is a blob")
async def test_an_empty_blob(world: World):
    a, b = await pair(world)
    await b.serve(blob=blob(""))
    assert (await a.do(ask(b), blobs()))["has"] is True


@rule(
    RECEIVING,
    "state calls keep last_blob; has_blob speaks of what they brought",
    "reproduced",
)
async def test_state_calls_and_blobs(world: World):
    a, b = await pair(world)
    await b.serve(blob=blob("answered"))
    got = await a.play(
        ask(b), set_state("state"), blobs(), ask(b), get_state(), blobs(), clear_state(), blobs()
    )
    shown = [got[2], got[5], got[7]]
    assert [each["last"] for each in shown] == [blob("answered")] * 3
    assert [each["has"] for each in shown] == [False, True, False]


# Sending a Response.


@rule(
    RESPONDING,
    "an inheriting Response takes the last blob, even when an explicit one is given",
    "reproduced",
)
async def test_an_inheriting_response_ignores_its_own_blob(world: World):
    a, b = await pair(world)
    await b.serve(inherit=True, blob=blob("explicit"))
    assert (await a.do(ask(b, blob=blob("asked"))))["blob"] == blob("asked")


@rule(RESPONDING, "an inheriting Response takes the last blob ever received", "reproduced")
async def test_an_inheriting_response_takes_the_last_blob(world: World):
    a, b, c = await trio(world)
    await c.do(send(b, blob=blob("old")))
    await b.serve(inherit=True)
    assert (await a.do(ask(b)))["blob"] == blob("old")


@rule(RESPONDING, "a Response that does not inherit has its explicit blob or none")
async def test_a_response_without_inherit(world: World):
    a, b = await pair(world)
    await b.serve()
    assert (await a.do(ask(b, blob=blob("asked"))))["blob"] is None


@rule(RESPONDING, "a Response answers the prompting message, which stays: a second one is dropped")
async def test_the_prompting_message_stays(world: World):
    a, b = await pair(world)
    run = await a.begin(ask(b), receive())
    await b.do(respond("one"), respond("two"), send(a, "three"))
    assert [got["body"] for got in await run.results()] == ["one", "three"]


# Awaiting a Response.


@pytest.mark.parametrize("node", [HERE, "our"])
@rule(AWAITING, "a process that awaits its own Response traps")
async def test_awaiting_oneself_traps(world: World, node: str):
    a, _ = await pair(world)
    await a.end(ask(f"{node}@{a.id}"))
    assert any("ended with error" in each for each in world.prints())


@rule(AWAITING, "what else arrives meanwhile waits its turn, and is received first afterwards")
async def test_messages_queue_while_awaiting(world: World):
    a, b, c = await trio(world)
    run = await a.begin(ask(b), receive(), receive(), receive())
    await c.do(send(a, "1"), send(a, "2"))
    await b.do(respond("awaited"))
    await c.do(send(a, "3"))
    assert [got["body"] for got in await run.results()] == ["awaited", "1", "2", "3"]


@rule(AWAITING, "an awaited Response carries no context, and its error comes at once")
async def test_awaited_outcomes_have_no_context(world: World):
    a, b = await pair(world)
    await b.serve()
    answered, refused = await a.play(ask(b), ask("gone.dev@x:y:z"))
    assert (answered["context"], refused["context"]) == (None, None)
    assert refused["kind"] == "Offline"
    assert world.clock.seconds < 0.1


@rule(AWAITING, "two processes that await each other at once both wait until they time out")
async def test_awaiting_each_other_times_out(world: World):
    a = await world.guest("a", public=True)
    b = await world.guest("b", node=THERE)
    runs = [
        await world.direct(a.address, [ask(b, "to b"), receive()]),
        await world.direct(b.address, [ask(a, "to a"), receive()]),
    ]
    for run, body in zip(runs, ["to a", "to b"], strict=True):
        error, queued = await run.results()
        assert (error["kind"], queued["body"]) == ("Timeout", body)
    assert world.clock.seconds == pytest.approx(5, abs=0.01)


@rule(AWAITING, "an awaited Request that comes back to its sender under one id is queued", "fixed")
async def test_a_request_that_is_inherited_back(world: World):
    a, b = await pair(world)
    run = await a.begin(ask(b, "out"), receive())
    await b.begin(send(a, "back", inherit=True, expects=20), respond("answer"))
    answered, queued = await run.results()
    assert (answered["kind"], queued["body"]) == ("Response", "back")
