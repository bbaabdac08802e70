"""The types of ``interface file-transfer-worker``, generated from file-transfer-worker.wit.

The build writes this anew: change the WIT instead.
"""
# ruff: noqa: D205, D400, D403, D415, E501, I001, N801, N818, RUF100, TID252

from __future__ import annotations

import pathlib
import typing

from kinode_nb import process_lib, wit

__all__ = [
    "Address",
    "ChunkRequest",
    "DownloadRequest",
    "InternalRequest",
    "ProgressRequest",
    "Request",
    "Response",
    "start_download",
]

if typing.TYPE_CHECKING:
    import msgspec

    from kinode_nb.process_lib import Address

    class Request(wit.Variant):
        """The variant ``request``."""

        Download: typing.TypeAlias = "_Request_Download"
        Progress: typing.TypeAlias = "_Request_Progress"

    class _Request_Download(Request, msgspec.Struct, frozen=True):
        """from the parent, and between the two nodes' main processes"""

        value: DownloadRequest

    class _Request_Progress(Request, msgspec.Struct, frozen=True):
        """from a worker to its parent"""

        value: ProgressRequest

    class Response(wit.Variant):
        """The variant ``response``."""

        Download: typing.TypeAlias = "_Response_Download"
        Progress: typing.TypeAlias = "_Response_Progress"

    class _Response_Download(Response, msgspec.Struct, frozen=True):
        """The case ``download``."""

        value: wit.Ok[None] | wit.Err[str]

    class _Response_Progress(Response):
        """The case ``progress``."""

        __match_args__ = ()

    class InternalRequest(wit.Variant):
        """between the two workers"""

        Chunk: typing.TypeAlias = "_InternalRequest_Chunk"
        Size: typing.TypeAlias = "_InternalRequest_Size"

    class _InternalRequest_Chunk(InternalRequest, msgspec.Struct, frozen=True):
        """the bytes are in the blob"""

        value: ChunkRequest

    class _InternalRequest_Size(InternalRequest, msgspec.Struct, frozen=True):
        """The case ``size``."""

        value: int

    class DownloadRequest(msgspec.Struct, frozen=True):
        """The record ``download-request``."""

        name: str
        target: Address
        is_requestor: bool

    class ProgressRequest(msgspec.Struct, frozen=True):
        """The record ``progress-request``."""

        name: str
        progress: int

    class ChunkRequest(msgspec.Struct, frozen=True):
        """The record ``chunk-request``."""

        name: str
        offset: int
        length: int

else:
    _api = wit.load(pathlib.Path(__file__).parent, "file-transfer-worker")
    Address = _api.Address
    Request = _api.Request
    Response = _api.Response
    InternalRequest = _api.InternalRequest
    DownloadRequest = _api.DownloadRequest
    ProgressRequest = _api.ProgressRequest
    ChunkRequest = _api.ChunkRequest


async def start_download(
    our: process_lib.Our, name: str, target: Address, is_requestor: bool
) -> wit.Ok[None] | wit.Err[str]:
    """spawn a worker and begin a download"""
    from ..file_transfer_worker_api import start_download as _implemented

    return await _implemented(our, name, target, is_requestor)
