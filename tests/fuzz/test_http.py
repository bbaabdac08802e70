"""Whatever comes in at a node's port is answered or refused, and the next caller is served."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kinode_nb.process_lib import LazyLoadBlob, Our, Request
from kinode_nb.types.capabilities import HTTP_SERVER, messaging, networking
from tests.fuzz.http_wire import (
    CALLED,
    RAW,
    REPLIES,
    REQUESTS,
    RPC,
    WEB,
    exchange,
    frames,
    request,
)
from tests.fuzz.world import World

LAST = ["Host: localhost", "Connection: close"]
SIGN_OF_LIFE = json.dumps(
    {
        "process": "vfs:distro:sys",
        "expects_response": 5,
        "body": json.dumps({"path": "notebook:template.os/alive", "action": "CreateDrive"}),
    }
).encode()
ALIVE = {"body": list(b'"NoWriteCap"'), "lazy_load_blob": None}
STATUS_LINE = re.compile(rb"HTTP/1.1 (\d{3}) ")
OPEN_A_SOCKET = request(
    "GET",
    f"/{WEB}/socket",
    "",
    [
        *("Host: localhost", "Upgrade: websocket", "Connection: upgrade"),
        *("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    ],
    b"",
)


class Site:
    """A process that has bound some paths, and answers as it is told to."""

    def __init__(self) -> None:
        self.reply: tuple[bytes, bytes | None] | None = None
        self.bound = asyncio.Event()

    async def __call__(self, our: Our) -> None:
        await bind(our)
        self.bound.set()
        async for message in our:
            if not isinstance(message, Request) or self.reply is None:
                continue
            body, data = self.reply
            if message.expects_response is not None:
                await our.send_response(body, blob=None if data is None else LazyLoadBlob(data))


async def bind(our: Our) -> None:
    plain = {"authenticated": False, "local_only": False, "cache": False}
    target = f"{our.node}@{HTTP_SERVER}"
    for path in ("/", "/echo", "/item/:id/x", "/deep/*rest"):
        await our.send_and_await_response(target, {"Bind": {"path": path, **plain}})
    for path, name in (("/private", "authenticated"), ("/local", "local_only")):
        action = {"Bind": {"path": path, **plain, name: True}}
        await our.send_and_await_response(target, action)
    action = {"Bind": {"path": "/cached", **plain, "cache": True}}
    await our.send_and_await_response(target, action, blob=LazyLoadBlob(b"kept", "a/b"))
    for path, extension in (("/socket", False), ("/extension", True)):
        action = {"path": path, "authenticated": False, "extension": extension}
        await our.send_and_await_response(target, {"WebSocketBind": action})
    action = {"SecureBind": {"path": "/secure", "cache": False}}
    await our.send_and_await_response(target, action)


@pytest.fixture(scope="module")
def world(worlds):
    world = worlds()
    world.site = Site()
    world.run(begin(world))
    return world


async def begin(world: World) -> None:
    rights = [networking("fake.dev"), messaging(world.address(HTTP_SERVER))]
    world.node.spawn(world.site, name="web", public=True, capabilities=rights)
    await world.site.bound.wait()


async def ask(world: World, data: bytes, reply: tuple[bytes, bytes | None] | None = None) -> None:
    world.site.reply = reply
    answer = await exchange(world.node.port, data)
    statuses = {int(status) for status in STATUS_LINE.findall(answer)}
    if reply is None:
        assert 500 not in statuses, answer
    said = await exchange(world.node.port, request("POST", RPC, "", LAST, SIGN_OF_LIFE))
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), said
    assert b"Err" in bytes(json.loads(body)["body"]), said


@given(data=CALLED)
@example(data=request("POST", RPC, "", ["Host: localhost", "Content-Length: " + "9" * 5000], b""))
def test_the_route_of_kit_answers_any_body(world, data):
    world.run(ask(world, data))


@given(data=st.lists(REQUESTS, min_size=1, max_size=2).map(b"".join), reply=REPLIES)
def test_bound_paths_are_answered_whatever_their_process_says(world, data, reply):
    world.run(ask(world, data, (reply, None)))


@given(data=RAW)
def test_bytes_that_are_no_request_harm_nobody(world, data):
    world.run(ask(world, data))


@given(data=frames())
def test_frames_of_a_websocket_harm_nobody(world, data):
    world.run(ask(world, OPEN_A_SOCKET + data))
