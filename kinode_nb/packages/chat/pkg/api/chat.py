"""The types of ``interface chat``, generated from chat.wit.

The build writes this anew: change the WIT instead.
"""
# ruff: noqa: D205, D400, D403, D415, E501, I001, N801, N818, RUF100, TID252

from __future__ import annotations

import pathlib
import typing

from kinode_nb import wit

__all__ = ["ChatMessage", "Request", "Response", "SendRequest"]

if typing.TYPE_CHECKING:
    import msgspec

    class Request(wit.Variant):
        """The variant ``request``."""

        Send: typing.TypeAlias = "_Request_Send"
        History: typing.TypeAlias = "_Request_History"

    class _Request_Send(Request, msgspec.Struct, frozen=True):
        """The case ``send``."""

        value: SendRequest

    class _Request_History(Request, msgspec.Struct, frozen=True):
        """the history with this node"""

        value: str

    class Response(wit.Variant):
        """The variant ``response``."""

        Send: typing.TypeAlias = "_Response_Send"
        History: typing.TypeAlias = "_Response_History"

    class _Response_Send(Response):
        """The case ``send``."""

        __match_args__ = ()

    class _Response_History(Response, msgspec.Struct, frozen=True):
        """The case ``history``."""

        value: list[ChatMessage]

    class SendRequest(msgspec.Struct, frozen=True):
        """The record ``send-request``."""

        target: str
        message: str

    class ChatMessage(msgspec.Struct, frozen=True):
        """The record ``chat-message``."""

        author: str
        content: str

else:
    _api = wit.load(pathlib.Path(__file__).parent, "chat")
    Request = _api.Request
    Response = _api.Response
    SendRequest = _api.SendRequest
    ChatMessage = _api.ChatMessage
