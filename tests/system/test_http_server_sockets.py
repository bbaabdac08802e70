"""WebSockets: a browser-like client, and the process that bound the path."""

import asyncio
import json

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketError

from kinode_nb.process_lib import LazyLoadBlob
from tests.system.http_nodes import APP, act, echo, handshake, serve

SERVER = "http-server:distro:sys"
PATH = f"/{APP}/ws"


async def connected(web, handle=None, **headers):
    """Return an app, a client of it, and their channel's id."""
    app = await web.app(handle, ws_binds=["/ws"])
    client = await web.socket(PATH, **headers)
    opened, _ = await app.next()
    return app, client, opened["WebSocketOpen"]["channel_id"]


def in_process(app, *steps):
    """Carry out actions in the name of an app's process; returns what http-server says."""

    async def run():
        return [await act(app.our, *step) for step in steps]

    return asyncio.create_task(run())


def test_binary_json_frames_go_both_ways():
    """As a browser's page does with a process bound by WebSocketBind."""

    async def scenario(web):
        async def counting(our, said, data):
            if "WebSocketPush" in said:
                assert said["WebSocketPush"]["message_type"] == "Binary"
                answer = json.dumps({"Sum": sum(json.loads(data)["Add"])}).encode()
                await our.send_request(SERVER, said, blob=LazyLoadBlob(answer))

        headers = {"Origin": web.origin, "User_Agent": "Mozilla/5.0", "Cookie": "a=b"}
        _, client, _ = await connected(web, counting, **headers)
        for numbers in ([1, 2], [3, 4, 5], []):
            await client.write_message(json.dumps({"Add": numbers}).encode(), binary=True)
            frame = await client.read_message()
            assert isinstance(frame, bytes)
            assert json.loads(frame) == {"Sum": sum(numbers)}

    serve(scenario)


def test_the_process_is_told_of_opening_frames_and_closing():
    async def scenario(web):
        app = await web.app(ws_binds=["/ws"])
        client = await web.socket(PATH + "/?token=1")
        opened, blob = await app.next()
        channel = opened["WebSocketOpen"]["channel_id"]
        assert opened == {"WebSocketOpen": {"path": "/ws", "channel_id": channel}}
        assert blob is None
        assert 0 <= channel < 1 << 32
        await client.write_message("text ä")
        await client.write_message(b"\x00\xff", binary=True)
        client.ping(b"ping")
        client.close(1000, "bye")
        assert [await app.next() for _ in range(5)] == [
            (_pushed(channel, "Text"), "text ä".encode()),
            (_pushed(channel, "Binary"), b"\x00\xff"),
            (_pushed(channel, "Ping"), b"ping"),
            (_pushed(channel, "Close"), b"bye"),
            ({"WebSocketClose": channel}, None),
        ]

    serve(scenario)


def _pushed(channel, frame):
    return {"WebSocketPush": {"channel_id": channel, "message_type": frame}}


def test_none_of_these_messages_expects_a_response():
    async def scenario(web):
        app, client, _ = await connected(web)
        await client.write_message("x")
        await app.next()
        client.close()
        await app.next()
        await app.next()
        told = [
            each
            for each in web.net.log.entries
            if getattr(each, "body", b"")[:11] == b'{"WebSocket' and str(each.target.process) == APP
        ]
        assert len(told) == 4
        assert all(each.expects_response is None and each.rsvp is None for each in told)

    serve(scenario)


def test_a_client_that_vanishes_is_a_close_without_a_frame():
    async def scenario(web):
        app, client, channel = await connected(web)
        client.protocol.stream.close()
        assert (await app.next())[0] == {"WebSocketClose": channel}
        assert len(web.node._web._server.channels) == 0

    serve(scenario)


