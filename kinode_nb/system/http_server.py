"""``http-server:distro:sys``: processes bind HTTP and WebSocket paths here.

Requests and answers are those of Kinode's http-server (``kinode/src/http/server.rs``);
`process_lib.http` writes them for process authors. `http_server_front` answers the clients.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from kinode_nb.process_lib import LazyLoadBlob, Our, ProcessId, Request
from kinode_nb.system import http_server_actions as actions
from kinode_nb.system.http_server_actions import (
    INVALID_SOURCE_PROCESS,
    NO_BLOB,
    Action,
    Refused,
)
from kinode_nb.system.http_server_channels import Channels
from kinode_nb.system.http_server_extension import Extensions
from kinode_nb.system.http_server_paths import Binding, PathTable, full_path, secure_subdomain

if TYPE_CHECKING:
    from kinode_nb.system.http_server_login import Logins

TIMEOUT = 15.0
"""Seconds that a process has to answer an HTTP request, unless the node was booted with others."""


class Settings(msgspec.Struct, frozen=True):
    """What a node decides for its http-server."""

    node: str
    bits: Callable[[int], int]
    """Returns that many random bits."""
    now: Callable[[], float]
    """Returns the seconds since 1970."""
    timeout: float = TIMEOUT
    password: str | None = None
    """What to log in with; None: any password will do."""


class HttpServer:
    """The program: call it with a process's `Our`, as ``init(our)``."""

    def __init__(self, settings: Settings) -> None:
        """Start with nothing bound."""
        self.settings = settings
        self.paths = PathTable()
        self.ws_paths = PathTable()
        self.channels = Channels(settings.bits)
        self.extensions = Extensions()

    @cached_property
    def logins(self) -> "Logins":
        """Who has logged in to this node; made when somebody asks."""
        from kinode_nb.system.http_server_login import Logins

        return Logins(self.settings.node, self.settings.password, self.settings.now)

    async def __call__(self, our: Our) -> None:
        """Carry out the actions that processes ask for, one after the other."""
        async for message in our:
            if isinstance(message, Request):
                await self._answer(our, message)

    def forget(self, process: ProcessId) -> None:
        """Unbind the paths and close the WebSockets of a process that has ended."""
        self.paths.forget(process)
        self.ws_paths.forget(process)
        self.channels.forget(process)
        self.extensions.forget(process)

    async def _answer(self, our: Our, request: Request) -> None:
        try:
            if request.source.node != our.node:
                raise Refused(INVALID_SOURCE_PROCESS)  # noqa: TRY301 - answered as the others
            action = actions.read(request.body)
            done = self._act(request, action, our.get_blob())
        except Refused as error:
            asker = msgspec.structs.replace(request, rsvp=None)  # errors go to the source itself
            await our.send_response({"Err": str(error)}, to=asker)
            return
        if done and (request.expects_response is not None or request.rsvp is not None):
            await our.send_response(b'{"Ok":null}', to=request)
        if isinstance(action, actions.WebSocketPush | actions.WebSocketExtPushOutgoing):
            await self.channels.drained(action.channel_id)  # holds up those who push

    def _act(self, request: Request, action: Action, blob: LazyLoadBlob | None) -> bool:
        """Carry out one action; False when its answer comes later. Raises Refused."""
        source = request.source.process
        match action:
            case actions.WebSocketPush():
                data = blob.bytes if blob is not None else None
                if data is None and action.message_type != "Close":
                    raise Refused(NO_BLOB)
                self.channels.push(source, action.channel_id, action.message_type, data or b"")
            case actions.WebSocketExtPushOutgoing():
                if blob is None or action.message_type != "Binary":
                    raise Refused(NO_BLOB)
                data = self.extensions.outgoing(request, action, blob.bytes)
                try:
                    self.channels.push(source, action.channel_id, "Binary", data)
                except Refused:
                    self.extensions.taken(request.id, source)
                    raise
                return False
            case actions.WebSocketClose():
                self.channels.close(source, action.channel_id)
            case actions.Bind() | actions.SecureBind() | actions.Unbind():
                self.paths.bind(_binding(source, action, blob))
            case _:
                self.ws_paths.bind(_ws_binding(source, action))
        return True


def _binding(
    source: ProcessId,
    action: actions.Bind | actions.SecureBind | actions.Unbind,
    blob: LazyLoadBlob | None,
) -> Binding:
    path = full_path(source, action.path)
    if isinstance(action, actions.Unbind):
        return Binding(path, source, bound=False)
    if action.cache and blob is None:
        raise Refused(NO_BLOB)
    content = blob if action.cache else None
    if isinstance(action, actions.SecureBind):
        subdomain = secure_subdomain(source)
        return Binding(path, source, authenticated=True, subdomain=subdomain, content=content)
    return Binding(
        path,
        source,
        authenticated=action.authenticated,
        local_only=action.local_only,
        content=content,
        allowed_origins=_origins(action.allowed_origins),
    )


def _ws_binding(
    source: ProcessId,
    action: actions.WebSocketBind | actions.WebSocketSecureBind | actions.WebSocketUnbind,
) -> Binding:
    path = full_path(source, action.path)
    match action:
        case actions.WebSocketUnbind():
            return Binding(path, source, bound=False)
        case actions.WebSocketSecureBind():
            return Binding(
                path,
                source,
                authenticated=True,
                subdomain=secure_subdomain(source),
                extension=action.extension,
            )
        case _:
            return Binding(
                path,
                source,
                authenticated=action.authenticated,
                extension=action.extension,
                allowed_origins=_origins(action.allowed_origins),
            )


def _origins(written: list[str]) -> frozenset[str]:
    """Return origins as browsers write them."""
    return frozenset(each.rstrip("/").lower() for each in written)
