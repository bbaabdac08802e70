"""What clients get: every HTTP request and every WebSocket is decided here.

In this order: the caller's host, the path, the page that asks, the login, local callers, cached
content, and then the process that bound the path.
"""

from urllib.parse import quote

import msgspec

from kinode_nb.process_lib import LazyLoadBlob, ProcessId
from kinode_nb.system import http_server_rpc as rpc
from kinode_nb.system.http_server import HttpServer
from kinode_nb.system.http_server_asking import Asker
from kinode_nb.system.http_server_calls import (
    MOST_BODY,
    MOST_HEADERS,
    MOST_LOGIN,
    MOST_TARGET,
    Call,
    Reply,
    normal,
    plain,
)
from kinode_nb.system.http_server_channels import MOST, Channel, Wire
from kinode_nb.system.http_server_extension import incoming
from kinode_nb.system.http_server_guard import (
    foreign_page,
    is_loopback,
    prefix_of,
    refuse_host,
    refuse_page,
)
from kinode_nb.system.http_server_paths import Binding, own_path
from kinode_nb.system.http_server_requests import forward

_LOGIN = "/login"
_HOW_TO_BIND = "no path is bound yet: a process binds one with http.bind_http_path(our, path)"
_MOST_SHOWN = 10  # paths that the answer to a wrong one names
_MOST_DIGITS = 18  # Python refuses to read numbers of some thousands
_URL = "/:?#[]@!$&'()*+,;=%~"  # what has a meaning in an address, or has been escaped already


class Opening(msgspec.Struct, frozen=True):
    """A WebSocket that may be opened."""

    owner: ProcessId
    path: str
    """As the process knows it."""
    extension: bool


