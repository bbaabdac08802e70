"""How processes end, and what begins again (specification, section 3)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kinode_nb.process_lib import LazyLoadBlob, OnExit, Our, Request, SendError
from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, SpawnError
from kinode_nb.types.capabilities import messaging
from kinode_nb.types.onexit import LastRequest
from tests.runtime.lab import Lab, collector, echo, failure, in_lab, sink

MAIN = "a.dev@main:t:os"
OTHER = "a.dev@other:t:os"


async def nothing(our: Our) -> None:
    """Return at once."""


async def broken(our: Our) -> None:
    raise ValueError("broken on purpose")


@in_lab
async def test_a_process_that_returns_is_gone(lab: Lab):
    process = lab.start(MAIN, nothing)
    await lab.idle()
    assert process.ended
    assert lab.kernels["a.dev"].processes == {}
    assert lab.ended == {process.id: None}
    assert lab.prints(1) == [
        "process a.dev@main:t:os returned without error",
        "process main:t:os has OnExit behavior None",
    ]


@in_lab
async def test_a_process_that_raises_tells_how(lab: Lab):
    process = lab.start(MAIN, broken)
    await lab.idle()
    assert isinstance(lab.ended[process.id], ValueError)
    (story,) = lab.prints(0)
    assert story.startswith("process a.dev@main:t:os ended with error:\n")
    assert story.endswith("ValueError: broken on purpose")
    assert "hosts" not in story
    assert "in broken" in story


@in_lab
async def test_what_was_never_taken_is_dropped_and_its_sender_times_out(lab: Lab):
    async def busy(our: Our) -> None:
        await our.receive()
        await asyncio.sleep(1)

    lab.start(OTHER, busy)

    async def main(our: Our) -> SendError:
        await our.send_request("other:t:os", b"taken")
        return await failure(our.send_and_await_response("other:t:os", b"left", timeout=3))

    error = await lab.play(MAIN, main)
    assert error.kind == "Timeout"
    assert lab.clock.seconds > 3
    assert lab.outcome(b"left") == ("dropped", "other:t:os ended")


@in_lab
async def test_the_name_is_free_again_and_the_new_process_gets_the_mail(lab: Lab):
    async def main(our: Our) -> list[bytes]:
        found = []
        for _ in range(3):
            process = lab.start(OTHER, echo)
            found.append((await our.send_and_await_response("other:t:os", b"x")).body)
            lab.kill(process)
            assert (await failure(our.send_and_await_response("other:t:os", b"y"))).kind
        return found

    assert await lab.play(MAIN, main) == [b"x"] * 3


# ----------------------------------------------------------------------------------------- kill


@pytest.mark.parametrize("state", ["never started", "receiving", "awaiting", "sleeping", "waiting"])
@in_lab
async def test_kill(lab: Lab, state: str):
    lab.start("b.dev@sink:t:os", sink)
    full = lab.add(OTHER)  # does not run, and so never takes anything
    cancelled: list[bool] = []

    async def main(our: Our) -> None:
        try:
            if state == "receiving":
                await our.receive()
            elif state == "awaiting":
                await our.send_and_await_response("b.dev@sink:t:os", b"x")
            elif state == "sleeping":
                await asyncio.sleep(1000)
            else:
                for _ in range(101):
                    await our.send_request("other:t:os", b"x")
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    process = lab.start(MAIN, main)
    if state != "never started":
        await lab.idle()
    assert not process.ended
    lab.kill(process)
    assert process.ended
    lab.kill(process)
    await lab.idle()
    assert lab.ended[process.id] is None
    assert cancelled == ([] if state == "never started" else [True])
    assert lab.events("send_error") == []
    lab.kill(full)


@in_lab
async def test_kill_honours_no_on_exit(lab: Lab):
    received: list[Any] = []
    lab.start(OTHER, collector(received))
    last = LastRequest(Address.parse(OTHER), b"last")
    for on_exit in (OnExit.RESTART, OnExit.send(last)):
        process = lab.start(MAIN, sink, on_exit=on_exit)
        await lab.idle()
        lab.kill(process)
        await asyncio.sleep(100)
        assert lab.kernels["a.dev"].processes.keys() == {Address.parse(OTHER).process}
    assert received == []


@in_lab
async def test_a_process_may_kill_itself_and_others_in_the_middle(lab: Lab):
    async def main(our: Our) -> None:
        lab.kill(lab.kernels["a.dev"].processes[our.process])
        await our.send_request("other:t:os", b"from the grave")
        await our.receive()

    received: list[Any] = []
    lab.start(OTHER, collector(received))
    lab.start(MAIN, main)
    await lab.idle()
    assert received == []
    assert lab.status(b"from the grave") == "dropped"


@in_lab
async def test_a_process_that_refuses_to_end_is_heard_no_more(lab: Lab):
    async def zombie(our: Our) -> None:
        while True:
            try:
                await our.receive()
            except asyncio.CancelledError:
                await our.send_request("other:t:os", b"still here")
                error = await failure(our.send_and_await_response("other:t:os", b"please"))
                zombies.append(error.kind)
                return

    zombies: list[str] = []
    received: list[Any] = []
    lab.start(OTHER, collector(received))
    process = lab.start(MAIN, zombie)
    await lab.idle()
    lab.kill(process)
    await lab.idle()
    assert received == []
    assert zombies == ["Timeout"]
    assert {lab.status(b"still here"), lab.status(b"please")} == {"dropped"}


@in_lab
async def test_a_caller_from_outside_learns_that_its_process_has_ended(lab: Lab):
    """Several handles may send in the name of one process, such as a person's."""
    from kinode_nb.runtime.system_calls import ProcessCalls

    lab.start("b.dev@sink:t:os", sink)
    person = lab.start(MAIN, sink)
    kernel = lab.kernels["a.dev"]
    our = Our(ProcessCalls(kernel, person, lab.lifecycles["a.dev"]))
    asking = asyncio.ensure_future(
        failure(our.send_and_await_response("b.dev@sink:t:os", b"x", timeout=60))
    )
    await lab.idle()
    lab.kill(person)
    assert str(await asking) == "Offline: a.dev@main:t:os has ended"
    late = await failure(our.send_and_await_response("b.dev@sink:t:os", b"y", timeout=60))
    assert str(late) == "Timeout: main:t:os has ended"
    assert lab.clock.seconds < 0.01


