"""Nodes of one machine process: reached by reference, offline when they are not there."""

from __future__ import annotations

import asyncio

import pytest

from kinode_nb.process_lib import LazyLoadBlob, Our, Request
from kinode_nb.transports.loopback import LARGEST_MESSAGE
from tests.runtime.lab import Lab, collector, echo, failure, in_lab

MAIN = "a.dev@main:t:os"
ECHO = "b.dev@echo:t:os"


@in_lab
async def test_a_message_is_handed_over_by_reference(lab: Lab):
    received: list[Request] = []
    lab.start(ECHO, collector(received))
    body = b"x" * 100

    async def main(our: Our) -> None:
        await our.send_request(ECHO, body)

    await lab.play(MAIN, main)
    await lab.idle()
    assert received[0].body is body
    assert received[0] is lab.log.entries[0]


@in_lab
async def test_a_node_that_stops_is_offline_from_then_on(lab: Lab):
    async def main(our: Our) -> list[str]:
        process = lab.start(ECHO, echo)
        await our.send_and_await_response(ECHO, b"x")
        kernel = lab.net.nodes.pop("b.dev")
        lab.kill(process)
        first = (await failure(our.send_and_await_response(ECHO, b"y"))).kind
        lab.net.nodes["b.dev"] = kernel
        lab.start(ECHO, echo)
        await our.send_and_await_response(ECHO, b"z")
        return [first]

    assert await lab.play(MAIN, main) == ["Offline"]


@pytest.mark.parametrize("known", [False, True], ids=["first message", "on a known way"])
@pytest.mark.parametrize(
    ("body", "blob", "fits"),
    [
        (LARGEST_MESSAGE, None, True),
        (LARGEST_MESSAGE + 1, None, False),
        (100, LARGEST_MESSAGE - 100, True),
        (101, LARGEST_MESSAGE - 100, False),
    ],
)
@in_lab
async def test_a_message_that_is_too_large_is_lost(
    lab: Lab, known: bool, body: int, blob: int | None, fits: bool
):
    received: list[Request] = []
    lab.start(ECHO, collector(received))

    async def main(our: Our) -> None:
        if known:
            await our.send_request(ECHO, b"small")
        await our.send_request(
            ECHO, bytes(body), blob=None if blob is None else LazyLoadBlob(bytes(blob))
        )

    await lab.play(MAIN, main)
    await lab.idle()
    assert len(received) == known + fits
    printed = "net: tried to send too-large message, limit is 10.00mb"
    assert any(printed in each for each in lab.prints()) is not fits


@in_lab
async def test_inside_a_node_there_is_no_limit(lab: Lab):
    lab.start("a.dev@echo:t:os", echo)

    async def main(our: Our) -> int:
        answer = await our.send_and_await_response("echo:t:os", bytes(LARGEST_MESSAGE + 1))
        return len(answer.body)

    assert await lab.play(MAIN, main) == LARGEST_MESSAGE + 1


@in_lab(nodes=["a.dev", "b.dev", "c.dev"])
async def test_a_chain_over_three_nodes(lab: Lab):
    lab.start("c.dev@echo:t:os", echo)

    async def middle(our: Our) -> None:
        async for message in our:
            if isinstance(message, Request):
                await our.send_request("c.dev@echo:t:os", message.body, inherit=True)

    lab.start("b.dev@middle:t:os", middle)

    async def main(our: Our) -> str:
        answers = await asyncio.gather(
            *(our.send_and_await_response("b.dev@middle:t:os", b"%d" % n) for n in range(5))
        )
        assert [each.body for each in answers] == [b"0", b"1", b"2", b"3", b"4"]
        return str(answers[0].source)

    assert await lab.play(MAIN, main) == "c.dev@echo:t:os"


@in_lab
async def test_the_mailbox_of_a_node_that_is_not_there(lab: Lab):
    from kinode_nb.types import Address

    assert lab.net.mailbox(Address.parse("c.dev@x:y:os")) is None
    assert lab.net.mailbox(Address.parse("b.dev@x:y:os")) is None
