"""The wire: limits, what is no HTTP, and that nothing is left when a node stops."""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kinode_nb.process_lib import LazyLoadBlob, ProcessId
from kinode_nb.types.capabilities import HTTP_SERVER
from tests.system.http_nodes import APP, BINDING, RPC, act, echo, ended, handshake, serve

MIB = 1 << 20
HOST = b"Host: localhost\r\n"


def statuses(*requests):
    """Return the status line's number of what each of these bytes gets, 0 for none."""

    async def scenario(web):
        await web.app(echo, binds=["/"])
        numbers = []
        for sent in requests:
            answer = await web.raw(sent)
            numbers.append(int(answer.split(b" ", 2)[1]) if answer else 0)
        assert await web.fetch(f"/{APP}", "POST", b"still there") == (200, b"still there")
        return numbers

    return serve(scenario)


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"no HTTP\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\n"
        + HOST
        + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_node_goes_on(sent):
    (status,) = statuses(sent)
    assert status in {400, 403}


def test_limits_have_their_own_numbers():
    path = f"/{APP}".encode()
    assert statuses(
        b"GET /" + b"x" * 17_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"X-Long: " + b"x" * 66_000 + b"\r\n\r\n",
        b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 999999999999\r\n\r\n",
        b"POST " + RPC.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 134217729\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    ) == [414, 431, 413, 413, 413]


def test_a_body_whose_length_is_not_told_has_the_same_limit(monkeypatch):
    monkeypatch.setattr("kinode_nb.system.http_server_front.MOST_BODY", 12)
    head = f"POST /{APP} HTTP/1.1\r\n".encode() + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert statuses(head + b"d\r\n1234567890123\r\n0\r\n\r\n") == [413]


def test_addresses_in_every_form_are_let_be():
    assert (
        statuses(
            b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
            b"GET //login HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
            b"GET /%00/%ff/../.. HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
            b"GET /?%ff=%zz&&=&a HTTP/1.0\r\n\r\n",
        )
        == [403] + [404] * 4
    )


def test_a_whole_address_means_its_path_at_its_host():
    """As proxies write it; the Host header beside it is not asked."""

    def get(address, host):
        return f"GET {address} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()

    assert statuses(
        get(f"http://localhost/{APP}", "localhost"),
        get(f"HTTP://127.0.0.1:8080/{APP}?a=b", "ignored.example"),
        get("http://localhost", "localhost"),
        get(f"http://evil.example/{APP}", "localhost"),
        get(f"http://localhost:1@evil.example/{APP}", "localhost"),
        get(f"http:///{APP}", "localhost"),
        get(f"ftp://localhost/{APP}", "localhost"),
    ) == [200, 200, 404, 403, 403, 403, 404]


def test_a_path_that_nobody_has_bound_tells_those_that_are():
    async def scenario(web):
        start = f"no process of {web.node.name} has bound "
        status, text = await web.fetch("/")
        assert status == 404
        assert text.decode().startswith(f"{start}'/'; no path is bound yet: ")
        app = await web.app(binds=["/b", "/:id", "/a"])
        await act(app.our, {"Unbind": {"path": "/b"}})
        expected = f"{start}'/x'; bound are: /{APP}/:id, /{APP}/a\n"
        assert await web.fetch("/x") == (404, expected.encode())
        for number in range(10):
            await act(app.our, {"Bind": {"path": f"/{number}", **BINDING}})
        assert (await web.fetch("/x"))[1].endswith(b" and 2 more\n")

    serve(scenario)


def test_a_query_of_any_kind_reaches_the_process():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        await web.fetch(f"/{APP}?%ff=%zz&&=&a&b=1=2")
        request = (await app.next())[0]["Http"]
        assert request["query_params"] == {"\ufffd": "%zz", "": "", "a": "", "b": "1=2"}

    serve(scenario)


