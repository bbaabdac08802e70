"""The provider's worker: opens the file, says so, and sends it chunk by chunk."""

import asyncio
from itertools import islice

from kinode_nb import wit
from kinode_nb.process_lib import (
    LazyLoadBlob,
    Our,
    Request,
    Response,
    SendError,
    VfsError,
    vfs,
)
from kinode_nb.types import nearest

from .api.file_transfer_worker import ChunkRequest, DownloadRequest, InternalRequest
from .api.file_transfer_worker import Response as WorkerResponse
from .file_transfer_digest import Digest, digest_of
from .file_transfer_wire import (
    CHUNK,
    DIFFERS,
    SECONDS,
    WINDOW,
    Failure,
    Offer,
    bare_name,
    download_answer,
    patience,
    read,
    safe_name,
    write,
)

_TRIES = 3  # times that one chunk is sent before its requestor counts as gone
_COMPARED = "compared"
"""The context of the Size that tells our digest."""
_LOOKED_AT = 1000  # files, to find a name near the one that was asked for
_SMALL = 1 << 16  # bytes: a file that is not opened, but read at one stroke


class Sender:
    """One upload to the worker that asked for it."""

    def __init__(self, our: Our, first: Request, download: DownloadRequest) -> None:
        """Serve ``download``, the parent's first message."""
        self._our = our
        self._first = first
        self._peer = download.target
        self._given = download.name
        offer = read(first.metadata)
        self._plain = offer is None or not offer.acknowledge
        self._offer = offer or Offer()
        self._size = 0
        self._small = b""
        """The whole of a small file."""
        self._under_way = 0
        self._stop = ""

    async def run(self) -> None:
        """Answer the Download once the file is open; then send it."""
        try:
            name = safe_name(bare_name(self._given, self._our.package_id))
            file = await self._open(f"{self._our.package_id}/files/{name}")
            compare = self._comparable()
        except (Failure, VfsError, SendError) as failure:
            await self._answer(wit.Err(str(failure)), Offer(error=str(failure)))
            return
        try:
            await self._serve(file, name, compare=compare)
        finally:
            if file is not None:
                await file.close()

    async def _serve(self, file: vfs.File | None, name: str, *, compare: bool) -> None:
        try:
            await self._answer(wit.Ok(), Offer(size=self._size, compare=compare))
            await self._our.send_request(self._peer, InternalRequest.Size(self._size))
            if not compare or await self._wanted(file):
                await self._send(file, name)
        except (Failure, VfsError, SendError) as failure:
            await self._abort(str(failure))

    async def _open(self, path: str) -> vfs.File | None:
        """Open the file; a small one is read at once instead."""
        try:
            meta = await vfs.metadata(self._our, path)
            if meta.file_type != "File":
                raise Failure(f"{self._given!r} is no file on {self._our.node}")
            if meta.len < _SMALL:
                self._small = await vfs.File(self._our, path).read()
                self._size = len(self._small)
                return None
            self._size = meta.len
            return await vfs.open_file(self._our, path)
        except (VfsError, SendError) as error:
            missing = str(error).endswith("No such file or directory (os error 2)")
            why = await self._near(path) if missing else f" ({error})"
            raise Failure(f"{self._our.node} has no file {self._given!r}{why}") from None

    async def _near(self, path: str) -> str:
        """Return a hint at the file of nearly that name that is offered; '' where none is."""
        drive = f"{self._our.package_id}/files/"
        try:
            entries = await vfs.read_dir(self._our, drive)
        except (VfsError, SendError):
            return ""
        files = (entry.path for entry in entries if entry.file_type == "File")
        offered = [file.removeprefix("/").removeprefix(drive) for file in islice(files, _LOOKED_AT)]
        near = nearest(path.removeprefix(drive), offered)
        return f".{near}" if near else ""

    def _comparable(self) -> bool:
        """Tell whether what the requestor has may be this file already; Failure: it differs."""
        offer = self._offer
        if offer.size == self._size:
            return True
        if offer.size >= 0 and not offer.overwrite:
            raise Failure(DIFFERS)
        return False

    async def _wanted(self, file: vfs.File | None) -> bool:
        """Compare by digests; True when the requestor has another file, and wants this one."""
        listening = asyncio.create_task(self._listen())
        try:
            digest = await self._digest(file)
        finally:
            listening.cancel()  # which loses no message: it takes one only to handle it
            await asyncio.wait({listening})
        await self._our.send_request(
            self._peer,
            InternalRequest.Size(self._size),
            expects_response=patience(self._size),
            metadata=write(Offer(have=digest)),
            context=_COMPARED,
        )
        while True:
            message = await self._our.receive()
            if isinstance(message, Request) or message.context != _COMPARED:
                await self._reassure(message)
            elif isinstance(message, SendError):
                raise message
            else:
                answer = wit.decode(WorkerResponse, message.body)
                return bool(answer == download_answer(wit.Ok()))

    async def _listen(self) -> None:
        while True:
            await self._reassure(await self._our.receive())

    async def _reassure(self, message: Request | Response | SendError) -> None:
        """Let the requestor know that somebody is here, if that is what it asks."""
        if isinstance(message, Request) and message.source == self._peer:
            await self._our.send_response(WorkerResponse.Progress(), to=message)

    async def _digest(self, file: vfs.File | None) -> str:
        if file is not None:
            return await digest_of(file, self._size, CHUNK)
        digest = Digest()
        await digest.add(self._small)  # without a thread, so there is nothing to close
        return await digest.result()

    async def _answer(self, result: wit.Ok[None] | wit.Err[str], offer: Offer) -> None:
        await self._our.send_response(
            download_answer(result),
            metadata=None if self._plain else write(offer),
            to=self._first,
        )

    async def _send(self, file: vfs.File | None, name: str) -> None:
        size = self._size
        digest = Digest()
        try:
            for offset in range(0, size, CHUNK):
                data = self._small
                if file is not None:
                    data = await file.read_at(offset, min(CHUNK, size - offset))
                while self._under_way >= WINDOW:
                    await self._hear()
                await self._chunk(name, offset, data)
                await digest.add(data)
            while self._under_way:
                await self._hear()
            if not self._plain:
                await self._finish(Offer(digest=await digest.result()))
        finally:
            digest.close()

    async def _chunk(self, name: str, offset: int, data: bytes, tries: int = 1) -> None:
        await self._our.send_request(
            self._peer,
            InternalRequest.Chunk(ChunkRequest(name=name, offset=offset, length=len(data))),
            expects_response=None if self._plain else SECONDS,
            blob=LazyLoadBlob(data, "application/octet-stream"),
            context=(name, offset, tries),
        )
        if not self._plain:
            self._under_way += 1

    async def _hear(self) -> None:
        """Take one answer to a chunk; a chunk that was lost is sent again."""
        message = await self._our.receive()
        if isinstance(message, SendError) and message.context is not None:
            self._under_way -= 1
            name, offset, tries = message.context
            if message.kind == "Offline" or tries >= _TRIES or message.blob is None:
                raise message
            await self._chunk(name, offset, message.blob.bytes, tries + 1)
        elif isinstance(message, Response) and message.context is not None:
            self._under_way -= 1
            answer = wit.decode(WorkerResponse, message.body)
            if not isinstance(answer, WorkerResponse.Progress):
                raise Failure("the requestor gave up")
        else:
            await self._reassure(message)

    async def _finish(self, offer: Offer) -> None:
        """Tell the end, and wait until the requestor has checked the file."""
        await self._our.send_and_await_response(
            self._peer,
            InternalRequest.Size(self._size),
            timeout=patience(self._size),
            metadata=write(offer),
        )

    async def _abort(self, reason: str) -> None:
        """Tell the requestor that no more will come, if it can be told."""
        self._our.print_to_terminal(1, f"worker: {self._given}: {reason}")
        if not self._plain:
            await self._our.send_request(
                self._peer,
                InternalRequest.Size(self._size),
                metadata=write(Offer(error=reason)),
            )