# -------------------------------------------------------------------------------------- on exit


@in_lab
async def test_last_requests_are_sent_in_the_name_of_the_process(lab: Lab):
    received: list[Request] = []
    blobs: list[LazyLoadBlob | None] = []

    async def heir(our: Our) -> None:
        async for message in our:
            received.append(message)  # type: ignore[arg-type]
            blobs.append(our.get_blob())

    lab.start(OTHER, heir)
    private = lab.start("a.dev@private:t:os", sink, public=False)
    lab.start(
        MAIN,
        broken,
        on_exit=OnExit.send(
            LastRequest(Address.parse(OTHER), b"one", "meta", LazyLoadBlob(b"legacy")),
            LastRequest(private.address, b"not allowed"),
            LastRequest(Address.parse("our@other:t:os"), b"two"),
        ),
    )
    await lab.idle()
    assert [(each.body, str(each.source)) for each in received] == [(b"one", MAIN), (b"two", MAIN)]
    assert received[0].metadata == "meta"
    assert received[0].expects_response is None
    assert blobs == [LazyLoadBlob(b"legacy"), None]
    assert lab.status(b"not allowed") == "denied"


@in_lab
async def test_last_requests_carry_capabilities_that_are_held(lab: Lab):
    received: list[Request] = []
    lab.start(OTHER, collector(received))
    main = Address.parse(MAIN)
    own, forged = messaging(main), messaging(Address.parse("a.dev@vfs:distro:sys"))
    last = LastRequest(Address.parse(OTHER), b"x", capabilities=(own, forged), expects_response=5)
    lab.start(MAIN, nothing, on_exit=OnExit.send(last))
    await lab.idle()
    (request,) = received
    assert request.capabilities == (own,)
    assert request.expects_response is None


@in_lab
async def test_the_last_word_on_on_exit_counts(lab: Lab):
    async def main(our: Our) -> None:
        assert our.get_on_exit() == OnExit.RESTART
        our.set_on_exit(OnExit.NONE)

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await lab.idle()
    assert process.ended


@in_lab
async def test_restarts_wait_longer_and_longer(lab: Lab):
    starts: list[int] = []

    async def main(our: Our) -> None:
        starts.append(lab.clock.now_ns() // 1_000_000)

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await asyncio.sleep(17)
    assert starts == [0, 0, 0, 1000, 2000, 4000, 8000, 16_000]
    assert process.restarts == 8
    lab.kill(process)
    await asyncio.sleep(1000)
    assert len(starts) == 8


@in_lab
async def test_a_process_that_lived_well_starts_again_at_once(lab: Lab):
    starts: list[float] = []

    async def main(our: Our) -> None:
        starts.append(lab.clock.seconds)
        if len(starts) == 4:
            await asyncio.sleep(100)

    lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await asyncio.sleep(101.5)
    assert starts == [0, 0, 0, 1, 101, 101]


@in_lab
async def test_a_restart_keeps_state_and_capabilities_and_loses_the_queue(lab: Lab):
    lives: list[tuple[bytes | None, int]] = []

    async def main(our: Our) -> None:
        lives.append((our.get_state(), len(our.our_capabilities())))
        our.set_state(b"life %d" % len(lives))
        message = await our.receive()
        if message.body == b"die":
            raise ValueError("as told")
        await our.send_response(message.body)
        await sink(our)

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART, public=False)

    async def other(our: Our) -> bytes:
        await our.send_request("main:t:os", b"die")
        await our.send_request("main:t:os", b"lost")
        await asyncio.sleep(1)
        return (await our.send_and_await_response("main:t:os", b"alive?")).body

    assert await lab.play(OTHER, other, may=["main:t:os"]) == b"alive?"
    assert lives == [(None, 2), (b"life 1", 2)]
    assert lab.status(b"lost") == "dropped"
    assert process.restarts == 1
    assert lab.ended.keys() == {Address.parse(OTHER).process}, "a restart is no end"


