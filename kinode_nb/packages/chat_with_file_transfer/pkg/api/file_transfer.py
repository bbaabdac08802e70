"""The types of ``interface file-transfer``, generated from file-transfer.wit.

The build writes this anew: change the WIT instead.
"""
# ruff: noqa: D205, D400, D403, D415, E501, I001, N801, N818, RUF100, TID252

from __future__ import annotations

import pathlib
import typing

from kinode_nb import wit

__all__ = ["FileInfo", "TransferRequest", "TransferResponse"]

if typing.TYPE_CHECKING:
    import msgspec

    class TransferRequest(wit.Variant):
        """The variant ``transfer-request``."""

        ListFiles: typing.TypeAlias = "_TransferRequest_ListFiles"

    class _TransferRequest_ListFiles(TransferRequest):
        """The case ``list-files``."""

        __match_args__ = ()

    class TransferResponse(wit.Variant):
        """The variant ``transfer-response``."""

        ListFiles: typing.TypeAlias = "_TransferResponse_ListFiles"

    class _TransferResponse_ListFiles(TransferResponse, msgspec.Struct, frozen=True):
        """The case ``list-files``."""

        value: list[FileInfo]

    class FileInfo(msgspec.Struct, frozen=True):
        """The record ``file-info``."""

        name: str
        """the file's whole vfs path"""
        size: int

else:
    _api = wit.load(pathlib.Path(__file__).parent, "file-transfer")
    TransferRequest = _api.TransferRequest
    TransferResponse = _api.TransferResponse
    FileInfo = _api.FileInfo
