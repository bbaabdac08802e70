"""A whole node whose time stands still, and clients on the same loop: real sockets, no waits."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.process_lib import Address, LazyLoadBlob, Request
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.types import SendError
from kinode_nb.types.capabilities import HTTP_SERVER, messaging, networking

APP = "app:notebook:template.os"
RPC = "/rpc:distro:sys/message"
BINDING = {"authenticated": False, "local_only": False, "cache": False}
WS_BINDING = {"authenticated": False, "extension": False}


class Web:
    """A node, and what its clients do."""

    def __init__(self, net: Net, node: Node, clock: MockClock) -> None:
        self.net = net
        self.node = node
        self.clock = clock
        self.client = AsyncHTTPClient(force_instance=True, max_clients=100)
        self.sockets: list[WebSocketClientConnection] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.node.port}"

    async def fetch(self, path: str, method: str = "GET", body=None, **headers: str):
        """Return (status, body); header names are written with ``_`` for ``-``."""
        response = await self.response(path, method, body, **headers)
        return response.code, response.body

    async def response(
        self, path: str, method: str = "GET", body=None, **headers: str
    ) -> HTTPResponse:
        return await self.client.fetch(
            HTTPRequest(
                self.origin + path,
                method,
                {name.replace("_", "-"): value for name, value in headers.items()},
                body,
                follow_redirects=False,
                allow_nonstandard_methods=True,
                decompress_response=False,
            ),
            raise_error=False,
        )

    async def rpc(self, call: object, method: str = "POST", **headers: str):
        body = call if isinstance(call, bytes) else json.dumps(call).encode()
        return await self.fetch(RPC, method, body, **headers)

    async def raw(self, sent: bytes) -> bytes:
        """Send bytes as they are, and return all that comes until the node closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.node.port)
        writer.write(sent)
        try:
            return await reader.read()
        finally:
            writer.close()

    async def socket(self, path: str, **headers: str) -> WebSocketClientConnection:
        """Open a WebSocket, as a browser does; raises HTTPClientError when it is refused."""
        url = f"ws://127.0.0.1:{self.node.port}{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = await websocket_connect(HTTPRequest(url, headers=named))
        self.sockets.append(connection)
        return connection

    async def app(self, handle=None, binds=(), ws_binds=(), name="app", **options) -> "App":
        """Start a process that binds paths, and answers or keeps what comes."""
        app = App(handle)
        bindings = [
            *({"Bind": {"path": path, **BINDING, **more}} for path, more in _pairs(binds)),
            *(
                {"WebSocketBind": {"path": path, **WS_BINDING, **more}}
                for path, more in _pairs(ws_binds)
            ),
        ]
        server = Address(self.node.name, HTTP_SERVER)
        options.setdefault("capabilities", (messaging(server), networking(self.node.name)))
        self.node.spawn(lambda_of(app, bindings), name, public=True, **options)
        await app.started.wait()
        return app


def _pairs(binds):
    return [(each, {}) if isinstance(each, str) else each for each in binds]


class App:
    """What a process of the tests has got, and how it answers."""

    def __init__(self, handle: Callable[..., Awaitable[None]] | None) -> None:
        self.handle = handle
        self.started = asyncio.Event()
        self.got: asyncio.Queue[tuple[dict, bytes | None]] = asyncio.Queue()
        self.our = None

    async def next(self):
        """Return the next body, with the bytes of its blob."""
        return await self.got.get()


def lambda_of(app: App, bindings):
    """Return the program of an app."""

    async def init(our):
        app.our = our
        for binding in bindings:
            answer = await our.send_and_await_response(HTTP_SERVER, binding)
            assert answer.body == b'{"Ok":null}', answer
        app.started.set()
        async for message in our:
            if not isinstance(message, Request):
                continue
            blob = our.get_blob()
            said = message.json()
            app.got.put_nowait((said, None if blob is None else blob.bytes))
            if app.handle is not None:
                await app.handle(our, said, b"" if blob is None else blob.bytes)

    return init


async def echo(our, said, data):
    """Answer an HTTP request with its own body, and a frame with the same frame."""
    if "Http" in said:
        await our.send_response({"status": 200, "headers": {}}, blob=LazyLoadBlob(data))
    elif "WebSocketPush" in said and said["WebSocketPush"]["message_type"] != "Close":
        await our.send_request(HTTP_SERVER, said, blob=LazyLoadBlob(data))


def answering(body, data: bytes | None = b""):
    """Return a handler that answers every HTTP request so."""

    async def handle(our, said, _):
        if "Http" in said:
            await our.send_response(body, blob=None if data is None else LazyLoadBlob(data))

    return handle


async def act(our, action, data: bytes | None = None, **more):
    """Ask http-server for one action; returns its answer."""
    blob = None if data is None else LazyLoadBlob(data)
    try:
        answer = await our.send_and_await_response(HTTP_SERVER, action, blob=blob, **more)
    except SendError as error:
        return error.kind
    return answer.json()


def handshake(path: str) -> bytes:
    """Return what a client sends to open a WebSocket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(scenario: Callable[[Web], Awaitable[object]], **boot: object) -> object:
    """Boot a node and run the scenario; then nothing of either may be left."""
    clock = MockClock()
    clock.autojump = False  # sockets are real, so time moves only when a test says so

    async def main() -> object:
        net = Net(clock=clock)
        web = Web(net, await net.boot(**boot), clock)
        try:
            return await scenario(web)
        finally:
            clock.autojump = True  # what waits for time, when something went wrong, goes on
            await net.close()
            for client in web.sockets:
                client.close()
            web.client.close()
            await ended()

    with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
        return runner.run(main())


async def ended() -> None:
    """Wait until this task is the only one; one that never ends fails the test by its timeout."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
