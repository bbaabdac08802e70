"""HTTP and WebSockets, for processes: helpers over ``http-server:distro:sys``.

Names are those of the module ``http::server`` in Kinode's own process_lib. A path is relative to
the process's own: ``/files`` of ``site:site:template.os`` is at ``/site:site:template.os/files``.
Helpers that wait raise HttpServerError (http-server refused), SendError (it did not answer) or
BodyError (its answer makes no sense).

http-server has to reach the process: one that is not public grants ``http-server:distro:sys`` the
capability to message it (``grant_capabilities`` in the manifest), and requests its in turn.

    async def init(our: Our) -> None:
        await http.bind_http_path(our, "/hello", authenticated=False)
        async for message in our:
            match http.parse_request(our, message):
                case http.IncomingHttpRequest(method="GET"):
                    await http.send_response(our, 200, {"Content-Type": "text/plain"}, b"Hello!")
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from kinode_nb.process_lib import vfs
from kinode_nb.process_lib.our import Our
from kinode_nb.types import (
    Address,
    BodyError,
    HttpServerError,
    LazyLoadBlob,
    Received,
    Request,
)
from kinode_nb.types.capabilities import HTTP_SERVER

_TIMEOUT = 5  # seconds, as in Kinode's process_lib
_MEANINGS = {
    "MalformedRequest": "http-server could not read the request",
    "NoBlob": "the bytes to serve or to send were missing",
    "InvalidSourceProcess": "only processes of the node itself may bind paths",
    "WsPingPongTooLong": "a ping or pong may have 125 bytes",
    "WsChannelNotFound": "that WebSocket is closed, or another process's",
}

WsMessageType = Literal["Text", "Binary", "Ping", "Pong", "Close"]


class IncomingHttpRequest(msgspec.Struct, frozen=True):
    """An HTTP request to a path that this process has bound; the body is the message's blob.

    Header names are in lower case. ``bound_path`` is the path as it was bound, process id and
    all; ``url_params`` are what stood for its ``:name`` segments.
    """

    source_socket_addr: str | None
    method: str
    url: str
    bound_path: str
    headers: dict[str, str]
    url_params: dict[str, str]
    query_params: dict[str, str]

    @property
    def path(self) -> str:
        """The path without the process id, such as ``/hello``."""
        return "/" + urlsplit(self.url).path.removeprefix("/").partition("/")[2]


class HttpResponse(msgspec.Struct, frozen=True):
    """What answers it; the body is the blob of the Response."""

    status: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    headers: dict[str, str]


class WebSocketOpen(msgspec.Struct, frozen=True):
    """A client has opened a WebSocket at one of the process's paths."""

    path: str
    channel_id: int


class WebSocketPush(msgspec.Struct, frozen=True):
    """A client has sent a frame; its bytes are the message's blob."""

    channel_id: int
    message_type: WsMessageType


class WebSocketClose(msgspec.Struct, frozen=True):
    """A WebSocket is closed; the channel is no more."""

    channel_id: int


HttpServerRequest = IncomingHttpRequest | WebSocketOpen | WebSocketPush | WebSocketClose


class _Said(msgspec.Struct, frozen=True):
    """All that http-server says: one of these is set."""

    http: IncomingHttpRequest | None = msgspec.field(name="Http", default=None)
    opened: WebSocketOpen | None = msgspec.field(name="WebSocketOpen", default=None)
    pushed: WebSocketPush | None = msgspec.field(name="WebSocketPush", default=None)
    closed: int | None = msgspec.field(name="WebSocketClose", default=None)


_read = msgspec.json.Decoder(_Said).decode


