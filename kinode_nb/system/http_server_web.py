"""HTTP and WebSockets on the wire, by tornado. Imported when the first client comes."""

import asyncio
import logging
from collections.abc import Awaitable
from http.client import responses
from typing import Any

from tornado import httputil, web
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.routing import Router
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol

from kinode_nb.system.http_server_calls import Call, Reply, plain
from kinode_nb.system.http_server_channels import Channel
from kinode_nb.system.http_server_front import Front, Opening

_NO_BODY = {204, 304}
_GOING_AWAY, _TRY_LATER = 1001, 1013  # WebSocket close codes
_MOST_READ = 1 << 20  # bytes of headers that are read at all, so that too many get an answer
_MOST_UNSENT = 64 << 20  # bytes that a client has not read; then http-server waits for it
_STALLED = 10.0  # seconds in which a client that it waits for has to read something
_MOST_PINGS = 16  # of one client that its process is still to be told of; more are only answered
_PATIENCE = 60.0  # seconds that headers, and a body, may take to arrive
_TIDYING = 5  # turns of the loop that connections get to end by themselves


def serve(front: Front) -> "Web":
    """Return a server that answers for the node; it needs a socket."""
    return Web(front)


class Web:
    """The connections of one node."""

    def __init__(self, front: Front) -> None:
        """Start with none."""
        self.front = front
        self.sockets: set[Socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = HTTPServer(
            _Entrance(self),
            max_header_size=_MOST_READ,
            max_body_size=1 << 62,  # `Front` has the limit, and an answer to what is over it
            idle_connection_timeout=_PATIENCE,
            body_timeout=_PATIENCE,
        )
        self.add_socket = self._server.add_socket

    def begin(self, work: Any) -> "asyncio.Task[None]":  # Coroutine
        """Run a coroutine, until the server closes at the latest."""
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Stop listening, and end all connections."""
        self._server.stop()
        for socket in list(self.sockets):
            socket.drop()
        await self._server.close_all_connections()
        for _ in range(_TIDYING):  # until processes have been told of their closed WebSockets
            await asyncio.sleep(0)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


class _Entrance(Router):
    """Sends requests for WebSockets one way, and all others the other."""

    def __init__(self, server: Web) -> None:
        self._server = server
        self._application = web.Application(
            log_function=lambda _: None, websocket_max_message_size=10 << 20
        )

    def find_handler(
        self, request: httputil.HTTPServerRequest, **_: Any
    ) -> httputil.HTTPMessageDelegate:
        front, call = self._server.front, _call(request)
        refusal = front.refuse(call)
        if refusal is None and _wants_upgrade(call):
            opening = front.opening(call)
            if isinstance(opening, Opening):
                return self._application.get_handler_delegate(
                    request, Socket, {"server": self._server, "opening": opening}
                )
            refusal = opening
        return _Exchange(self._server, request, call, refusal)


class _Exchange(httputil.HTTPMessageDelegate):
    """One HTTP request and its reply."""

    def __init__(
        self,
        server: Web,
        request: httputil.HTTPServerRequest,
        call: Call,
        refusal: Reply | None,
    ) -> None:
        self._server = server
        self._request = request
        self._call = call
        self._refusal = refusal
        self._body = bytearray()
        self._done = False
        self._task: asyncio.Task[None] | None = None

    def headers_received(self, start_line: Any, headers: Any) -> Awaitable[None] | None:
        """Answer at once what is refused whatever its body may be."""
        if self._refusal is not None:
            self._send(self._refusal)
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a part of the body, unless there is too much of it."""
        front = self._server.front
        if len(self._body) + len(chunk) > front.most(self._call):
            self._body.clear()
            self._send(front.too_long(self._call))
        elif not self._done:
            self._body += chunk
        return None

    def finish(self) -> None:
        """Answer, now that the body is there."""
        if self._done:
            return
        connection = self._request.connection
        connection.set_close_callback(self.on_connection_close)  # type: ignore[union-attr]
        self._task = self._server.begin(self._answer())

    def on_connection_close(self) -> None:
        """Give up: nobody waits for the reply any more."""
        self._done = True
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        call = self._call
        whole = Call(call.method, call.path, call.query, call.headers, bytes(self._body), call.peer)
        self._body.clear()
        try:
            self._send(await self._server.front.answer(whole))
        except Exception:
            logging.getLogger(__name__).exception("a request to %s failed", call.path)
            self._send(plain(500, "the node could not answer this: its log says why"))

    def _send(self, reply: Reply) -> None:
        connection = self._request.connection
        if self._done or connection is None:
            return
        headers = httputil.HTTPHeaders(reply.headers)  # may refuse one
        self._done = True
        if reply.status not in _NO_BODY:
            headers["Content-Length"] = str(len(reply.body))
        if self._task is None:  # the rest of its body is not read
            headers["Connection"] = "close"
        shown = b"" if reply.status in _NO_BODY or self._call.method == "HEAD" else reply.body
        reason = responses.get(reply.status, "Unknown")
        try:
            connection.write_headers(
                httputil.ResponseStartLine("HTTP/1.1", reply.status, reason), headers, shown
            )
            connection.finish()
        except StreamClosedError:
            pass


class Socket(WebSocketHandler):
    """One WebSocket: a `Wire` of `http_server_channels`."""

    def initialize(self, server: Web, opening: Opening) -> None:
        """Belong to a server."""
        self._server = server
        self._opening = opening
        self._channel: Channel | None = None
        self._protocol: WebSocketProtocol | None = None
        self._parted = False
        self._pings = 0
        self._unsent = 0
        self._room = asyncio.Event()  # set while less than `_MOST_UNSENT` is unsent
        self._room.set()

    def check_origin(self, origin: str) -> bool:
        """Let in whom `Front` has let in."""
        return True

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Return the protocol, and notice through it when the client says goodbye."""
        protocol = super().get_websocket_protocol()
        if protocol is None:
            return None
        self._protocol = protocol
        close = protocol.close

        def closing(code: int | None = None, reason: str | None = None) -> None:
            if protocol.client_terminated and protocol.stream and not protocol.stream.closed():
                self._parted = True  # its frame is being answered; a lost client closed the stream
            close(code, reason)

        protocol.close = closing  # type: ignore[method-assign]
        return protocol

    async def open(self, *_: str, **__: str) -> None:
        """Take the WebSocket in, and tell its process."""
        self._channel = channel = self._server.front.open(self._opening, self)
        self._server.sockets.add(self)
        if channel is None:
            self.close(_TRY_LATER, "too many WebSockets")
        else:
            self.set_nodelay(True)
            await channel.opened(self._opening.path)

    async def on_message(self, message: str | bytes) -> None:
        """Hand a frame on; the next one is read when the process has this one."""
        if isinstance(message, str):
            await self._hand_on("Text", message.encode())
        else:
            await self._hand_on("Binary", message)

    def on_ping(self, data: bytes) -> None:
        """Tell the process of a ping that was answered already."""
        self._control("Ping", data)

    def on_pong(self, data: bytes) -> None:
        """Tell the process of a pong."""
        self._control("Pong", data)

    def on_close(self) -> None:
        """Tell the process that the client has gone."""
        self._server.sockets.discard(self)
        channel = self._channel
        if channel is not None:
            self._server.front.server.channels.gone(channel)
            self._server.begin(self._part(channel))

    def send(self, frame: str, data: bytes) -> bool:
        """Send a frame to the client; False: it has gone."""
        protocol = self._protocol
        if protocol is None or protocol.is_closing():
            return False
        try:
            match frame:
                case "Ping":
                    self.ping(data)
                case "Pong":  # tornado answers pings, and has no call for a pong that nobody asked
                    protocol._write_frame(True, 0xA, data)  # type: ignore[attr-defined]  # noqa: SLF001
                case "Close":
                    self.close()
                    self._room.set()  # no more will come
                case _:
                    self._write(frame, data)
        except (WebSocketClosedError, StreamClosedError):
            return False
        return True

    async def drained(self) -> None:
        """Wait while too much is unsent; part from a client that reads nothing meanwhile."""
        protocol = self._protocol
        while self._unsent > _MOST_UNSENT and protocol is not None and not protocol.is_closing():
            before = self._written()
            try:
                await asyncio.wait_for(self._room.wait(), _STALLED)
            except TimeoutError:
                if self._written() == before:  # it gets the frame if it reads on within 5 s
                    self.close(_TRY_LATER, "the client does not read")

    def drop(self) -> None:
        """End the connection at once."""
        protocol = self._protocol
        if protocol is not None:
            if not protocol.is_closing():
                self.close(_GOING_AWAY, "the node has stopped")
            protocol.on_connection_close()

    def _write(self, frame: str, data: bytes) -> None:
        text = frame == "Text"
        shown = data.decode(errors="replace") if text else data
        size = len(data)
        sent = self.write_message(shown, binary=not text)
        self._unsent += size

        def written(done: "asyncio.Future[None]") -> None:
            self._unsent -= size
            if self._unsent <= _MOST_UNSENT:
                self._room.set()
            if not done.cancelled():
                done.exception()  # the client has gone: `on_close` tells

        if self._unsent > _MOST_UNSENT:
            self._room.clear()
        sent.add_done_callback(written)

    def _written(self) -> int:
        """Return how many bytes the client's connection has taken, parts of frames included."""
        stream = self._protocol.stream if self._protocol is not None else None
        return getattr(stream, "_total_write_done_index", 0)

    def _control(self, frame: str, data: bytes) -> None:
        if self._pings < _MOST_PINGS:
            self._pings += 1
            task = self._server.begin(self._hand_on(frame, data))
            task.add_done_callback(self._told)

    def _told(self, _: object) -> None:
        self._pings -= 1

    async def _hand_on(self, frame: str, data: bytes) -> None:
        if self._channel is not None:
            await self._server.front.received(self._channel, frame, data)

    async def _part(self, channel: Channel) -> None:
        if self._parted:
            await channel.received("Close", (self.close_reason or "").encode())
        await channel.closed()


def _call(request: httputil.HTTPServerRequest) -> Call:
    address = getattr(request.connection.context, "address", None)  # type: ignore[union-attr]
    headers = {name.lower(): _printable(value) for name, value in request.headers.get_all()}
    path, authority = _origin_form(request.path)
    if authority is not None:
        headers["host"] = _printable(authority)  # it stands for the header (RFC 9112, 3.2.2)
    return Call(
        request.method or "",
        path,
        request.query,
        headers,
        peer=address[:2] if isinstance(address, tuple) else ("", 0),
    )


def _origin_form(target: str) -> tuple[str, str | None]:
    """Return a request's path, and the authority when the whole address was written."""
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() not in {"http", "https"}:
        return target, None
    authority, slash, path = rest.partition("/")
    return slash + path or "/", authority.rpartition("@")[2]


def _printable(value: str) -> str:
    """Return a header's value, or nothing where it has other than ASCII, as Kinode does."""
    return value if value.isascii() and value.replace("\t", " ").isprintable() else ""


def _wants_upgrade(call: Call) -> bool:
    return call.method == "GET" and call.headers.get("upgrade", "").lower() == "websocket"
