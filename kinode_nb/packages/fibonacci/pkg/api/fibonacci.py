"""The types of ``interface fibonacci``, generated from fibonacci.wit.

The build writes this anew: change the WIT instead.
"""
# ruff: noqa: D205, D400, D403, D415, E501, I001, N801, N818, RUF100, TID252

from __future__ import annotations

import pathlib
import typing

from kinode_nb import wit

__all__ = ["Request", "Response"]

if typing.TYPE_CHECKING:
    import msgspec

    class Request(wit.Variant):
        """The variant ``request``."""

        Number: typing.TypeAlias = "_Request_Number"
        Numbers: typing.TypeAlias = "_Request_Numbers"

    class _Request_Number(Request, msgspec.Struct, frozen=True):
        """the n-th number"""

        value: int

    class _Request_Numbers(Request, msgspec.Struct, frozen=True):
        """the n-th number, so many times"""

        value: tuple[int, int]

    class Response(wit.Variant):
        """The variant ``response``."""

        Number: typing.TypeAlias = "_Response_Number"
        Numbers: typing.TypeAlias = "_Response_Numbers"

    class _Response_Number(Response, msgspec.Struct, frozen=True):
        """The case ``number``."""

        value: int

    class _Response_Numbers(Response, msgspec.Struct, frozen=True):
        """The case ``numbers``."""

        value: tuple[int, int]

else:
    _api = wit.load(pathlib.Path(__file__).parent, "fibonacci")
    Request = _api.Request
    Response = _api.Response