def parse_request(our: Our, message: Received) -> HttpServerRequest | None:
    """Return what a message from the own node's http-server tells; None for any other message.

    Raises BodyError where http-server says what this version does not know.
    """
    if not isinstance(message, Request) or message.source != Address(our.node, HTTP_SERVER):
        return None
    try:
        said = _read(message.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError(f"http-server said {message.body[:80]!r}: {error}") from None
    if said.closed is not None:
        return WebSocketClose(said.closed)
    request = said.http or said.opened or said.pushed
    if request is None:
        raise BodyError(f"http-server said {message.body[:80]!r}, which is not known here")
    return request


async def bind_http_path(
    our: Our,
    path: str,
    *,
    authenticated: bool = True,
    local_only: bool = False,
    static_content: LazyLoadBlob | None = None,
    allowed_origins: Sequence[str] = (),
) -> None:
    """Have the HTTP requests to a path; segments such as ``:id`` stand for any text.

    ``authenticated`` asks people to log in first. ``static_content`` is served to every GET
    without asking the process. ``allowed_origins`` are foreign web pages that may use the path,
    such as ``https://example.org``, or ``*``: no part of Kinode's, whose nodes let all in. What
    such a page may read of the answers is for their headers to say, as in all of the web.
    """
    action: dict[str, Any] = {
        "path": path,
        "authenticated": authenticated,
        "local_only": local_only,
        "cache": static_content is not None,
    }
    await _ask(our, {"Bind": _with_origins(action, allowed_origins)}, static_content)


async def secure_bind_http_path(
    our: Our, path: str, static_content: LazyLoadBlob | None = None
) -> None:
    """Have the requests to a path at the package's own subdomain alone; people log in there."""
    action = {"path": path, "cache": static_content is not None}
    await _ask(our, {"SecureBind": action}, static_content)


async def unbind_http_path(our: Our, path: str) -> None:
    """Have no more requests to a path; they are not found."""
    await _ask(our, {"Unbind": {"path": path}})


async def bind_ws_path(
    our: Our,
    path: str,
    *,
    authenticated: bool = True,
    extension: bool = False,
    allowed_origins: Sequence[str] = (),
) -> None:
    """Have the WebSockets of a path; see `bind_http_path`."""
    action = {"path": path, "authenticated": authenticated, "extension": extension}
    await _ask(our, {"WebSocketBind": _with_origins(action, allowed_origins)})


async def secure_bind_ws_path(our: Our, path: str, *, extension: bool = False) -> None:
    """Have the WebSockets of a path at the package's own subdomain alone."""
    await _ask(our, {"WebSocketSecureBind": {"path": path, "extension": extension}})


async def unbind_ws_path(our: Our, path: str) -> None:
    """Have no new WebSockets at a path; those that are open stay."""
    await _ask(our, {"WebSocketUnbind": {"path": path}})


async def serve_file(our: Our, file_path: str, paths: Sequence[str], **binding: Any) -> None:
    """Serve a file of the package's ``pkg`` drive at these paths; ``binding`` as `bind_http_path`.

    Raises VfsError too.
    """
    full = f"{our.package_id}/pkg/{file_path.lstrip('/')}"
    content = LazyLoadBlob(await vfs.File(our, full).read(), get_mime_type(file_path))
    for path in paths:
        await bind_http_path(our, path, static_content=content, **binding)


async def serve_ui(our: Our, directory: str, paths: Sequence[str], **binding: Any) -> None:
    """Serve a folder of the ``pkg`` drive, each file at its own path below the folder.

    Its ``index.html`` is also served at ``paths``.
    """
    top = directory.strip("/")
    await serve_file(our, f"{top}/index.html", paths, **binding)
    root = f"{our.package_id}/pkg/"
    folders = [top]
    while folders:
        for entry in await vfs.read_dir(our, root + folders.pop()):
            inside = entry.path.removeprefix(root)
            if entry.file_type == "Directory":
                folders.append(inside)
            elif entry.file_type == "File":
                await serve_file(our, inside, [inside.removeprefix(top)], **binding)


async def send_response(
    our: Our,
    status: int,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    to: Request | None = None,
) -> None:
    """Answer the HTTP request that is being handled, or ``to``.

    Without a ``Content-Type`` the client is told ``application/octet-stream``.
    """
    response = HttpResponse(status, dict(headers or {}))
    await our.send_response(msgspec.json.encode(response), blob=LazyLoadBlob(body), to=to)


async def send_ws_push(
    our: Our, channel_id: int, message_type: WsMessageType, data: bytes | str
) -> None:
    """Send a frame to the client of a channel; what becomes of it is not told."""
    blob = LazyLoadBlob(data.encode() if isinstance(data, str) else data)
    action = {"channel_id": channel_id, "message_type": message_type}
    await our.send_request(_server(our), {"WebSocketPush": action}, blob=blob)


async def close_ws(our: Our, channel_id: int) -> None:
    """Close a channel of this process; no error when it is closed already."""
    await _ask(our, {"WebSocketClose": channel_id})


def get_mime_type(filename: str) -> str:
    """Return the MIME type that a file's name tells, ``application/octet-stream`` when none."""
    import mimetypes

    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _with_origins(action: dict[str, Any], allowed_origins: Sequence[str]) -> dict[str, Any]:
    return {**action, "allowed_origins": list(allowed_origins)} if allowed_origins else action


def _server(our: Our) -> Address:
    return Address(our.node, HTTP_SERVER)


async def _ask(our: Our, action: dict[str, Any], blob: LazyLoadBlob | None = None) -> None:
    response = await our.send_and_await_response(_server(our), action, _TIMEOUT, blob=blob)
    answer = response.json()
    if answer == {"Ok": None}:
        return
    kind = answer.get("Err") if isinstance(answer, dict) else None
    if not isinstance(kind, str):
        raise BodyError(f"http-server should have answered Ok or Err, not {answer!r}")
    raise HttpServerError(kind, _MEANINGS.get(kind, kind))