@in_lab
async def test_until_it_is_back_a_process_does_not_exist(lab: Lab):
    async def main(our: Our) -> None:
        await our.receive()

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART)

    async def other(our: Our) -> list[str]:
        for _ in range(3):
            await our.send_request("main:t:os", b"end")
            await lab.idle()
        assert lab.kernels["a.dev"].restarting == {process.id: process}
        error = await failure(our.send_and_await_response("main:t:os", b"now"))
        await asyncio.sleep(1)
        await our.send_request("main:t:os", b"then")
        return [error.kind]

    assert await lab.play(OTHER, other) == ["Timeout"]
    assert lab.outcome(b"now") == ("denied", "there is no process main:t:os on a.dev")
    assert lab.outcome(b"then") is None


@pytest.mark.parametrize("by", ["kill", "a new process"])
@in_lab
async def test_a_restart_that_is_waited_for_can_be_called_off(lab: Lab, by: str):
    starts: list[int] = []

    async def main(our: Our) -> None:
        starts.append(1)

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await lab.idle()
    assert len(starts) == 3
    if by == "kill":
        lab.kill(process)
    else:
        lab.start(MAIN, sink)
    await asyncio.sleep(1000)
    assert len(starts) == 3
    assert lab.ended == {process.id: None}
    assert lab.kernels["a.dev"].restarting == {}


@in_lab
async def test_a_closed_node_restarts_nothing(lab: Lab):
    starts: list[int] = []

    async def main(our: Our) -> None:
        starts.append(1)
        await our.receive()

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await lab.idle()
    lab.kernels["a.dev"].closed = True

    async def other(our: Our) -> None:
        await our.send_request(MAIN, b"end")

    await lab.play("b.dev@other:t:os", other)
    await asyncio.sleep(10)
    assert starts == [1]
    assert process.ended


@in_lab
async def test_a_program_that_went_missing_ends_the_restarts(lab: Lab, monkeypatch: Any):
    async def main(our: Our) -> None:
        def gone(program: Any) -> Any:
            raise SpawnError("NoFileAtPath", "the file is gone")

        monkeypatch.setattr(lab.files, "host", gone)

    process = lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await lab.idle()
    assert process.ended
    assert lab.kernels["a.dev"].processes == {}


@in_lab
async def test_tasks_of_an_earlier_life_cannot_speak_for_the_next(lab: Lab):
    received: list[Any] = []
    lab.start(OTHER, collector(received))
    lives: list[Our] = []

    async def main(our: Our) -> None:
        lives.append(our)
        if len(lives) == 2:
            await sink(our)

    process: Process = lab.start(MAIN, main, on_exit=OnExit.RESTART)
    await lab.idle()
    await lives[0].send_request("other:t:os", b"from the first life")
    await lives[1].send_request("other:t:os", b"from the second")
    error = await failure(lives[0].send_and_await_response("other:t:os", b"?"))
    await lab.idle()
    assert [each.body for each in received] == [b"from the second"]
    assert error.kind == "Timeout"
    assert process.outstanding.entries == {}


# ---------------------------------------------------------------------------------------- state


@in_lab
async def test_state_outlives_the_process(lab: Lab):
    async def write(our: Our) -> None:
        assert our.get_state() is None
        our.set_state(b"kept")

    async def read(our: Our) -> bytes | None:
        state = our.get_state()
        our.clear_state()
        return state

    await lab.play(MAIN, write)
    assert await lab.play(MAIN, read) == b"kept"
    assert await lab.play(MAIN, read) is None


@in_lab
async def test_prints_are_events(lab: Lab):
    async def main(our: Our) -> None:
        print("hello", 1, sep="-")
        print("no newline", end="")
        our.print_to_terminal(2, "quietly")

    lab.start(MAIN, main)
    await lab.idle()
    events = [e for e in lab.events("print") if e.source == Address.parse(MAIN)]
    assert [(e.body, e.verbosity) for e in events] == [
        ("hello-1", 0),
        ("no newline", 0),
        ("quietly", 2),
    ]


@in_lab
async def test_an_error_that_is_the_cause_of_its_cause_is_told_once(lab: Lab):
    async def main(our: Our) -> None:
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    process = lab.start("a.dev@main:t:os", main)
    await lab.until(lambda: process.ended)
    (told,) = [each for each in lab.prints() if "ended with error" in each]
    assert told.count("ValueError: first") == told.count("ValueError: second") == 1