class Front:
    """The HTTP side of one node's http-server."""

    def __init__(self, server: HttpServer, asker: Asker, port: int) -> None:
        """Answer for the server at a port; ``asker`` sends its messages."""
        self.server = server
        self._asker = asker
        self._port = port

    def refuse(self, call: Call) -> Reply | None:
        """Return the reply to a request that need not be read to its end; None: read on."""
        if len(call.path) + len(call.query) > MOST_TARGET:
            return plain(414, f"the address is longer than {MOST_TARGET} bytes")
        if sum(len(name) + len(value) for name, value in call.headers.items()) > MOST_HEADERS:
            return plain(431, f"the headers are longer than {MOST_HEADERS} bytes")
        length = call.headers.get("content-length", "0").lstrip("0")
        if length.isdecimal() and (len(length) > _MOST_DIGITS or int(length) > self.most(call)):
            return self.too_long(call)
        return refuse_host(call, self._port)

    def most(self, call: Call) -> int:
        """Return how many bytes the request's body may have."""
        return MOST_LOGIN if normal(call.path) == _LOGIN else MOST_BODY

    def too_long(self, call: Call) -> Reply:
        """Return the reply to a request whose body is longer than that."""
        return plain(413, f"a body may have {self.most(call)} bytes here")

    async def answer(self, call: Call) -> Reply:
        """Answer a whole HTTP request that was not refused."""
        path = normal(call.path)
        if path == rpc.PATH:
            return await self._rpc(call)
        if path == _LOGIN and call.method in {"GET", "HEAD"}:
            return self.server.logins.page(prefix_of(call))
        if path == _LOGIN and call.method == "POST":
            page = foreign_page(call, links=False)
            return refuse_page(page) if page else self.server.logins.log_in(call.body)
        return await self._bound(call)

    async def _rpc(self, call: Call) -> Reply:
        page = foreign_page(call, links=False)
        if page is not None:
            return refuse_page(page)
        if not _is_local(call):
            return plain(403, "messages are taken from this machine alone")
        return await rpc.answer(call.body, self._asker(), self.server.settings.timeout)

    async def _bound(self, call: Call) -> Reply:
        match = self.server.paths.find_or_base(call.path)
        if match is None or not match.binding.bound:
            return self._unbound(call)
        binding = match.binding
        refused = _refuse_foreign(call, binding) or self._refuse_stranger(call, binding)
        if refused is not None:
            return refused
        if binding.local_only and not _is_local(call):
            return plain(403, "this path is for this machine alone")
        if binding.content is not None and call.method == "GET":
            return _cached(binding.content)
        our = self._asker(rsvp=False)
        return await forward(call, match, our, self.server.settings.timeout)

    def _unbound(self, call: Call) -> Reply:
        asked = (normal(call.path) or "/")[:80]
        text = f"no process of {self.server.settings.node} has bound {asked!a}"
        if _is_local(call):  # strangers need not know what there is
            paths = self.server.paths.bound()
            more = f" and {len(paths) - _MOST_SHOWN} more" if len(paths) > _MOST_SHOWN else ""
            shown = ", ".join(ascii(each)[1:-1] for each in paths[:_MOST_SHOWN])
            text += f"; bound are: {shown}{more}" if paths else f"; {_HOW_TO_BIND}"
        return plain(404, text)

    def _refuse_stranger(self, call: Call, binding: Binding) -> Reply | None:
        """Return the login page where one has to log in first, and has not."""
        if not binding.authenticated:
            return None
        name = None
        if binding.subdomain is not None:
            if call.host.partition(".")[0] != binding.subdomain:
                return _redirect(call, binding.subdomain)
            name = str(binding.owner)
        logins = self.server.logins
        if logins.admits(call.headers.get("cookie", ""), name):
            return None
        return logins.page(prefix_of(call), name)

    def opening(self, call: Call) -> Opening | Reply | None:
        """Decide on a WebSocket; None: nobody has bound one there, so it is an HTTP request."""
        match = self.server.ws_paths.find(call.path)
        if match is None or not match.binding.bound:
            return None
        binding = match.binding
        refused = _refuse_foreign(call, binding)
        if refused is None and self._refuse_stranger(call, binding) is not None:
            refused = plain(401, "log in first: GET /login")
        if refused is None and binding.extension and not _is_local(call):
            refused = plain(403, "extensions run on this machine")
        if refused is None and len(self.server.channels) >= MOST:
            refused = plain(503, f"{MOST} WebSockets are open, and there may be no more")
        return refused or Opening(
            binding.owner, own_path(binding.owner, call.path), binding.extension
        )

    def open(self, opening: Opening, wire: Wire) -> Channel | None:
        """Give a WebSocket its channel; None when there are too many by now."""
        channels = self.server.channels
        if len(channels) >= MOST:
            return None
        return channels.open(opening.owner, wire, self._asker(), extension=opening.extension)

    async def received(self, channel: Channel, frame: str, data: bytes) -> None:
        """Hand a frame of a client to its process."""
        said = incoming(data) if channel.extension else None
        if said is None:
            await channel.received(frame, data)
        elif said.kinode_message_type == "Request":
            await channel.received(frame, bytes(said.blob))
        else:
            request = self.server.extensions.taken(said.id, channel.owner)
            if request is not None:
                body = channel.pushed(frame)
                blob = LazyLoadBlob(bytes(said.blob))
                await self._asker().send_response(body, blob=blob, to=request)


def _refuse_foreign(call: Call, binding: Binding) -> Reply | None:
    page = foreign_page(call)
    if page is None or {"*", page} & binding.allowed_origins:
        return None
    hint = f": {binding.owner} can let it in with allowed_origins when it binds the path"
    return refuse_page(page, hint)


def _is_local(call: Call) -> bool:
    """Tell whether a caller is on this machine: also by its Host, for a proxy is here itself."""
    return is_loopback(call.peer[0]) and is_loopback(call.host)


def _redirect(call: Call, subdomain: str) -> Reply:
    if not is_loopback(call.host):
        return plain(
            403, f"this path is at {subdomain}.localhost alone, which a proxy cannot reach"
        )
    port = call.headers.get("host", "").rpartition("]")[2].partition(":")[2]
    name = f"{subdomain}.localhost{f':{port}' if port.isdecimal() else ''}"
    target = f"{call.path}?{call.query}" if call.query else call.path
    return Reply(307, b"", {"Location": f"http://{name}{quote(target, _URL, 'latin-1')}"})


def _cached(content: LazyLoadBlob) -> Reply:
    return Reply(200, content.bytes, {"Content-Type": content.mime or "text/plain"})
