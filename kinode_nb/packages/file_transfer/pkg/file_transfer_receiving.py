"""The requestor's worker: asks for the file, writes what comes, checks it, and puts it in place."""

import asyncio
import contextlib
from typing import Any

from blake3 import blake3

from kinode_nb import wit
from kinode_nb.process_lib import (
    Address,
    Our,
    Request,
    SendError,
    VfsError,
    vfs,
)

from .file_transfer_wire import (
    SECONDS,
    Failure,
    Offer,
    Report,
    bare_name,
    digest_of,
    download_answer,
    read,
    safe_name,
    update,
    worker_api,
    write,
)


_DIFFERS = (
    "{} is there already, and is not the same: --overwrite (overwrite=True) replaces it"
)


class Receiver:
    """One download, from a worker of the provider's."""

    def __init__(self, our: Our, first: Request, download: Any) -> None:
        """Do ``download`` (a worker_api.DownloadRequest), the parent's first message."""
        self._our = our
        self._first = first
        self._provider: Address = download.target
        self._given: str = download.name
        self._wish = read(first.metadata) or Offer()
        self._peer: Address | None = None
        self._plain = True
        self._size = -1
        self._bytes = self._chunks = 0
        self._prefix = 0
        """All bytes below are written."""
        self._beyond: dict[int, int] = {}
        """By offset, the lengths of chunks that came before their turn."""
        self._hasher = blake3()
        self._in_order = True
        self._digest = ""
        self._answered = False
        self._unanswered: Request | None = None
        """The provider's last Request that still waits for an answer."""
        self._file: vfs.File | None = None
        self._temporary = f"{our.package_id}/tmp/{our.process.process_name}.part"
        self._path = ""

    async def run(self) -> None:
        """Transfer the file; every end, good or bad, is reported to the parent."""
        try:
            await self._transfer()
        except (Failure, VfsError, SendError) as failure:
            await self._fail(str(failure))

    async def _transfer(self) -> None:
        self._given = safe_name(bare_name(self._given, self._provider.package_id))
        self._path = f"{self._our.package_id}/files/{self._given}"
        have = await self._existing()
        self._file = await vfs.open_file(self._our, self._temporary, create=True)
        if await self._ask(have):
            await self._discard()
            await self._report(status="done", digest=have, verified=True, identical=True)
            return
        digest = await self._collect()
        verified = await self._check(digest)
        await self._put_in_place(have)
        if self._unanswered is not None:
            await self._our.send_response(worker_api.Response.Progress(), to=self._unanswered)
        await self._report(status="done", digest=self._digest, verified=verified)

    async def _existing(self) -> str:
        """Return the digest of the file that is there already, '' where there is none."""
        if not await vfs.exists(self._our, self._path):
            return ""
        async with await vfs.open_file(self._our, self._path) as file:
            return await digest_of(file, await file.len())

    async def _ask(self, have: str) -> bool:
        """Ask the provider; True when what we have is the file already."""
        answer = await self._our.send_and_await_response(
            self._provider,
            worker_api.Request.Download(
                worker_api.DownloadRequest(
                    name=self._given, target=self._our.address, is_requestor=False
                )
            ),
            timeout=SECONDS,
            metadata=write(Offer(acknowledge=True, have=have)),
        )
        match wit.decode(worker_api.Response, answer.body):
            case worker_api.Response.Download(wit.Err(reason)):
                raise Failure(reason)
            case worker_api.Response.Progress():
                raise Failure(f"{self._provider} answered a Download with Progress")
        offer = read(answer.metadata)
        self._plain = offer is None
        if offer is not None:
            self._size = offer.size
            if offer.identical:
                self._bytes = offer.size
                await self._accept()
                return True
        if have and not self._wish.overwrite and not self._plain:
            raise Failure(_DIFFERS.format(self._given))
        await self._accept()
        await self._report(status="running")
        return False

    async def _accept(self) -> None:
        """Tell the parent that the provider has opened the file."""
        self._answered = True
        await self._our.send_response(download_answer(wit.Ok()), to=self._first)

    async def _collect(self) -> str:
        """Write chunks until all is there; return the provider's digest ('' from a plain one)."""
        while True:
            message = await self._next()
            if not isinstance(message, Request) or not self._believes(message):
                continue
            try:
                said = wit.decode(worker_api.InternalRequest, message.body)
            except wit.WitError:
                continue
            self._unanswered = message if message.expects_response is not None else None
            match said:
                case worker_api.InternalRequest.Size(size):
                    self._size = size
                    end = read(message.metadata)
                    if end is not None and (end.digest or end.error):
                        return self._ending(end)
                case worker_api.InternalRequest.Chunk(chunk):
                    await self._chunk(message, chunk)
            if self._plain and self._bytes == self._size:
                return ""

    async def _next(self) -> Any:  # Request, Response or SendError
        """Receive; when nothing comes for a while, ask whether the provider is still there."""
        waits = 0
        while True:
            try:
                async with asyncio.timeout(SECONDS):
                    message = await self._our.receive()
            except TimeoutError:
                waits += 1
                await self._probe(waits)
                continue
            if isinstance(message, SendError) and message.context == "probe":
                raise message
            return message

    async def _probe(self, waits: int) -> None:
        if self._plain or self._peer is None:
            if waits > 1:
                raise Failure(f"{self._provider.node} has sent nothing for {waits * SECONDS} s")
            return
        await self._our.send_request(
            self._peer, self._progress_body(), expects_response=SECONDS, context="probe"
        )

    def _believes(self, message: Request) -> bool:
        """Believe only the agreed node's workers of that package, and only the first of them."""
        source = message.source
        if source.node != self._provider.node or source.package_id != self._provider.package_id:
            return False
        if self._peer is None:
            self._peer = source
        return source == self._peer

    def _ending(self, end: Offer) -> str:
        if end.error:
            raise Failure(f"{self._provider.node}: {end.error}")
        if self._bytes != self._size:
            raise Failure(f"{self._bytes} of {self._size} bytes arrived")
        return end.digest

    async def _chunk(self, message: Request, chunk: Any) -> None:
        """Write a chunk at its offset, unless it is there already."""
        blob = self._our.get_blob()
        if blob is None or len(blob.bytes) != chunk.length:
            raise Failure(f"a chunk of {self._provider.node} is not as long as it says")
        if 0 <= self._size < chunk.offset + chunk.length:
            raise Failure(f"a chunk of {self._provider.node} lies beyond the end of the file")
        assert self._file is not None
        if self._is_new(chunk.offset, chunk.length):
            await self._file.write_at(chunk.offset, blob.bytes)
            await self._count(chunk.offset, blob.bytes)
            await self._report(status="running")
        if message.expects_response is not None:
            await self._our.send_response(worker_api.Response.Progress(), to=message)

    def _is_new(self, offset: int, length: int) -> bool:
        """False for a chunk that came before; raises Failure for one that overlaps others."""
        end = offset + length
        if end <= self._prefix or self._beyond.get(offset) == length:
            return False
        if offset < self._prefix or any(
            start < end and offset < start + size for start, size in self._beyond.items()
        ):
            raise Failure(f"chunks of {self._provider.node} overlap")
        return True

    async def _count(self, offset: int, data: bytes) -> None:
        """Count what was written; hash it when it is the next in order."""
        self._bytes += len(data)
        self._chunks += 1
        if offset != self._prefix:
            self._beyond[offset] = len(data)
            return
        self._prefix += len(data)
        if self._in_order:
            await update(self._hasher, data)
        while self._prefix in self._beyond:
            self._in_order = False  # these bytes are not at hand any more
            self._prefix += self._beyond.pop(self._prefix)

    async def _check(self, expected: str) -> bool:
        """Compare the digests, and tell a provider that waits for it; True when it matched."""
        if self._in_order:
            self._digest = f"blake3:{self._hasher.hexdigest()}"
        else:
            assert self._file is not None
            self._digest = await digest_of(self._file, self._bytes)
        if expected and expected != self._digest:
            raise Failure(
                f"what arrived is not what {self._provider.node} sent: {self._digest}, "
                f"not {expected}"
            )
        return bool(expected)

    async def _put_in_place(self, have: str) -> None:
        """Rename the checked file to its name: it appears whole, or not at all."""
        if have and not self._wish.overwrite:
            if have != self._digest:
                raise Failure(_DIFFERS.format(self._given))
            await self._discard()
            return
        assert self._file is not None
        await self._file.close()
        if "/" in self._given:
            await vfs.create_dir_all(self._our, self._path.rpartition("/")[0])
        await vfs.rename(self._our, self._temporary, self._path)
        self._file = None

    async def _discard(self) -> None:
        """Remove the temporary file, if there is one."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(VfsError, SendError):
                await file.close()
                await vfs.remove_file(self._our, self._temporary)

    async def _fail(self, reason: str) -> None:
        """Report the failure, to the parent and to a provider that is still sending."""
        await self._discard()
        await self._report(status="failed", error=reason)
        refusal = download_answer(wit.Err(reason))
        if not self._answered:
            await self._our.send_response(refusal, to=self._first)
        elif self._unanswered is not None:
            await self._our.send_response(refusal, to=self._unanswered)

    def _progress_body(self) -> Any:  # worker_api.Request
        percent = 100 * self._bytes // self._size if self._size > 0 else 0
        return worker_api.Request.Progress(
            worker_api.ProgressRequest(name=self._given, progress=percent)
        )

    async def _report(self, **state: Any) -> None:  # fields of Report
        """Tell the parent how far it is; a finished empty file is at 100 %."""
        body = self._progress_body()
        if state["status"] == "done":
            body = worker_api.Request.Progress(
                worker_api.ProgressRequest(name=self._given, progress=100)
            )
        report = Report(
            name=self._given,
            provider=self._provider.node,
            transfer=self._wish.transfer,
            received=self._bytes,
            size=self._size,
            chunks=self._chunks,
            path=self._path,
            **state,
        )
        await self._our.send_request(
            self._first.source, body, expects_response=SECONDS, metadata=write(report)
        )
