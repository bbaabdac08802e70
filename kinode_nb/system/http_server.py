"""``http-server:distro:sys``: the node's HTTP door; for now the one route that kit uses.

``POST /rpc:distro:sys/message`` sends one message in the name of this process and returns its
Response, as Kinode's ``http/server.rs`` does. Binding of paths by processes is not there yet.
"""

import asyncio
import base64
import binascii
import socket
from typing import Any, Protocol

import msgspec

from kinode_nb.process_lib import Address, KinodeError, LazyLoadBlob, Our, ProcessId, SendError

ROUTE = r"/rpc:distro:sys/message"
_TIMED_OUT = 408


class Rpc(msgspec.Struct):
    """The body of a call to the route; only ``process`` is required, other keys are ignored."""

    process: str
    node: str | None = None
    expects_response: int | None = None
    body: str = ""
    metadata: str | None = None
    mime: str | None = None
    data: str | None = None


class Asker(Protocol):
    """What sends the messages: a handle of this process, made by the composition root."""

    def __call__(self) -> Our:
        """Return a handle with a state of its own."""
        ...


async def init(our: Our) -> None:
    """Take what is sent to this process; nothing can be bound yet."""
    async for message in our:
        if not isinstance(message, SendError):
            our.print_to_terminal(1, f"http-server: cannot do this yet: {message.body[:80]!r}")


async def answer(call: bytes, ask: Asker) -> tuple[int, bytes]:
    """Carry out one call; returns the HTTP status and body."""
    try:
        rpc = msgspec.json.decode(call, type=Rpc)
        our = ask()
        target = Address(rpc.node or our.node, ProcessId.parse(rpc.process.replace("_", "-")))
    except (msgspec.DecodeError, UnicodeDecodeError, KinodeError):
        return 400, b""
    blob = _blob(rpc)
    body = rpc.body.encode()
    try:
        if rpc.expects_response is None:
            await our.send_request(target, body, blob=blob, metadata=rpc.metadata)
            return 200, b""
        response = await our.send_and_await_response(
            target, body, timeout=max(1, rpc.expects_response), blob=blob, metadata=rpc.metadata
        )
    except SendError:
        return _TIMED_OUT, b""
    return 200, _render(response.body, our.get_blob())


def _blob(rpc: Rpc) -> LazyLoadBlob | None:
    if rpc.data is None:
        return None
    try:
        return LazyLoadBlob(base64.b64decode(rpc.data, validate=True), rpc.mime)
    except binascii.Error:
        return None


def _render(body: bytes, blob: LazyLoadBlob | None) -> bytes:
    """Return what kit reads: bytes as lists of numbers; those of a blob are its base64 text."""
    shown = blob and {"mime": blob.mime, "bytes": list(base64.b64encode(blob.bytes))}
    return msgspec.json.encode({"body": list(body), "lazy_load_blob": shown})


class Door:
    """A listening socket, served from the first connection on: until then no HTTP is loaded."""

    def __init__(self, listener: socket.socket, ask: Asker) -> None:
        """Watch the socket on the running loop."""
        self._listener = listener
        self._ask = ask
        self._loop = asyncio.get_running_loop()
        self._server: Any = None  # tornado.httpserver.HTTPServer
        self._loop.add_reader(listener.fileno(), self._first)

    def _first(self) -> None:
        from tornado.httpserver import HTTPServer

        self._loop.remove_reader(self._listener.fileno())
        self._server = HTTPServer(_application(self._ask))
        self._server.add_socket(self._listener)

    async def close(self) -> None:
        """Stop listening, and end the connections."""
        if self._server is None:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
        else:
            self._server.stop()
            await self._server.close_all_connections()


def _application(ask: Asker) -> Any:  # tornado.web.Application
    from tornado.web import Application, RequestHandler

    class Message(RequestHandler):
        async def prepare(self) -> None:
            """Answer any HTTP method, as Kinode does."""
            status, body = await answer(self.request.body, ask)
            self.set_status(status)
            self.set_header("Content-Type", "text/html")
            self.finish(body)

    return Application([(ROUTE, Message)], log_function=lambda _: None)