def test_the_process_pushes_every_kind_of_frame():
    async def scenario(web):
        app, client, channel = await connected(web)
        pings = []
        client.on_ping = pings.append

        def push(frame, data):
            return _pushed(channel, frame), data

        said = await in_process(
            app,
            push("Text", b"text \xff"),
            push("Binary", b"\x01"),
            push("Ping", b"p" * 125),
            push("Pong", b"q"),
        )
        assert said == [{"Ok": None}] * 4
        assert await client.read_message() == "text \ufffd"
        assert await client.read_message() == b"\x01"
        assert (await app.next())[0] == _pushed(channel, "Pong")  # the client answers the ping
        assert pings == [b"p" * 125]

    serve(scenario)


@pytest.mark.parametrize("action", ["WebSocketClose", "WebSocketPush"])
def test_the_process_closes(action):
    async def scenario(web):
        app, client, channel = await connected(web)
        close = {action: channel} if action == "WebSocketClose" else _pushed(channel, "Close")
        again = {"WebSocketClose": channel}
        late = (_pushed(channel, "Text"), b"late")
        assert await in_process(app, (close,), (again,), late) == [
            {"Ok": None},
            {"Ok": None},
            {"Err": "WsChannelNotFound"},
        ]
        assert await client.read_message() is None
        assert (await app.next())[0] == _pushed(channel, "Close")
        assert (await app.next())[0] == {"WebSocketClose": channel}

    serve(scenario)


def test_what_http_server_refuses():
    async def scenario(web):
        app, _, channel = await connected(web)
        assert await in_process(
            app,
            (_pushed(channel, "Text"),),
            (_pushed(channel, "Ping"), b"x" * 126),
            (_pushed(channel, "Pong"), b"x" * 126),
            (_pushed((channel + 1) % (1 << 32), "Text"), b"x"),
            (_pushed(-1, "Text"), b"x"),
            (_pushed(1 << 32, "Text"), b"x"),
            (_pushed(channel, "Continuation"), b"x"),
            ({"WebSocketClose": "1"},),
            ({"WebSocketClose": (channel + 1) % (1 << 32)},),
        ) == [
            {"Err": "NoBlob"},
            {"Err": "WsPingPongTooLong"},
            {"Err": "WsPingPongTooLong"},
            {"Err": "WsChannelNotFound"},
            {"Err": "MalformedRequest"},
            {"Err": "MalformedRequest"},
            {"Err": "MalformedRequest"},
            {"Err": "MalformedRequest"},
            {"Ok": None},
        ]

    serve(scenario)


def test_a_channel_belongs_to_its_process():
    async def scenario(web):
        _, client, channel = await connected(web)
        thief = await web.app(name="thief")
        not_found = {"Err": "WsChannelNotFound"}
        assert await in_process(
            thief, (_pushed(channel, "Text"), b"x"), ({"WebSocketClose": channel},)
        ) == [not_found, not_found]
        assert not client.protocol.is_closing()

    serve(scenario)


def test_a_process_that_ends_takes_its_sockets_along():
    async def scenario(web):
        async def handle(our, said, data):
            if "WebSocketPush" in said:
                raise SystemExit

        _, client, _ = await connected(web, handle)
        await client.write_message("the end")
        assert await client.read_message() is None
        with pytest.raises(HTTPClientError, match="404"):
            await web.socket(PATH)

    serve(scenario)


def test_only_so_many_are_open_at_once():
    async def scenario(web):
        app = await web.app(ws_binds=["/ws"])
        clients = [await web.socket(PATH) for _ in range(128)]
        with pytest.raises(HTTPClientError, match="503"):
            await web.socket(PATH)
        ids = {(await app.next())[0]["WebSocketOpen"]["channel_id"] for _ in clients}
        assert len(ids) == 128
        clients[0].close()
        while "WebSocketClose" not in (await app.next())[0]:
            pass
        await web.socket(PATH)

    serve(scenario)


@pytest.mark.parametrize(
    "path", ["/", f"/{APP}", f"/{APP}/ws/deeper", "/other:notebook:template.os/ws"]
)
def test_there_is_no_base_path_for_sockets(path):
    async def scenario(web):
        await web.app(ws_binds=["/ws"])
        with pytest.raises(HTTPClientError, match="404"):
            await web.socket(path)

    serve(scenario)


