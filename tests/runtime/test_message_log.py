"""What the log holds of messages, and when it is told."""

from __future__ import annotations

import asyncio

import pytest  # noqa: TC002 - beside the fixtures that it types

from kinode_nb.process_lib import Address, Our, Request, Response
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.types import Event
from tests.runtime.lab import Lab, echo, in_lab, sink

ECHO = "b.dev@echo:t:os"
MAIN = "a.dev@main:t:os"


@in_lab
async def test_an_exchange_is_two_entries_that_know_each_other(lab: Lab):
    async def slow_echo(our: Our) -> None:
        await our.receive()
        await asyncio.sleep(0.25)
        await our.send_response(b"answer")

    lab.start(ECHO, slow_echo)

    async def main(our: Our) -> None:
        await asyncio.sleep(1)
        await our.send_and_await_response(ECHO, b"question")

    await lab.play(MAIN, main)
    question, answer = lab.find(b"question"), lab.find(b"answer")
    assert isinstance(question, Request)
    assert isinstance(answer, Response)
    assert (question.seq, question.parent) == (1, 0)
    assert (answer.seq, answer.parent, answer.id) == (2, 1, question.id)
    assert (question.time, answer.time) == (1_000_000_000, 1_250_000_000)
    assert list(lab.log.delivered[:2]) == [1_000_000_000, 1_250_000_000]
    assert lab.log.outcomes == {}
    assert lab.log.answers == {}


@in_lab
async def test_what_was_not_taken_yet_is_not_delivered(lab: Lab):
    lab.add(ECHO)

    async def main(our: Our) -> None:
        await asyncio.sleep(1)
        await our.send_request(ECHO, b"x")

    await lab.play(MAIN, main)
    assert not any(lab.log.delivered[lab.find(b"x").seq - 1 :])


@in_lab
async def test_the_parent_is_what_the_sender_had_last_received(lab: Lab):
    lab.start(ECHO, echo)

    async def server(our: Our) -> None:
        await our.receive()
        await our.send_and_await_response(ECHO, b"1")
        await our.send_request(ECHO, b"2")

    lab.start("b.dev@server:t:os", server)

    async def main(our: Our) -> None:
        await our.send_request("b.dev@server:t:os", b"0")

    await lab.play(MAIN, main)
    await lab.idle()
    requests = [e for e in lab.log.entries if isinstance(e, Request)]
    answer = next(e for e in lab.log.entries if isinstance(e, Response))
    assert [e.body for e in requests] == [b"0", b"1", b"2"]
    assert [e.parent for e in requests] == [0, requests[0].seq, answer.seq]


@in_lab
async def test_a_send_error_is_an_event(lab: Lab):
    async def main(our: Our) -> None:
        await our.send_request("c.dev@x:y:os", b"x", expects_response=3)
        await our.receive()

    await lab.play(MAIN, main)
    (event,) = lab.events("send_error")
    request = lab.find(b"x")
    assert (event.body, event.parent, event.id) == ("Offline", request.seq, request.id)
    assert event.target == Address.parse(MAIN)


@in_lab
async def test_clearing_in_the_middle_of_things(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> list[bytes]:
        found = []
        for n in range(4):
            await our.send_request(ECHO, b"%d" % n, expects_response=5, context=n)
            lab.log.clear()  # while the Request is on its way
        for _ in range(4):
            found.append((await our.receive()).body)
            lab.log.clear()
            await our.send_and_await_response(ECHO, b"x")
        return found

    assert await lab.play(MAIN, main) == [b"0", b"1", b"2", b"3"]
    log = lab.log
    assert [entry.seq for entry in log.entries] == list(
        range(log.first, log.first + len(log.entries))
    )


@in_lab
async def test_clearing_forgets_nothing_that_is_outstanding(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"x", expects_response=2)
        lab.log.clear()
        assert (await our.receive()).kind == "Timeout"  # type: ignore[union-attr]

    await lab.play(MAIN, main)
    assert lab.log.outcomes == {}, "of what was cleared nothing is noted"


def test_observers_hear_events_and_a_failing_one_is_dismissed(caplog: pytest.LogCaptureFixture):
    log = MessageLog()
    heard: list[str] = []

    def failing(event: Event) -> None:
        raise ValueError("observer")

    log.observers += [failing, lambda event: heard.append(event.body)]
    node = Address.parse("a.dev@x:y:os")
    log.event(1, "print", node, node, "one")
    log.event(2, "print", node, node, "two")
    assert heard == ["one", "two"]
    assert len(log.observers) == 1
    assert caplog.text.count("an observer of the log failed") == 1


def test_numbers_go_on_after_clear():
    log = MessageLog()
    node = Address.parse("a.dev@x:y:os")
    first = log.event(1, "print", node, node, "one")
    log.clear()
    second = log.event(2, "print", node, node, "two")
    log.take(first.seq, 5)
    log.end(first.seq, "dropped", "too late")
    assert (first.seq, second.seq, log.next_seq) == (1, 2, 3)
    assert not any(log.delivered)
    assert log.outcomes == {}
