"""The types of ``interface standard``, generated from Kinode's own WIT.

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

    NodeId: typing.TypeAlias = "str"

    Context: typing.TypeAlias = "bytes"

    _LazyLoadBlob_bytes: typing.TypeAlias = "bytes"

    class LazyLoadBlob(msgspec.Struct, frozen=True):
        """The record ``lazy-load-blob``."""

        mime: str | None
        bytes: _LazyLoadBlob_bytes

    class Request(msgspec.Struct, frozen=True):
        """The record ``request``."""

        inherit: bool
        expects_response: int | None
        body: bytes
        metadata: Json | None
        capabilities: list[Capability]

    class Response(msgspec.Struct, frozen=True):
        """The record ``response``."""

        inherit: bool
        body: bytes
        metadata: Json | None
        capabilities: list[Capability]

    class Message(wit.Variant):
        """The variant ``message``."""

        Request: typing.TypeAlias = "_Message_Request"
        Response: typing.TypeAlias = "_Message_Response"

    class _Message_Request(Message, msgspec.Struct, frozen=True):
        """The case ``request``."""

        value: Request

    class _Message_Response(Message, msgspec.Struct, frozen=True):
        """The case ``response``."""

        value: tuple[Response, Context | None]

    class OnExit(wit.Variant):
        """The variant ``on-exit``."""

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
        """The record ``send-error``."""

        kind: SendErrorKind
        target: Address
        message: Message
        lazy_load_blob: LazyLoadBlob | None = None

    class SendErrorKind(enum.Enum):
        """The enum ``send-error-kind``."""

        Offline = "Offline"
        Timeout = "Timeout"

    class SpawnError(enum.Enum):
        """The enum ``spawn-error``."""

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
    Capability = _api.Capability
    Request = _api.Request
    Response = _api.Response
    Message = _api.Message
    OnExit = _api.OnExit
    SendError = _api.SendError
    SendErrorKind = _api.SendErrorKind
    SpawnError = _api.SpawnError
