"""Messages arrive once, in order, where they were sent."""

from __future__ import annotations

import asyncio

import pytest

from kinode_nb.process_lib import Address, Our, ProcessId, Request, Response
from tests.runtime.lab import Lab, collector, echo, in_lab, sink

ECHO = "b.dev@echo:t:os"
HERE_OR_THERE = pytest.mark.parametrize("target", ["a.dev@echo:t:os", ECHO])


@HERE_OR_THERE
@in_lab
async def test_a_request_is_answered(lab: Lab, target: str):
    lab.start(target, echo)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response(target, b"hi")

    answer = await lab.play("a.dev@main:t:os", main)
    assert answer.body == b"hi"
    assert answer.source == Address.parse(target)
    assert answer.target == Address.parse("a.dev@main:t:os")


@HERE_OR_THERE
@in_lab
async def test_requests_arrive_in_the_order_of_sending(lab: Lab, target: str):
    received: list[Request] = []
    lab.start(target, collector(received))

    async def main(our: Our) -> None:
        for number in range(500):
            await our.send_request(target, str(number).encode())

    await lab.play("a.dev@main:t:os", main)
    await lab.idle()
    assert [int(each.body) for each in received] == list(range(500))


@in_lab
async def test_what_is_sent_before_a_process_runs_is_queued(lab: Lab):
    received: list[Request] = []
    late = lab.add("a.dev@late:t:os", collector(received))

    async def main(our: Our) -> None:
        await our.send_request("late:t:os", b"early")

    await lab.play("a.dev@main:t:os", main)
    assert received == []
    lab.lifecycles["a.dev"].run(late)
    await lab.idle()
    assert [each.body for each in received] == [b"early"]


@in_lab
async def test_what_comes_during_an_await_is_queued_and_received_later_in_order(lab: Lab):
    async def slow(our: Our) -> None:
        request = await our.receive()
        assert isinstance(request, Request)
        for number in range(3):
            await our.send_request(request.source, f"meanwhile {number}".encode())
        await our.send_response(b"done")
        await our.send_request(request.source, b"after")

    async def main(our: Our) -> list[bytes]:
        answer = await our.send_and_await_response("slow:t:os", b"go")
        return [answer.body, *[(await our.receive()).body for _ in range(4)]]

    lab.start("a.dev@slow:t:os", slow)
    assert await lab.play("a.dev@main:t:os", main) == [
        b"done",
        b"meanwhile 0",
        b"meanwhile 1",
        b"meanwhile 2",
        b"after",
    ]


@pytest.mark.parametrize(
    "target",
    ["a.dev@echo:t:os", "echo:t:os", "our@echo:t:os", ProcessId("echo", "t", "os")],
    ids=["address", "process", "our", "ProcessId"],
)
@in_lab
async def test_targets_of_the_own_node_in_all_their_forms(lab: Lab, target: str | ProcessId):
    lab.start("a.dev@echo:t:os", echo)

    async def main(our: Our) -> Response:
        await our.send_and_await_response(target, b"first")
        return await our.send_and_await_response(target, b"second")

    answer = await lab.play("a.dev@main:t:os", main)
    assert answer.source == Address.parse("a.dev@echo:t:os")
    assert all(entry.target.node == "a.dev" for entry in lab.log.entries)


@in_lab
async def test_the_source_is_stamped(lab: Lab):
    received: list[Request] = []
    lab.start(ECHO, collector(received))

    async def main(our: Our) -> None:
        our.address = Address.parse("b.dev@somebody:else:os")
        await our.send_request(ECHO, b"who?")

    await lab.play("a.dev@main:t:os", main)
    await lab.idle()
    assert received[0].source == Address.parse("a.dev@main:t:os")


@in_lab
async def test_messages_to_oneself(lab: Lab):
    async def main(our: Our) -> list[bytes]:
        for number in range(150):  # never waits for room: nobody else could make it
            await our.send_request(our.address, str(number).encode())
        return [(await our.receive()).body for _ in range(150)]

    assert await lab.play("a.dev@main:t:os", main) == [str(n).encode() for n in range(150)]


@in_lab
async def test_a_process_that_always_writes_to_itself_lets_others_go_on(lab: Lab):
    async def restless(our: Our) -> None:
        await our.send_request(our.address, b"on")
        async for message in our:
            await our.send_request(our.address, message.body)

    process = lab.start("a.dev@restless:t:os", restless)
    for _ in range(100):
        await asyncio.sleep(0)
    assert process.received > 10
    lab.kill(process)


@in_lab
async def test_a_loop_around_a_refusal_lets_others_go_on(lab: Lab):
    async def stubborn(our: Our) -> None:
        while True:
            try:
                await our.send_and_await_response("nobody.dev@x:t:os", b"?")
            except Exception:
                continue

    process = lab.start("a.dev@stubborn:t:os", stubborn)
    for _ in range(10):
        await asyncio.sleep(0)
    lab.kill(process)


@in_lab
async def test_send_requests_sends_them_in_order(lab: Lab):
    received: list[Request] = []
    lab.start(ECHO, collector(received))

    async def main(our: Our) -> None:
        await our.send_requests([{"target": ECHO, "body": {"n": n}} for n in range(3)])

    await lab.play("a.dev@main:t:os", main)
    await lab.idle()
    assert [each.json() for each in received] == [{"n": 0}, {"n": 1}, {"n": 2}]


@in_lab
async def test_counters(lab: Lab):
    there = lab.start(ECHO, echo)
    here = lab.add("a.dev@main:t:os")

    async def main(our: Our) -> None:
        for _ in range(3):
            await our.send_and_await_response(ECHO, b"x")

    here.program = main
    lab.lifecycles["a.dev"].run(here)
    await lab.until(lambda: here.ended)
    assert (here.sent, here.received) == (3, 3)
    assert (there.sent, there.received) == (3, 3)


@in_lab
async def test_an_observer_sees_the_mail_and_may_fail(lab: Lab, caplog: pytest.LogCaptureFixture):
    seen: list[bytes] = []
    receiver = lab.start(ECHO, sink)

    def observe(message: Request | Response) -> None:
        seen.append(message.body)
        if message.body == b"bad":
            raise ValueError("observer")

    receiver.observer = observe

    async def main(our: Our) -> None:
        for body in (b"good", b"bad", b"later"):
            await our.send_request(ECHO, body)

    await lab.play("a.dev@main:t:os", main)
    await lab.idle()
    assert seen == [b"good", b"bad"]
    assert receiver.received == 3
    assert "observer" in caplog.text


@in_lab
async def test_the_same_seed_gives_the_same_log(lab: Lab):
    def run(seed: int) -> list[tuple[int, int, bytes]]:
        from kinode_nb.testing import MockClock, virtual_loop

        async def scene(clock: MockClock) -> list[tuple[int, int, bytes]]:
            other = Lab(clock, "a.dev", "b.dev", seed=seed)
            other.start(ECHO, echo)

            async def main(our: Our) -> None:
                for number in range(5):
                    await our.send_and_await_response(ECHO, str(number).encode())

            await other.play("a.dev@main:t:os", main)
            await other.close()
            return [(e.seq, e.id, bytes(e.body, "utf8") if isinstance(e.body, str) else e.body)
                    for e in other.log.entries]  # fmt: skip

        clock = MockClock()
        with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
            return runner.run(scene(clock))

    first, again, other = await asyncio.gather(
        asyncio.to_thread(run, 1), asyncio.to_thread(run, 1), asyncio.to_thread(run, 2)
    )
    assert first == again
    assert first != other
