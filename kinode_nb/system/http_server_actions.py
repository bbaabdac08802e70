"""Requests to http-server: one action each, as ``{"Bind": {…}}`` (``http/server_types.rs``)."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

MALFORMED_REQUEST = "MalformedRequest"
NO_BLOB = "NoBlob"
INVALID_SOURCE_PROCESS = "InvalidSourceProcess"
WS_PING_PONG_TOO_LONG = "WsPingPongTooLong"
WS_CHANNEL_NOT_FOUND = "WsChannelNotFound"

ChannelId = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]
Frame = Literal["Text", "Binary", "Ping", "Pong", "Close"]


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An action that is not carried out; its text is Kinode's name of the error."""


class Bind(msgspec.Struct):
    """Have requests to a path; ``allowed_origins`` is no part of Kinode's."""

    path: str
    authenticated: bool
    local_only: bool
    cache: bool
    allowed_origins: list[str] = []


class SecureBind(msgspec.Struct):
    """Have requests to a path of the package's own subdomain."""

    path: str
    cache: bool


class Unbind(msgspec.Struct):
    """Have no more of them."""

    path: str


class WebSocketBind(msgspec.Struct):
    """Have WebSockets at a path; ``allowed_origins`` is no part of Kinode's."""

    path: str
    authenticated: bool
    extension: bool
    allowed_origins: list[str] = []


class WebSocketSecureBind(msgspec.Struct):
    """Have WebSockets at a path of the package's own subdomain."""

    path: str
    extension: bool


class WebSocketUnbind(msgspec.Struct):
    """Have no new ones."""

    path: str


class WebSocketPush(msgspec.Struct):
    """Send the blob to a client."""

    channel_id: ChannelId
    message_type: Frame


class WebSocketExtPushOutgoing(msgspec.Struct):
    """Send the blob to a runtime extension, which answers with what is desired."""

    channel_id: ChannelId
    message_type: Frame
    desired_reply_type: Literal["Request", "Response"]


class WebSocketClose(msgspec.Struct):
    """Close a channel."""

    channel_id: ChannelId


Action = (
    Bind
    | SecureBind
    | Unbind
    | WebSocketBind
    | WebSocketSecureBind
    | WebSocketUnbind
    | WebSocketPush
    | WebSocketExtPushOutgoing
    | WebSocketClose
)

_STRUCTS: tuple[type[Action], ...] = (
    Bind,
    SecureBind,
    Unbind,
    WebSocketBind,
    WebSocketSecureBind,
    WebSocketUnbind,
    WebSocketPush,
    WebSocketExtPushOutgoing,
)
_read_tag = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_value: dict[str, Callable[[msgspec.Raw], Any]] = {
    each.__name__: msgspec.json.Decoder(each).decode for each in _STRUCTS
}
_read_channel = msgspec.json.Decoder(ChannelId).decode


def read(body: bytes) -> Action:
    """Read an action; raises Refused."""
    try:
        tagged = _read_tag(body)
        ((name, raw),) = tagged.items()
        if name == "WebSocketClose":
            return WebSocketClose(_read_channel(raw))
        return _read_value[name](raw)  # type: ignore[no-any-return]  # by the decoder of its name
    except (ValueError, KeyError, RecursionError):  # msgspec's errors are ValueErrors
        raise Refused(MALFORMED_REQUEST) from None
