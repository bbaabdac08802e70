"""`Our`: what a process author writes, and what is said when it makes no sense."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from kinode_nb.process_lib import Address, Our, PackageId, ProcessId, Request, Response
from kinode_nb.types import AddressError, OnExit, UsageError
from kinode_nb.types.onexit import LastRequest
from tests.runtime.lab import Lab, collector, echo, in_lab

MAIN = "a.dev@main:pack:pub.os"
ECHO = "b.dev@echo:t:os"


@in_lab
async def test_who_it_is(lab: Lab):
    async def main(our: Our) -> None:
        assert our.address == Address.parse(MAIN)
        assert our.node == "a.dev"
        assert our.process == ProcessId("main", "pack", "pub.os")
        assert our.package_id == PackageId("pack", "pub.os")

    await lab.play(MAIN, main)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b"bytes", b"bytes"),
        (bytearray(b"bytes"), b"bytes"),
        (memoryview(b"bytes"), b"bytes"),
        ("text", b'"text"'),
        (1, b"1"),
        (1.5, b"1.5"),
        (None, b"null"),
        (True, b"true"),
        ([1, "two", None], b'[1,"two",null]'),
        ({"Send": {"target": "a.dev", "message": "h\u00e9"}}, None),
    ],
)
@in_lab
async def test_bodies(lab: Lab, body: Any, sent: bytes | None):
    received: list[Request] = []
    lab.start(ECHO, collector(received))

    async def main(our: Our) -> None:
        await our.send_request(ECHO, body)

    await lab.play(MAIN, main)
    await lab.idle()
    if sent is None:
        assert received[0].json() == body
    else:
        assert received[0].body == sent


@in_lab
async def test_all_fields_of_a_request_arrive(lab: Lab):
    received: list[Request] = []
    lab.start(ECHO, collector(received))

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"x", 7, True, metadata="meta")
        await our.send_request(ECHO, b"y")

    await lab.play(MAIN, main)
    await lab.idle()
    one, two = received
    assert (one.expects_response, one.inherit, one.metadata) == (7, True, "meta")
    assert one.rsvp == Address.parse(MAIN)
    assert (two.expects_response, two.inherit, two.metadata, two.rsvp) == (None, False, None, None)


@in_lab
async def test_all_fields_of_a_response_arrive(lab: Lab):
    async def server(our: Our) -> None:
        await our.receive()
        await our.send_response({"ok": 1}, metadata="meta")

    lab.start(ECHO, server)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response(ECHO, b"x")

    answer = await lab.play(MAIN, main)
    assert (answer.json(), answer.text(), answer.metadata) == ({"ok": 1}, '{"ok":1}', "meta")


@pytest.mark.parametrize("seconds", [0, -1, 1.0, 0.5, True, "5", 1 << 64, 10**500])
@pytest.mark.parametrize("way", ["request", "await"])
@in_lab
async def test_timeouts_are_whole_seconds(lab: Lab, seconds: Any, way: str):
    async def main(our: Our) -> None:
        with pytest.raises(UsageError, match=r"whole seconds|64 bits"):
            if way == "request":
                await our.send_request(ECHO, b"x", expects_response=seconds)
            else:
                await our.send_and_await_response(ECHO, b"x", timeout=seconds)

    await lab.play(MAIN, main)
    assert not [e for e in lab.log.entries if isinstance(e, Request)]


@in_lab
async def test_an_await_needs_a_timeout(lab: Lab):
    async def main(our: Our) -> None:
        with pytest.raises(UsageError, match=r"whole seconds|64 bits"):
            await our.send_and_await_response(ECHO, b"x", timeout=None)  # type: ignore[arg-type]

    await lab.play(MAIN, main)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("echo", "MissingField"),
        ("b.dev@echo:t", "MissingField"),
        ("b.dev@echo:t:os:more", "TooManyColons"),
        ("B.dev@echo:t:os", "NodeNotKimapSafe"),
        ("@echo:t:os", "MissingNodeId"),
    ],
)
@in_lab
async def test_a_target_that_is_no_address(lab: Lab, target: str, kind: str):
    async def main(our: Our) -> None:
        for call in (our.send_request, our.send_and_await_response):
            with pytest.raises(AddressError) as caught:
                await call(target, b"x")
            assert caught.value.kind == kind

    await lab.play(MAIN, main)


@in_lab
async def test_get_capability_knows_params_in_any_spelling(lab: Lab):
    async def main(our: Our) -> None:
        capability = our.get_capability("our@kernel:distro:sys", "network")
        assert capability is None, "a capability's issuer is no `our`"
        capability = our.get_capability("kernel:distro:sys", "network")
        assert capability is not None
        assert str(capability) == 'a.dev@kernel:distro:sys("network")'
        assert our.get_capability("kernel:distro:sys", {"other": 1}) is None
        assert our.get_capability(our.process, "messaging") == our.messaging()

    await lab.play(MAIN, main)


@in_lab
async def test_every_call_that_waits_is_a_coroutine(lab: Lab):
    """So that it can be handed to create_task, gather and task groups."""
    import asyncio

    lab.start(ECHO, echo)

    async def main(our: Our) -> None:
        calls = [
            our.send_request(our.address, b"x"),
            our.send_requests([]),
            our.receive(),
            our.send_and_await_response(ECHO, b"x"),
            our.send_response(b"x"),
            our.spawn(echo),
        ]
        assert all(asyncio.iscoroutine(call) for call in calls)
        await asyncio.gather(*calls)

    await lab.play(MAIN, main)


@pytest.mark.parametrize("target", [5, None, b"echo:t:os", ["echo:t:os"]])
@in_lab
async def test_what_is_no_target_at_all(lab: Lab, target: Any):
    async def main(our: Our) -> None:
        for call in (our.send_request, our.send_and_await_response):
            with pytest.raises(UsageError, match="is no target: give an Address") as caught:
                await call(target, b"x")
            assert str(caught.value).startswith(repr(target))

    await lab.play(MAIN, main)


@pytest.mark.parametrize("program", [5, None, print, b"path", Our])
@in_lab
async def test_what_is_no_program(lab: Lab, program: Any):
    async def main(our: Our) -> None:
        with pytest.raises(UsageError, match="is no program: give an async function"):
            await our.spawn(init_or_path=program)

    await lab.play(MAIN, main)


@pytest.mark.parametrize(
    "on_exit",
    [
        "Restart",
        None,
        OnExit,
        OnExit.send("request"),  # type: ignore[arg-type]
        OnExit.send(LastRequest(ECHO, b"x")),  # type: ignore[arg-type]
        OnExit.send(LastRequest(Address.parse(ECHO), "x")),  # type: ignore[arg-type]
        OnExit.send(LastRequest(Address.parse(ECHO), b"x", blob=b"x")),  # type: ignore[arg-type]
    ],
)
@in_lab
async def test_what_cannot_be_done_at_the_end_is_refused_before_it(lab: Lab, on_exit: Any):
    async def main(our: Our) -> None:
        with pytest.raises(UsageError, match=r"an on_exit is|OnExit\.send takes"):
            our.set_on_exit(on_exit)
        with pytest.raises(UsageError, match=r"an on_exit is|OnExit\.send takes"):
            await our.spawn(echo, on_exit=on_exit)
        assert our.get_on_exit() == OnExit.NONE

    await lab.play(MAIN, main)
    assert len(lab.kernels["a.dev"].processes) == 0


@in_lab
async def test_whatever_can_be_awaited_when_called_is_a_program(lab: Lab):
    class Counter:
        async def __call__(self, our: Our) -> None:
            await our.receive()

        async def init(self, our: Our) -> None:
            await our.receive()

    async def main(our: Our) -> None:
        for program in (echo, Counter(), Counter().init, partial(echo)):
            await our.spawn(program)

    await lab.play(MAIN, main)


@in_lab
async def test_a_state_is_bytes_that_nobody_can_change(lab: Lab):
    async def main(our: Our) -> None:
        changing = bytearray(b"one")
        our.set_state(changing)
        changing[:] = b"two"
        assert our.get_state() == b"one"
        our.set_state(memoryview(changing))
        changing[:] = b"six"
        assert our.get_state() == b"two"
        wrong: Any
        for wrong in ("text", 5, None, {"a": 1}):
            with pytest.raises(UsageError, match="a state is bytes, not"):
                our.set_state(wrong)
        assert our.get_state() == b"two"

    await lab.play(MAIN, main)
