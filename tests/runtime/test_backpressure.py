"""Bounded mailboxes: who waits for room, who never does, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kinode_nb.process_lib import Our, Request, Response, SendError
from kinode_nb.runtime.mailbox import CAPACITY
from tests.runtime.lab import Lab, echo, failure, in_lab, sink

MAIN = "a.dev@main:t:os"
HERE_OR_THERE = pytest.mark.parametrize("target", ["a.dev@slow:t:os", "b.dev@slow:t:os"])


def flood(target: str, count: int, sent: list[int]) -> Any:
    async def init(our: Our) -> None:
        for number in range(count):
            await our.send_request(target, str(number).encode())
            sent.append(number)

    return init


@HERE_OR_THERE
@in_lab
async def test_a_sender_waits_while_the_mailbox_is_full(lab: Lab, target: str):
    taken: list[bytes] = []
    turn = asyncio.Event()

    async def slow(our: Our) -> None:
        while True:
            await turn.wait()
            turn.clear()
            taken.append((await our.receive()).body)

    receiver = lab.start(target, slow)
    sent: list[int] = []
    sender = lab.start(MAIN, flood(target, CAPACITY + 5, sent))
    await lab.idle()
    assert len(sent) == len(receiver.mailbox.queue) == CAPACITY
    for number in range(5):
        turn.set()
        await lab.idle()
        assert len(sent) == CAPACITY + number + 1, "one place, one message"
        assert len(receiver.mailbox.queue) == CAPACITY
    assert sender.ended
    for _ in range(CAPACITY):
        turn.set()
        await lab.idle()
    turn.set()
    assert taken == [str(n).encode() for n in range(CAPACITY + 5)]
    assert not lab.scheduler.crowded


@HERE_OR_THERE
@in_lab
async def test_an_awaited_request_waits_for_room_too(lab: Lab, target: str):
    receiver = lab.add(target, echo)
    lab.start("a.dev@flood:t:os", flood(target, CAPACITY, []))
    await lab.idle()

    async def main(our: Our) -> bytes:
        return (await our.send_and_await_response(target, b"last")).body

    asked = asyncio.ensure_future(lab.play(MAIN, main))
    await lab.idle()
    assert len(receiver.mailbox.queue) == CAPACITY
    assert not any(getattr(each, "body", b"") == b"last" for each in lab.log.entries)
    lab.lifecycles[target[:5]].run(receiver)
    assert await asked == b"last"


@in_lab
async def test_responses_and_send_errors_always_fit(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)
    lab.start("b.dev@sink:t:os", sink)

    async def main(our: Our) -> tuple[int, int]:
        for _ in range(300):
            await our.send_request("b.dev@echo:t:os", b"x", expects_response=5)
            await our.send_request("c.dev@gone:t:os", b"x", expects_response=5)
        found = [await our.receive() for _ in range(600)]
        return (
            sum(isinstance(each, Response) for each in found),
            sum(isinstance(each, SendError) for each in found),
        )

    assert await lab.play(MAIN, main) == (300, 300)


@in_lab
async def test_senders_get_room_in_turn(lab: Lab):
    """None is overtaken for ever, however many there are and whoever joins later."""
    received: list[bytes] = []

    async def slow(our: Our) -> None:
        async for message in our:
            received.append(message.source.process.process_name.encode())
            await asyncio.sleep(0.001)

    target = "a.dev@slow:t:os"
    lab.start(target, slow)
    names = ["one", "two", "three", "four"]
    senders = [lab.start(f"b.dev@{name}:t:os", flood(target, 200, [])) for name in names]
    await lab.until(lambda: all(each.ended for each in senders))
    await asyncio.sleep(1)
    assert len(received) == 800
    contended = received[CAPACITY + 10 : 450]  # all wait by then, and none is done yet
    counts = [contended.count(name.encode()) for name in names]
    assert max(counts) - min(counts) <= 2, counts


@in_lab
async def test_a_waiting_sender_that_is_cancelled_gives_its_place_on(lab: Lab):
    target = "a.dev@slow:t:os"
    receiver = lab.add(target, sink)
    lab.start("a.dev@flood:t:os", flood(target, CAPACITY, []))
    await lab.idle()
    sent: list[str] = []

    async def main(our: Our) -> None:
        async def send(name: str) -> None:
            await our.send_request(target, name.encode())
            sent.append(name)

        tasks = [asyncio.create_task(send(name)) for name in ("one", "two", "three")]
        await asyncio.sleep(1)
        tasks[0].cancel()
        await asyncio.sleep(1)
        lab.lifecycles["a.dev"].run(receiver)
        await asyncio.wait(tasks)
        assert [task.cancelled() for task in tasks] == [True, False, False]

    await lab.play(MAIN, main)
    assert sent == ["two", "three"]
    await lab.idle()
    assert not lab.scheduler.crowded


@in_lab
async def test_a_place_given_to_a_sender_that_is_cancelled_meanwhile_goes_to_the_next(lab: Lab):
    target = "a.dev@slow:t:os"
    receiver = lab.add(target)
    lab.start("a.dev@flood:t:os", flood(target, CAPACITY, []))
    await lab.idle()
    done: list[str] = []

    async def main(our: Our) -> None:
        async def send(name: str) -> None:
            await our.send_request(target, name.encode())
            done.append(name)

        one, two = (asyncio.create_task(send(name)) for name in ("one", "two"))
        await asyncio.sleep(1)
        mailbox = receiver.mailbox
        mailbox.taking()
        mailbox.queue.popleft()  # room for one, which is told …
        one.cancel()  # … and cancelled before it can go on
        await asyncio.wait([one, two])

    await lab.play(MAIN, main)
    assert done == ["two"]


@in_lab
async def test_those_who_wait_for_a_process_that_ends_go_on(lab: Lab):
    target = "a.dev@slow:t:os"
    receiver = lab.add(target)
    sent: list[int] = []
    sender = lab.start(MAIN, flood(target, CAPACITY + 5, sent))
    await lab.idle()
    lab.kill(receiver)
    await lab.idle()
    assert sender.ended
    assert len(sent) == CAPACITY + 5
    assert lab.status(b"104") == "denied"


# --------------------------------------------------------------------- circles of full mailboxes


@pytest.mark.parametrize(
    "ring",
    [
        ["a.dev@0:t:os", "a.dev@1:t:os"],
        ["a.dev@0:t:os", "b.dev@1:t:os"],
        ["a.dev@0:t:os", "a.dev@1:t:os", "a.dev@2:t:os"],
        ["a.dev@0:t:os", "b.dev@1:t:os", "a.dev@2:t:os"],
    ],
    ids=["two here", "two nodes", "three here", "three on two nodes"],
)
@in_lab
async def test_a_circle_of_processes_that_flood_each_other(lab: Lab, ring: list[str]):
    count = 1000
    totals = dict.fromkeys(ring, 0)

    def member(target: str) -> Any:
        async def init(our: Our) -> None:
            for _ in range(count):
                await our.send_request(target, b"x")
            for _ in range(count):
                await our.receive()
                totals[str(our.address)] += 1

        return init

    processes = [lab.add(a, member(ring[(n + 1) % len(ring)])) for n, a in enumerate(ring)]
    for process in processes:
        lab.lifecycles[process.address.node].run(process)
    await lab.until(lambda: all(process.ended for process in processes))
    assert totals == dict.fromkeys(ring, count)
    assert lab.clock.seconds < 1
    assert not lab.scheduler.crowded


@in_lab
async def test_two_that_flood_each_other_for_ever_leave_others_their_turns(lab: Lab):
    def member(target: str) -> Any:
        async def init(our: Our) -> None:
            while True:
                await our.send_request(target, b"x")

        return init

    one = lab.start("a.dev@one:t:os", member("a.dev@two:t:os"))
    two = lab.start("a.dev@two:t:os", member("a.dev@one:t:os"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert one.sent + two.sent < 1000
    lab.kill(one)
    lab.kill(two)


@pytest.mark.parametrize("worker", ["a.dev@worker:t:os", "b.dev@worker:t:os"])
@in_lab
async def test_a_process_that_awaits_a_response_takes_all_that_its_worker_reports(
    lab: Lab, worker: str
):
    """As Kinode's host does: or a worker that reports often would wait for who waits for it."""

    async def work(our: Our) -> None:
        request = await our.receive()
        for number in range(1000):
            await our.send_request(request.source, str(number).encode())
        await our.send_response(b"done")

    lab.start(worker, work)

    async def main(our: Our) -> list[bytes]:
        answer = await our.send_and_await_response(worker, b"go")
        assert answer.body == b"done"
        return [(await our.receive()).body for _ in range(1000)]

    assert await lab.play(MAIN, main) == [str(n).encode() for n in range(1000)]
    assert lab.clock.seconds < 1


