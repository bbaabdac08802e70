"""Requests that expect a Response: contexts, ids, rsvp, the message that is being handled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kinode_nb.process_lib import Address, Our, Request, Response, SendError
from kinode_nb.types import ProcessError
from tests.runtime.lab import Lab, collector, echo, failure, in_lab, sink

ECHO = "b.dev@echo:t:os"
MAIN = "a.dev@main:t:os"


async def forward_to_echo(our: Our) -> None:
    """Pass every Request on, so that the last one answers the first."""
    async for message in our:
        if isinstance(message, Request):
            await our.send_request("echo:t:os", message.body, inherit=True)


@in_lab
async def test_a_response_brings_the_context_back(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> list[Any]:
        for n in range(3):
            await our.send_request(ECHO, b"x", expects_response=5, context={"n": n})
        await our.send_request(ECHO, b"x", expects_response=5)
        return [(await our.receive()).context for _ in range(4)]

    assert await lab.play(MAIN, main) == [{"n": 0}, {"n": 1}, {"n": 2}, None]


@in_lab
async def test_what_is_being_handled_is_what_would_be_answered(lab: Lab):
    found: list[Any] = []

    async def asked(our: Our) -> None:
        found.append(our.handling())
        request = await our.receive()
        await our.send_request("echo:t:os", b"x", expects_response=5)
        found.append(our.handling() is request)
        await our.receive()  # the Response to what was asked while that was handled
        found.append(our.handling() is request)
        await our.send_response(b"done")

    lab.start(ECHO, echo)
    lab.start("b.dev@asked:t:os", asked)

    async def main(our: Our) -> bytes:
        return (await our.send_and_await_response("b.dev@asked:t:os", b"?")).body

    assert await lab.play(MAIN, main) == b"done"
    assert found == [None, True, True]


@in_lab
async def test_contexts_are_not_in_the_log(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> Response:
        await our.send_request(ECHO, b"x", expects_response=5, context=object())
        return await our.receive()

    received = await lab.play(MAIN, main)
    logged = [e for e in lab.log.entries if isinstance(e, Response)]
    assert received.context is not None
    assert [each.context for each in logged] == [None]
    assert [each.seq for each in logged] == [received.seq]


@in_lab
async def test_without_expects_response_nothing_comes_back(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"x")
        await our.send_request(ECHO, b"x", expects_response=5)
        assert isinstance(await our.receive(), Response)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await our.receive()

    await lab.play(MAIN, main)
    # echo answered while handling no Request that expects it: there was nothing to answer
    assert lab.prints() == ["kernel: need non-None prompting_message to handle Response"]


@in_lab
async def test_a_fire_and_forget_request_does_not_become_the_one_that_is_handled(lab: Lab):
    lab.start(ECHO, sink)

    async def server(our: Our) -> None:
        asked = await our.receive()
        noise = await our.receive()
        assert (asked.body, noise.body) == (b"question", b"noise")
        await our.send_response(b"answer")

    lab.start("b.dev@server:t:os", server)

    async def main(our: Our) -> Response:
        await our.send_request("b.dev@server:t:os", b"question", expects_response=5)
        await our.send_request("b.dev@server:t:os", b"noise")
        return await our.receive()

    assert (await lab.play(MAIN, main)).body == b"answer"


@in_lab
async def test_a_second_response_is_dropped(lab: Lab):
    async def eager(our: Our) -> None:
        await our.receive()
        await our.send_response(b"first")
        await our.send_response(b"second")

    lab.start(ECHO, eager)

    async def main(our: Our) -> list[Any]:
        first = await our.send_and_await_response(ECHO, b"x")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await our.receive()
        return [first.body]

    assert await lab.play(MAIN, main) == [b"first"]
    assert lab.status(b"second") == "dropped"


@in_lab
async def test_a_response_to_nothing_is_dropped_silently(lab: Lab):
    async def guesser(our: Our) -> None:
        request = await our.receive()
        await our.send_response(b"late", to=request)

    lab.start(ECHO, guesser)

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"expects nothing")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await our.receive()

    await lab.play(MAIN, main)
    assert lab.status(b"late") == "dropped"
    assert lab.prints() == []


@in_lab
async def test_the_handled_message_is_restored_after_an_await(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)

    async def server(our: Our) -> None:
        await our.receive()
        await our.send_and_await_response(ECHO, b"ask another")
        await our.send_response(b"for main")

    lab.start("b.dev@server:t:os", server)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response("b.dev@server:t:os", b"x")

    assert (await lab.play(MAIN, main)).body == b"for main"


@in_lab
async def test_the_handled_message_is_restored_when_a_response_is_delivered(lab: Lab):
    lab.start(ECHO, echo)

    async def server(our: Our) -> None:
        first = await our.receive()
        await our.send_request(ECHO, b"for the first", expects_response=5)
        second = await our.receive()
        if isinstance(second, Response):
            second = await our.receive()
            raise AssertionError("the second Request has to come before the Response")  # noqa: TRY004 - what the test raises
        assert isinstance(await our.receive(), Response)
        await our.send_response(b"answers " + first.body)
        await our.send_response(b"answers " + second.body, to=second)

    served = lab.add("b.dev@server:t:os", server)

    async def client(our: Our) -> bytes:
        return (
            await our.send_and_await_response(
                "b.dev@server:t:os", our.process.process_name.encode()
            )
        ).body

    one = asyncio.ensure_future(lab.play("a.dev@one:t:os", client))
    await lab.idle()
    two = asyncio.ensure_future(lab.play("a.dev@two:t:os", client))
    await lab.idle()
    lab.lifecycles["b.dev"].run(served)
    assert await one == b"answers one"
    assert await two == b"answers two"


@in_lab
async def test_tasks_that_handle_requests_at_once_each_answer_their_own(lab: Lab):
    lab.start(ECHO, echo)

    async def server(our: Our) -> None:
        async def handle(request: Request) -> None:
            await our.send_and_await_response(ECHO, b"slow")
            await our.send_response(b"answer to " + request.body, to=request)

        async with asyncio.TaskGroup() as group:
            async for message in our:
                group.create_task(handle(message))

    lab.start("b.dev@server:t:os", server)

    async def client(our: Our) -> bytes:
        name = our.process.process_name.encode()
        return (await our.send_and_await_response("b.dev@server:t:os", name)).body

    names = ["one", "two", "three"]
    answers = await asyncio.gather(*(lab.play(f"a.dev@{name}:t:os", client) for name in names))
    assert answers == [f"answer to {name}".encode() for name in names]


@in_lab
async def test_a_task_that_awaits_goes_on_handling_what_it_was_handling(lab: Lab):
    async def server(our: Our) -> None:
        await our.receive()
        handler = asyncio.create_task(our.send_and_await_response("slow:t:os", b"x"))
        await our.receive()  # which is handled from now on, until the task goes on
        await handler
        await our.send_response(b"for the first")

    async def slow(our: Our) -> None:
        await our.receive()
        await asyncio.sleep(1)
        await our.send_response(b"y")

    lab.start("b.dev@slow:t:os", slow)
    lab.start("b.dev@server:t:os", server)

    async def main(our: Our) -> Any:
        for n in (1, 2):
            await our.send_request("b.dev@server:t:os", b"%d" % n, expects_response=5, context=n)
            await lab.idle()
        return (await our.receive()).context

    assert await lab.play(MAIN, main) == 1


@in_lab
async def test_an_inherited_request_is_answered_to_the_first_sender(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)
    lab.start("b.dev@middle:t:os", forward_to_echo)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response("b.dev@middle:t:os", b"pass it on")

    answer = await lab.play(MAIN, main)
    assert answer.body == b"pass it on"
    assert answer.source == Address.parse(ECHO)
    first, passed_on = [e for e in lab.log.entries if isinstance(e, Request)]
    assert passed_on.id == first.id
    assert passed_on.rsvp == Address.parse(MAIN)
    assert passed_on.parent == first.seq
    # what it answers is not what caused it
    assert lab.log.answers == {answer.seq: first.seq}
    assert answer.parent == passed_on.seq


@in_lab
async def test_a_request_that_inherits_and_expects_a_response_gets_it_itself(lab: Lab):
    lab.start("b.dev@echo:t:os", echo)

    async def middle(our: Our) -> None:
        await our.receive()
        answer = await our.send_and_await_response(ECHO, b"for the middle", inherit=True)
        await our.send_response(b"had " + answer.body)

    lab.start("b.dev@middle:t:os", middle)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response("b.dev@middle:t:os", b"x")

    assert (await lab.play(MAIN, main)).body == b"had for the middle"
    first, second = [e for e in lab.log.entries if isinstance(e, Request)]
    assert first.id == second.id
    assert second.rsvp == Address.parse("b.dev@middle:t:os")


@in_lab
async def test_requests_that_share_an_inherited_id_each_get_their_own_answer(lab: Lab):
    lab.start(ECHO, echo)

    async def middle(our: Our) -> None:
        request = await our.receive()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(our.send_and_await_response(ECHO, body, inherit=True))
                for body in (b"1", b"2", b"3")
            ]
        answers = b"".join(task.result().body for task in tasks)
        await our.send_response(answers, to=request)

    lab.start("b.dev@middle:t:os", middle)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response("b.dev@middle:t:os", b"x")

    assert (await lab.play(MAIN, main)).body == b"123"
    assert len({e.id for e in lab.log.entries if isinstance(e, Request)}) == 1


@in_lab
async def test_requests_that_share_an_id_also_time_out_each(lab: Lab):
    lab.start(ECHO, sink)

    async def middle(our: Our) -> list[tuple[Any, float]]:
        await our.receive()
        for seconds in (3, 1, 2):
            await our.send_request(
                ECHO, b"x", expects_response=seconds, inherit=True, context=seconds
            )
        found = []
        for _ in range(3):
            error = await our.receive()
            found.append((error.context, round(lab.clock.seconds)))
        return found

    async def main(our: Our) -> None:
        await our.send_request("a.dev@middle:t:os", b"x", expects_response=9)
        await our.receive()

    lab.start(MAIN, main)
    assert await lab.play("a.dev@middle:t:os", middle) == [(1, 1), (2, 2), (3, 3)]


@in_lab
async def test_awaiting_oneself_is_a_trap(lab: Lab):
    async def main(our: Our) -> None:
        await our.send_request(our.address, b"to be known as a target")
        for target in (our.address, our.process, f"our@{our.process}"):
            with pytest.raises(ProcessError, match="cannot await its own Response"):
                await our.send_and_await_response(target, b"x")
        assert (await our.receive()).body == b"to be known as a target"

    await lab.play(MAIN, main)


@in_lab
async def test_only_requests_can_be_answered(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> None:
        answer = await our.send_and_await_response(ECHO, b"x")
        with pytest.raises(ProcessError, match="only a Request"):
            await our.send_response(b"y", to=answer)  # type: ignore[arg-type]

    await lab.play(MAIN, main)


@in_lab
async def test_a_request_later_answered_by_name(lab: Lab):
    async def backwards(our: Our) -> None:
        requests = [await our.receive() for _ in range(3)]
        for request in reversed(requests):
            await our.send_response(request.body, to=request)

    lab.start(ECHO, backwards)

    async def main(our: Our) -> list[tuple[bytes, Any]]:
        for n in range(3):
            await our.send_request(ECHO, str(n).encode(), expects_response=5, context=n)
        answers = [await our.receive() for _ in range(3)]
        return [(each.body, each.context) for each in answers]

    assert await lab.play(MAIN, main) == [(b"2", 2), (b"1", 1), (b"0", 0)]


# ---------------------------------------------------------------------------------- what fails


@in_lab
async def test_an_awaited_request_times_out_after_its_seconds(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> SendError:
        return await failure(our.send_and_await_response(ECHO, b"x", timeout=7))

    error = await lab.play(MAIN, main)
    assert (error.kind, lab.clock.now_ns()) == ("Timeout", 7_000_000_000 + 1_000_000)
    assert error.message.body == b"x"
    assert error.target == Address.parse(ECHO)
    assert lab.status(b"x") == "timeout"


@in_lab
async def test_a_timeout_arrives_with_its_context(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> SendError:
        await our.send_request(ECHO, b"x", expects_response=2, context="mine")
        error = await our.receive()
        assert isinstance(error, SendError)
        return error

    error = await lab.play(MAIN, main)
    assert (error.kind, error.context) == ("Timeout", "mine")
    (event,) = lab.events("send_error")
    assert (event.body, event.time) == ("Timeout", 2_000_000_000)
    assert event.parent == lab.find(b"x").seq


@in_lab
async def test_deadlines_in_any_order(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> list[tuple[int, int]]:
        for seconds in (5, 1, 9, 3, 1, 2):
            await our.send_request(ECHO, b"x", expects_response=seconds, context=seconds)
        found = []
        for _ in range(6):
            error = await our.receive()
            found.append((error.context, lab.clock.now_ns() // 1_000_000_000))
        return found

    assert await lab.play(MAIN, main) == [(n, n) for n in (1, 1, 2, 3, 5, 9)]


@in_lab
async def test_deadlines_of_requests_sent_one_after_the_other(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> list[tuple[str, int]]:
        await our.send_request(ECHO, b"x", expects_response=4, context="at 4")
        await asyncio.sleep(1)
        await our.send_request(ECHO, b"x", expects_response=2, context="at 3")
        await asyncio.sleep(0.5)
        await our.send_request(ECHO, b"x", expects_response=4, context="at 5.5")
        found = []
        for _ in range(3):
            error = await our.receive()
            found.append((error.context, lab.clock.now_ns() // 1_000_000))
        return found

    assert await lab.play(MAIN, main) == [("at 3", 3000), ("at 4", 4000), ("at 5.5", 5500)]


@in_lab
async def test_an_answer_after_the_deadline_is_dropped(lab: Lab):
    async def slow(our: Our) -> None:
        await our.receive()
        await asyncio.sleep(3)
        await our.send_response(b"too late")

    lab.start(ECHO, slow)

    async def main(our: Our) -> str:
        error = await failure(our.send_and_await_response(ECHO, b"x", timeout=2))
        await asyncio.sleep(5)
        return error.kind

    assert await lab.play(MAIN, main) == "Timeout"
    assert lab.status(b"too late") == "dropped"
    assert lab.status(b"x") == "timeout"


@in_lab
async def test_a_node_that_is_not_there_is_offline_at_once(lab: Lab):
    async def main(our: Our) -> tuple[SendError, SendError]:
        awaited = await failure(our.send_and_await_response("c.dev@echo:t:os", b"awaited"))
        await our.send_request("c.dev@echo:t:os", b"sent", expects_response=5, context="mine")
        await our.send_request("c.dev@echo:t:os", b"lost")
        received = await our.receive()
        assert isinstance(received, SendError)
        return awaited, received

    awaited, received = await lab.play(MAIN, main)
    assert lab.clock.seconds < 0.01
    assert (awaited.kind, received.kind, received.context) == ("Offline", "Offline", "mine")
    assert "c.dev is offline or does not exist" in str(awaited)
    assert {lab.status(body) for body in (b"awaited", b"sent", b"lost")} == {"offline"}


@in_lab
async def test_a_process_that_is_not_there_on_another_node_times_out(lab: Lab):
    async def main(our: Our) -> SendError:
        return await failure(our.send_and_await_response("b.dev@nobody:t:os", b"x", timeout=3))

    error = await lab.play(MAIN, main)
    assert error.kind == "Timeout"
    assert lab.clock.seconds > 3
    assert lab.outcome(b"x") == ("dropped", "there is no process nobody:t:os on b.dev")


@in_lab
async def test_a_process_that_is_not_there_on_the_own_node_times_out_at_once(lab: Lab):
    async def main(our: Our) -> SendError:
        return await failure(our.send_and_await_response("nobody:t:os", b"x", timeout=3))

    error = await lab.play(MAIN, main)
    assert error.kind == "Timeout"
    assert lab.clock.seconds < 0.01
    assert lab.status(b"x") == "denied"


@in_lab
async def test_a_send_error_restores_the_handled_message(lab: Lab):
    async def server(our: Our) -> None:
        await our.receive()
        await failure(our.send_and_await_response("c.dev@x:y:os", b"gone"))
        await our.send_response(b"answered all the same")

    lab.start(ECHO, server)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response(ECHO, b"x")

    assert (await lab.play(MAIN, main)).body == b"answered all the same"


@in_lab
async def test_a_cancelled_await_leaves_nothing_for_the_next(lab: Lab):
    async def slow(our: Our) -> None:
        first = await our.receive()
        await asyncio.sleep(2)
        await our.send_response(b"of the first", to=first)
        async for message in our:
            await our.send_response(message.body)

    lab.start(ECHO, slow)

    async def main(our: Our) -> list[bytes]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await our.send_and_await_response(ECHO, b"first", timeout=30)
        bodies = [b"%d" % n for n in range(5)]
        return [(await our.send_and_await_response(ECHO, body)).body for body in bodies]

    assert await lab.play(MAIN, main) == [b"0", b"1", b"2", b"3", b"4"]
    assert lab.status(b"of the first") == "dropped"


@in_lab
async def test_an_await_cancelled_when_its_answer_is_there_already(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> bytes:
        """Cancel between the delivery of the answer and the step that takes it."""
        process = lab.kernels["a.dev"].processes[our.process]
        task = asyncio.ensure_future(our.send_and_await_response(ECHO, b"first"))
        process.observer = lambda message: None if task.done() else task.cancel() and None
        with pytest.raises(asyncio.CancelledError):
            await task
        process.observer = None
        return (await our.send_and_await_response(ECHO, b"second")).body

    assert await lab.play(MAIN, main) == b"second"


@in_lab
async def test_many_awaits_at_once(lab: Lab):
    lab.start(ECHO, echo)

    async def main(our: Our) -> list[bytes]:
        bodies = [str(n).encode() for n in range(300)]
        answers = await asyncio.gather(
            *(our.send_and_await_response(ECHO, body) for body in bodies)
        )
        return [answer.body for answer in answers]

    assert await lab.play(MAIN, main) == [str(n).encode() for n in range(300)]


@in_lab
async def test_send_errors_go_to_no_request_that_expects_nothing(lab: Lab):
    received: list[Any] = []
    lab.start("a.dev@sender:t:os", collector(received))

    async def main(our: Our) -> None:
        await our.send_request("c.dev@x:y:os", b"gone")
        await our.send_request("nobody:t:os", b"gone too")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await our.receive()

    await lab.play(MAIN, main)
    assert lab.events("send_error") == []


@in_lab
async def test_two_that_ask_each_other_at_once_both_time_out(lab: Lab):
    """Each waits inside the handling of its own; what came meanwhile is handled afterwards."""
    handled: list[tuple[str, bytes, float]] = []

    async def asker(our: Our) -> str:
        other = "b.dev@asker:t:os" if our.node == "a.dev" else "a.dev@asker:t:os"
        error = await failure(our.send_and_await_response(other, our.node.encode()))
        waited = lab.clock.seconds
        late = await our.receive()
        handled.append((our.node, late.body, waited))
        await our.send_response(b"too late")
        return error.kind

    both = asyncio.gather(lab.play("a.dev@asker:t:os", asker), lab.play("b.dev@asker:t:os", asker))
    assert await both == ["Timeout", "Timeout"]
    assert [(node, body) for node, body, _ in handled] == [("a.dev", b"b.dev"), ("b.dev", b"a.dev")]
    assert all(5 <= waited < 5.1 for _, _, waited in handled)
    late = [e for e in lab.log.entries if isinstance(e, Response) and e.body == b"too late"]
    assert [lab.log.outcomes[each.seq][0] for each in late] == ["dropped", "dropped"]
