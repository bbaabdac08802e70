"""Blobs travel beside messages: what a process sees of them, and who keeps them alive."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys

import pytest

from kinode_nb.process_lib import LazyLoadBlob, Our, Request, SendError
from tests.runtime.lab import Lab, failure, in_lab, sink

ECHO = "b.dev@echo:t:os"
MAIN = "a.dev@main:t:os"
BLOB = LazyLoadBlob(b"payload", mime="text/plain")


async def blob_echo(our: Our) -> None:
    """Answer with the blob that came."""
    async for message in our:
        if isinstance(message, Request):
            await our.send_response(b"", blob=our.get_blob())


@pytest.mark.parametrize("target", ["a.dev@echo:t:os", ECHO])
@in_lab
async def test_a_blob_arrives_as_the_same_object(lab: Lab, target: str):
    lab.start(target, blob_echo)

    async def main(our: Our) -> None:
        for _ in range(2):  # the second time on a known way
            await our.send_and_await_response(target, b"x", blob=BLOB)
            assert our.get_blob() is BLOB
            assert our.has_blob()

    await lab.play(MAIN, main)


@in_lab
async def test_has_blob_speaks_of_the_last_message_and_last_blob_of_all(lab: Lab):
    async def receiver(our: Our) -> None:
        assert not our.has_blob()
        assert our.last_blob() is None
        await our.receive()
        assert our.get_blob() is BLOB
        await our.receive()
        assert not our.has_blob()
        assert our.get_blob() is None
        assert our.last_blob() is BLOB
        await our.send_response(b"done")

    lab.start(ECHO, receiver)

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"with", blob=BLOB)
        await our.send_and_await_response(ECHO, b"without")

    await lab.play(MAIN, main)


@in_lab
async def test_an_empty_blob_is_a_blob(lab: Lab):
    lab.start(ECHO, blob_echo)

    async def main(our: Our) -> None:
        await our.send_and_await_response(ECHO, b"x", blob=LazyLoadBlob(b""))
        assert our.has_blob()
        assert our.get_blob() == LazyLoadBlob(b"")

    await lab.play(MAIN, main)
    assert lab.find(b"x").blob_size == 0


@in_lab
async def test_an_awaited_response_is_the_last_message(lab: Lab):
    lab.start(ECHO, blob_echo)

    async def server(our: Our) -> None:
        await our.receive()
        assert our.get_blob() is BLOB
        await our.send_and_await_response(ECHO, b"no blob")
        assert not our.has_blob()
        assert our.last_blob() is BLOB
        await our.send_response(b"done")

    lab.start("b.dev@server:t:os", server)

    async def main(our: Our) -> None:
        await our.send_and_await_response("b.dev@server:t:os", b"x", blob=BLOB)

    await lab.play(MAIN, main)


@in_lab
async def test_a_send_error_has_no_blob_but_carries_the_requests(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> None:
        await our.send_request(our.address, b"x", blob=LazyLoadBlob(b"other"))
        await our.receive()
        assert our.has_blob()
        awaited = await failure(our.send_and_await_response(ECHO, b"x", blob=BLOB))
        assert not our.has_blob()
        await our.send_request(ECHO, b"x", expects_response=1, blob=BLOB)
        received = await our.receive()
        assert isinstance(received, SendError)
        assert not our.has_blob()
        assert awaited.blob is received.blob is BLOB
        assert our.last_blob() == LazyLoadBlob(b"other")

    await lab.play(MAIN, main)


@in_lab
async def test_inherit_passes_the_last_blob_on(lab: Lab):
    lab.start("b.dev@echo:t:os", blob_echo)

    async def middle(our: Our) -> None:
        async for message in our:
            assert isinstance(message, Request)
            explicit = LazyLoadBlob(b"explicit") if message.body == b"explicit" else None
            await our.send_request("echo:t:os", message.body, inherit=True, blob=explicit)

    lab.start("b.dev@middle:t:os", middle)

    async def main(our: Our) -> None:
        await our.send_and_await_response("b.dev@middle:t:os", b"x", blob=BLOB)
        assert our.get_blob() is BLOB
        await our.send_and_await_response("b.dev@middle:t:os", b"no blob of its own")
        assert our.get_blob() is BLOB  # the last one that middle ever received
        await our.send_and_await_response("b.dev@middle:t:os", b"explicit", blob=BLOB)
        assert our.get_blob() == LazyLoadBlob(b"explicit")

    await lab.play(MAIN, main)


@in_lab
async def test_a_response_that_inherits_has_the_last_blob_whatever_else_is_given(lab: Lab):
    async def server(our: Our) -> None:
        await our.receive()
        await our.send_response(b"", inherit=True)
        await our.receive()
        await our.send_response(b"", inherit=True, blob=LazyLoadBlob(b"explicit"))
        await our.receive()
        await our.send_response(b"")

    lab.start(ECHO, server)

    async def main(our: Our) -> list[bytes | None]:
        found = []
        for _ in range(3):
            await our.send_and_await_response(ECHO, b"x", blob=BLOB)
            blob = our.get_blob()
            found.append(blob and blob.bytes)
        return found

    assert await lab.play(MAIN, main) == [b"payload", b"payload", None]


@in_lab
async def test_a_response_that_inherits_before_any_blob_came_has_none(lab: Lab):
    async def server(our: Our) -> None:
        await our.receive()
        await our.send_response(b"", inherit=True, blob=LazyLoadBlob(b"explicit"))

    lab.start(ECHO, server)

    async def main(our: Our) -> bool:
        await our.send_and_await_response(ECHO, b"x")
        return our.has_blob()

    assert not await lab.play(MAIN, main)


@pytest.mark.parametrize("saved", [True, False])
@in_lab
async def test_reading_the_state_counts_as_a_message_with_a_blob_if_there_is_one(
    lab: Lab, saved: bool
):
    """Kinode restores the last blob after such a call, but not whether the last message had one."""

    async def server(our: Our) -> list[object]:
        if saved:
            our.set_state(b"state")
        await our.receive()
        assert our.get_blob() is None
        our.get_state()
        found: list[object] = [our.has_blob(), our.get_blob()]
        await our.receive()
        assert our.get_blob() is BLOB
        our.get_state()
        found += [our.has_blob(), our.get_blob()]
        await our.receive()
        our.get_state()
        return [*found, our.has_blob(), our.get_blob(), our.last_blob()]

    served = asyncio.ensure_future(lab.play(ECHO, server))
    await lab.idle()

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"without")
        await our.send_request(ECHO, b"with", blob=BLOB)
        await our.send_request(ECHO, b"without")

    await lab.play(MAIN, main)
    expected = [True, None, True, BLOB, True, BLOB] if saved else [False, None] * 3
    assert await served == [*expected, BLOB]


@pytest.mark.parametrize("call", ["set_state", "clear_state", "spawn"])
@in_lab
async def test_other_calls_of_the_host_leave_no_blob_but_the_last_one(lab: Lab, call: str):
    async def main(our: Our) -> None:
        await our.send_request(our.address, b"x", blob=BLOB)
        await our.receive()
        assert our.has_blob()
        if call == "spawn":
            await our.spawn(sink)
        elif call == "set_state":
            our.set_state(b"")
        else:
            our.clear_state()
        assert not our.has_blob()
        assert our.get_blob() is None
        assert our.last_blob() is BLOB

    await lab.play(MAIN, main)


@in_lab
async def test_the_log_has_size_and_mime(lab: Lab):
    lab.start(ECHO, sink)

    async def main(our: Our) -> None:
        await our.send_request(ECHO, b"with", blob=BLOB)
        await our.send_request(ECHO, b"without")

    await lab.play(MAIN, main)
    assert (lab.find(b"with").blob_size, lab.find(b"with").mime) == (7, "text/plain")
    assert (lab.find(b"without").blob_size, lab.find(b"without").mime) == (-1, None)


@pytest.mark.parametrize("way", ["answered", "timeout", "offline", "cancelled", "ended"])
@in_lab
async def test_nothing_of_the_runtime_pins_a_blob(lab: Lab, way: str):
    """Once its message was handled, a blob belongs to those who kept it: here, nobody."""
    payload = bytes(bytearray(b"x" * 1000))
    owners = sys.getrefcount(payload)
    another = LazyLoadBlob(b"the last blob from now on")

    async def server(our: Our) -> None:
        async for message in our:
            if message.body == b"answered":
                await our.send_response(b"", blob=our.get_blob())
            await our.send_request(our.address, b"z", blob=another)
            await our.receive()

    async def send(our: Our, blob: LazyLoadBlob) -> None:
        target = {"offline": "c.dev@x:y:os", "ended": "a.dev@ended:t:os"}.get(way, ECHO)
        for _ in range(2):
            with contextlib.suppress(SendError, TimeoutError):
                async with asyncio.timeout(0.5 if way == "cancelled" else 10):
                    await our.send_and_await_response(target, way.encode(), timeout=1, blob=blob)
        await our.send_request(target, way.encode(), expects_response=1, blob=blob)
        await our.receive()

    async def main(our: Our) -> None:
        await send(our, LazyLoadBlob(payload))
        await our.send_request(our.address, b"z", blob=another)
        await our.receive()
        await our.receive()  # for ever

    idle = lab.add("a.dev@ended:t:os")
    lab.start(ECHO, server)
    lab.start(MAIN, main)
    await asyncio.sleep(10)
    lab.kill(idle)
    gc.collect()
    assert sys.getrefcount(payload) == owners