@in_lab
async def test_also_when_its_worker_waits_for_room_already(lab: Lab):
    async def work(our: Our) -> None:
        for number in range(200):
            await our.send_request(MAIN, str(number).encode())
        async for message in our:
            if message.body == b"go":
                await our.send_response(b"done")

    worker = lab.start("b.dev@worker:t:os", work)

    async def main(our: Our) -> int:
        await asyncio.sleep(1)
        assert worker.sent == CAPACITY
        answer = await our.send_and_await_response("b.dev@worker:t:os", b"go", timeout=5)
        assert answer.body == b"done"
        return len([await our.receive() for _ in range(200)])

    assert await lab.play(MAIN, main) == 200


@in_lab
async def test_after_the_await_the_mailbox_is_bounded_again(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)

    async def main(our: Our) -> None:
        await our.send_and_await_response("b.dev@echo:t:os", b"x")
        await failure(our.send_and_await_response("c.dev@gone:t:os", b"x"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await our.send_and_await_response("b.dev@deaf:t:os", b"x", timeout=60)
        await asyncio.sleep(1000)

    process = lab.start(MAIN, main)
    lab.start("b.dev@deaf:t:os", sink)
    await asyncio.sleep(5)
    sent: list[int] = []
    lab.start("b.dev@flood:t:os", flood(MAIN, 200, sent))
    await asyncio.sleep(5)
    assert len(sent) == len(process.mailbox.queue) == CAPACITY


@in_lab
async def test_a_request_in_flight_from_many_tasks_of_one_process(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)

    async def main(our: Our) -> int:
        answers = await asyncio.gather(
            *(our.send_and_await_response("b.dev@echo:t:os", b"%d" % n) for n in range(1000))
        )
        assert [each.body for each in answers] == [b"%d" % n for n in range(1000)]
        return len(answers)

    assert await lab.play(MAIN, main) == 1000


@in_lab
async def test_the_log_keeps_the_order_of_sending_when_senders_wait(lab: Lab):
    target = "b.dev@slow:t:os"
    received: list[Request] = []

    async def slow(our: Our) -> None:
        async for message in our:
            assert isinstance(message, Request)
            received.append(message)
            await asyncio.sleep(0.001)

    lab.start(target, slow)
    senders = [lab.start(f"a.dev@{n}:t:os", flood(target, 150, [])) for n in range(3)]
    await lab.until(lambda: all(each.ended for each in senders))
    await asyncio.sleep(1)
    seqs = [each.seq for each in received]
    assert len(seqs) == 450
    assert seqs == sorted(seqs)
