"""The types of ``interface standard``, generated from kinode.wit.

What every process can use: Kinode's types, and its system calls.

The build writes this anew: change the WIT instead.
"""
# ruff: noqa: D205, D400, D403, D415, E501, I001, N801, N818, RUF100, TID252

from __future__ import annotations

import enum
import typing

from kinode_nb import wit

__all__ = [
    "Address",
    "Capability",
    "Context",
    "Json",
    "LazyLoadBlob",
    "Message",
    "NodeId",
    "OnExit",
    "PackageId",
    "ProcessId",
    "Request",
    "Response",
    "SendError",
    "SendErrorKind",
    "SpawnError",
]

if typing.TYPE_CHECKING:
    import msgspec

    from kinode_nb.types import Address, Capability, PackageId, ProcessId

    Json: typing.TypeAlias = "str"
    """JSON, as text."""

    NodeId: typing.TypeAlias = "str"
    """A node's name."""

    Context: typing.TypeAlias = "bytes"
    """A note that the sender of a request keeps, and gets back with the response."""

    _LazyLoadBlob_bytes: typing.TypeAlias = "bytes"

    class LazyLoadBlob(msgspec.Struct, frozen=True):
        """Bytes that travel beside a message's body, loaded when they are asked for."""

        mime: str | None
        bytes: _LazyLoadBlob_bytes

    class Request(msgspec.Struct, frozen=True):
        """A message that may be answered."""

        inherit: bool
        """Pass on the blob of the message being handled, and let its sender have the answer."""
        expects_response: int | None
        """How many seconds an answer may take; none: no answer is wanted."""
        body: bytes
        metadata: Json | None
        capabilities: list[Capability]

    class Response(msgspec.Struct, frozen=True):
        """The answer to a request."""

        inherit: bool
        """Pass on the blob of the message being handled."""
        body: bytes
        metadata: Json | None
        capabilities: list[Capability]

    class Message(wit.Variant):
        """A request, or a response with the context of the request that it answers."""

        Request: typing.TypeAlias = "_Message_Request"
        Response: typing.TypeAlias = "_Message_Response"

    class _Message_Request(Message, msgspec.Struct, frozen=True):
        """The case ``request``."""

        value: Request

    class _Message_Response(Message, msgspec.Struct, frozen=True):
        """The case ``response``."""

        value: tuple[Response, Context | None]

    class OnExit(wit.Variant):
        """What happens when a process ends, however it does."""

        None_: typing.TypeAlias = "_OnExit_None"
        Restart: typing.TypeAlias = "_OnExit_Restart"
        Requests: typing.TypeAlias = "_OnExit_Requests"

    class _OnExit_None(OnExit):
        """The case ``none``."""

        __match_args__ = ()

    class _OnExit_Restart(OnExit):
        """The case ``restart``."""

        __match_args__ = ()

    class _OnExit_Requests(OnExit, msgspec.Struct, frozen=True):
        """The case ``requests``."""

        value: list[tuple[Address, Request, LazyLoadBlob | None]]

    class SendError(msgspec.Struct, frozen=True):
        """A message that nobody will answer, given back to its sender."""

        kind: SendErrorKind
        target: Address
        message: Message
        lazy_load_blob: LazyLoadBlob | None = None

    class SendErrorKind(enum.Enum):
        """Why a message is not answered."""

        Offline = "Offline"
        Timeout = "Timeout"

    class SpawnError(enum.Enum):
        """Why a process was not spawned."""

        NameTaken = "NameTaken"
        NoFileAtPath = "NoFileAtPath"

else:
    _api = wit.standard_interface()
    Json = _api.Json
    NodeId = _api.NodeId
    Context = _api.Context
    ProcessId = _api.ProcessId
    PackageId = _api.PackageId
    Address = _api.Address
    LazyLoadBlob = _api.LazyLoadBlob
    Request = _api.Request
    Response = _api.Response
    Message = _api.Message
    Capability = _api.Capability
    OnExit = _api.OnExit
    SendError = _api.SendError
    SendErrorKind = _api.SendErrorKind
    SpawnError = _api.SpawnError