def test_where_no_socket_is_bound_the_request_is_http():
    async def scenario(web):
        await web.app(echo, binds=["/ws"])
        with pytest.raises(WebSocketError, match="Non-websocket response"):  # 200, and no upgrade
            await web.socket(PATH)

    serve(scenario)


def test_unbinding_leaves_open_sockets():
    async def scenario(web):
        app, client, _ = await connected(web, echo)
        assert await in_process(app, ({"WebSocketUnbind": {"path": "/ws"}},)) == [{"Ok": None}]
        await client.write_message("still here")
        assert await client.read_message() == "still here"
        with pytest.raises(HTTPClientError, match="404"):
            await web.socket(PATH)

    serve(scenario)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_a_foreign_page_opens_none(headers):
    async def scenario(web):
        app = await web.app(ws_binds=["/ws"])
        with pytest.raises(HTTPClientError, match="403"):
            await web.socket(PATH, **headers)
        assert app.got.empty()

    serve(scenario)


def test_a_page_that_the_process_lets_in_does():
    async def scenario(web):
        more = {"allowed_origins": ["https://friend.example"]}
        await web.app(ws_binds=[("/ws", more)])
        await web.socket(PATH, Origin="https://friend.example")
        with pytest.raises(HTTPClientError, match="403"):
            await web.socket(PATH, Origin="https://evil.example")

    serve(scenario)


def test_a_socket_of_those_who_have_logged_in():
    async def scenario(web):
        await web.app(ws_binds=[("/ws", {"authenticated": True})])
        with pytest.raises(HTTPClientError, match="401"):
            await web.socket(PATH)
        login = await web.response("/login", "POST", b'{"password_hash":"","subdomain":""}')
        cookie = login.headers["Set-Cookie"].partition(";")[0]
        await web.socket(PATH, Cookie=cookie)

    serve(scenario)


def test_frames_that_break_the_protocol_end_the_socket_alone():
    async def scenario(web):
        app = await web.app(echo, ws_binds=["/ws"])
        for frame in (
            b"\xff\xff",  # reserved bits
            b"\x83\x00",  # an unknown opcode
            b"\x89\xfe\x00\x80",  # a ping of more than 125 bytes
            b"\x81\x82\x00\x00\x00\x00\xff\xfe",  # text that is no UTF-8
            b"\x80\x80\x00\x00\x00\x00",  # goes on with nothing
            b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff",  # 9 EB
            b"\x88\x81\x00\x00\x00\x00\x03",  # closed with half a code
            b"\x88\x84\x00\x00\x00\x00\x03\xe8\xff\xfe",  # closed with no UTF-8
        ):
            answer = await web.raw(handshake(PATH) + frame)
            assert answer.startswith(b"HTTP/1.1 101 ")
            opened, _ = await app.next()
            while "WebSocketClose" not in (closed := (await app.next())[0]):
                pass
            assert closed["WebSocketClose"] == opened["WebSocketOpen"]["channel_id"]
        assert not len(web.node._web._server.channels)

    serve(scenario)


def test_half_a_handshake_is_refused():
    async def scenario(web):
        await web.app(ws_binds=["/ws"])
        head = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        without = await web.raw(f"{head}Connection: close\r\n\r\n".encode())
        assert without.startswith(b"HTTP/1.1 400 ")
        assert not len(web.node._web._server.channels)

    serve(scenario)


def test_the_client_waits_while_the_mailbox_is_full():
    async def scenario(web):
        busy = asyncio.Event()
        go_on = asyncio.Event()

        async def handle(our, said, data):
            busy.set()
            await go_on.wait()

        app = await web.app(handle, ws_binds=["/ws"])
        client = await web.socket(PATH)
        await busy.wait()
        for number in range(300):
            await client.write_message(str(number))
        while not web.net.scheduler.crowded:
            await web.fetch("/nothing")
        go_on.set()
        frames = []
        while len(frames) < 300:
            said, data = await app.next()
            if "WebSocketPush" in said:
                frames.append(int(data))
        assert frames == list(range(300))

    serve(scenario)