def test_requests_of_one_connection_are_answered_in_order():
    async def scenario(web):
        await web.app(echo, binds=["/"])
        one = f"POST /{APP} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n".encode()
        answer = await web.raw(one + b"\r\n1" + one + b"Connection: close\r\n\r\n2")
        first, second, last = answer.split(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 200 ")
        assert second.startswith(b"1HTTP/1.1 200 ")
        assert last == b"2"

    serve(scenario)


def test_a_node_listens_on_the_loopback_address_alone():
    async def scenario(web):
        listeners = [
            each
            for each in gc.get_objects()
            if isinstance(each, socket.socket)
            and each.fileno() >= 0
            and each.getsockname()[1:2] == (web.node.port,)
        ]
        assert {each.getsockname()[0] for each in listeners} == {"127.0.0.1"}

    serve(scenario)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_stopping_a_node_ends_all_and_leaves_nothing():
    """Idle, waiting and half-sent connections, and WebSockets; `serve` waits for all tasks."""
    threads = threading.active_count()

    async def scenario(web):
        app = await web.app(binds=["/"], ws_binds=["/ws"])
        before = open_files()
        idle = await asyncio.open_connection("127.0.0.1", web.node.port)
        half = await asyncio.open_connection("127.0.0.1", web.node.port)
        half[1].write(
            f"POST /{APP} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1".encode()
        )
        waiting = await asyncio.open_connection("127.0.0.1", web.node.port)
        waiting[1].write(f"GET /{APP} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert "Http" in (await app.next())[0]
        client = await web.socket(f"/{APP}/ws")
        assert "WebSocketOpen" in (await app.next())[0]
        port = web.node.port
        await web.net.stop()
        for reader, writer in (idle, half, waiting):
            assert await reader.read() == b""
            writer.close()
        assert await client.read_message() is None
        assert client.close_code == 1001
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        client.close()
        web.client.close()
        await ended()
        assert open_files() < before

    serve(scenario)
    assert threading.active_count() <= threads + 1


def test_a_port_can_be_used_again_at_once():
    async def scenario(web):
        await web.app(echo, binds=["/"])
        await web.fetch(f"/{APP}")
        port = web.node.port
        await web.net.boot(web.node.name, port=port, fresh=True)
        web.node = web.net.node()
        assert web.node.port == port
        await web.app(echo, binds=["/"])
        assert (await web.fetch(f"/{APP}"))[0] == 200

    serve(scenario)


def test_no_http_is_loaded_before_somebody_connects():
    code = (
        "import sys, urllib.request\n"
        "from kinode_nb.portal import FakeNet\n"
        "with FakeNet() as net:\n"
        "    node = net.boot()\n"
        "    assert 'tornado' not in sys.modules\n"
        "    urllib.request.urlopen(node.url('/login')).read()\n"
        "    assert 'tornado' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


async def pushing(web, monkeypatch, frames):
    """Push so many frames of a MiB, with much less allowed to be unsent; return the client."""
    monkeypatch.setattr("kinode_nb.system.http_server_web._MOST_UNSENT", 1 << 20)
    app = await web.app(ws_binds=["/ws"])
    reader, writer = await asyncio.open_connection("127.0.0.1", web.node.port)
    writer.write(handshake(f"/{APP}/ws"))
    await reader.readuntil(b"\r\n\r\n")
    channel = (await app.next())[0]["WebSocketOpen"]["channel_id"]
    push = {"WebSocketPush": {"channel_id": channel, "message_type": "Binary"}}

    async def run():
        for number in range(frames):
            blob = LazyLoadBlob(bytes([number]) * MIB)
            await app.our.send_request(HTTP_SERVER, push, blob=blob)

    task = asyncio.create_task(run())
    (wire,) = web.node._web._door._web.sockets
    while wire._room.is_set():
        await web.fetch("/nothing")
    return app, channel, reader, writer, task


def test_a_client_that_reads_gets_all_that_is_pushed(monkeypatch):
    """However much that is: the process waits for it, and the order stays."""

    async def scenario(web):
        _, _, reader, writer, task = await pushing(web, monkeypatch, 200)
        (wire,) = web.node._web._door._web.sockets
        for number in range(200):
            assert await reader.readexactly(10) == b"\x82\x7f" + MIB.to_bytes(8, "big")
            assert await reader.readexactly(MIB) == bytes([number]) * MIB
            assert wire._unsent <= 2 * MIB
        await task
        writer.close()

    serve(scenario)


def test_a_client_that_reads_nothing_for_long_is_parted_from(monkeypatch):
    """It gets what was written and the reason, if it reads on soon."""

    async def scenario(web):
        app, channel, reader, writer, task = await pushing(web, monkeypatch, 20)
        push = {"WebSocketPush": {"channel_id": channel, "message_type": "Text"}}
        (wire,) = web.node._web._door._web.sockets
        while not wire._protocol.is_closing():
            web.clock.advance(10)
            await web.fetch("/nothing")
        await task
        assert await act(app.our, push, b"late") == {"Err": "WsChannelNotFound"}
        end = b"\x03\xf5the client does not read"  # 1013
        received = b""
        while not received.endswith(end):
            piece = await reader.read(MIB)
            assert piece, "no reason was given"
            received = received[-len(end) :] + piece
        writer.close()
        assert (await app.next())[0] == {"WebSocketClose": channel}

    serve(scenario)


def test_the_client_of_a_process_that_ends_is_not_waited_for(monkeypatch):
    async def scenario(web):
        _, _, _, writer, task = await pushing(web, monkeypatch, 20)
        other = await web.app(name="other")
        asked = asyncio.create_task(act(other.our, {"Bind": {"path": "/", **BINDING}}))
        web.node.kill(ProcessId.parse(APP))
        assert await asked == {"Ok": None}
        task.cancel()
        await asyncio.wait([task])
        writer.close()

    serve(scenario)


def test_requests_are_answered_while_http_server_waits_for_a_client(monkeypatch):
    """And a node can be stopped then, which `serve` does."""

    async def scenario(web):
        await web.app(echo, binds=["/"], name="echo")
        _, _, _, writer, task = await pushing(web, monkeypatch, 200)
        answer = await web.fetch("/echo:notebook:template.os", "POST", b"hello")
        assert answer == (200, b"hello")
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        writer.close()

    serve(scenario)
