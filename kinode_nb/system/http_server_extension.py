"""Runtime extensions: programs of the machine that a process talks to over a WebSocket.

What goes to one is MessagePack, ``{"WebSocketExtPushData": {"id", "kinode_message_type", "blob"}}``
with the id of the process's own Request; what the extension says in the same form becomes a
Request to the process, or the Response to the Request of that id (``http/server.rs``).
"""

from typing import Literal

import msgspec

from kinode_nb.process_lib import ProcessId, Request
from kinode_nb.system.http_server_actions import WebSocketExtPushOutgoing

_MOST = 1024  # Requests that wait for an extension; the oldest is forgotten for one more


class PushData(msgspec.Struct):
    """A frame to or from an extension."""

    id: int
    kinode_message_type: Literal["Request", "Response"]
    blob: list[int] | bytes


class _Tagged(msgspec.Struct):
    data: PushData = msgspec.field(name="WebSocketExtPushData")


_read = msgspec.msgpack.Decoder(_Tagged).decode
_write = msgspec.msgpack.Encoder().encode


class Extensions:
    """Requests whose answers come from extensions, by id."""

    def __init__(self) -> None:
        """Start with none."""
        self._waiting: dict[int, Request] = {}

    def outgoing(self, request: Request, action: WebSocketExtPushOutgoing, data: bytes) -> bytes:
        """Return the frame for a process's Request, and remember who asked."""
        if request.expects_response is not None:
            self._waiting[request.id] = request
            if len(self._waiting) > _MOST:
                del self._waiting[next(iter(self._waiting))]
        # rmp_serde writes bytes as a list of numbers
        return _write(_Tagged(PushData(request.id, action.desired_reply_type, list(data))))

    def taken(self, id_: int, owner: ProcessId) -> Request | None:
        """Return the Request of a process that an answer is for, once."""
        request = self._waiting.get(id_)
        if request is None or request.source.process != owner:
            return None
        return self._waiting.pop(id_)

    def forget(self, owner: ProcessId) -> None:
        """Forget the Requests of a process that has ended."""
        for id_ in [id_ for id_, each in self._waiting.items() if each.source.process == owner]:
            del self._waiting[id_]


def incoming(frame: bytes) -> PushData | None:
    """Read what an extension says; None: it is no such thing, but plain data."""
    try:
        data = _read(frame).data
        data.blob = bytes(data.blob)
    except (ValueError, RecursionError):
        return None
    return data
