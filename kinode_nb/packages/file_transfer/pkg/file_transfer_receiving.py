"""The requestor's worker: asks for the file, writes what comes, checks it, and puts it in place."""

import asyncio
from typing import Any

from kinode_nb import wit
from kinode_nb.process_lib import (
    Address,
    Our,
    Request,
    Response,
    SendError,
    VfsError,
    vfs,
)

from .api.file_transfer_worker import (
    ChunkRequest,
    DownloadRequest,
    InternalRequest,
    ProgressRequest,
)
from .api.file_transfer_worker import Request as WorkerRequest
from .api.file_transfer_worker import Response as WorkerResponse
from .file_transfer_assembly import Assembly
from .file_transfer_digest import digest_of
from .file_transfer_wire import (
    CHUNK,
    DIFFERS,
    SECONDS,
    Failure,
    Offer,
    Report,
    bare_name,
    download_answer,
    read,
    safe_name,
    write,
)

_LULL = 100_000_000  # ns: when a percent takes longer, progress is reported more often
_DIFFERS = "{} is there already, and is not the same: --overwrite (overwrite=True) replaces it"


class Receiver:
    """One download, from a worker of the provider's."""

    def __init__(self, our: Our, first: Request, download: DownloadRequest) -> None:
        """Do ``download``, the parent's first message."""
        self._our = our
        self._first = first
        self._provider = download.target
        self._given = download.name
        self._wish = read(first.metadata) or Offer()
        self._peer: Address | None = None
        self._plain = True
        self._size = -1
        self._assembly = Assembly(our)
        self._own_size = -1
        """The length of the file that is there already; -1 where there is none."""
        self._hashing: asyncio.Task[str] | None = None
        """Takes the digest of that file."""
        self._identical = False
        self._answered = False
        self._unanswered: Request | None = None
        """The provider's last Request that still waits for an answer."""
        self._path = ""
        self._told = (-1, 0)
        """The percentage that was reported last, and when."""

    @property
    def _bytes(self) -> int:
        if self._identical:
            return self._size
        return self._assembly.bytes

    async def run(self) -> None:
        """Transfer the file; every end, good or bad, is reported to the parent."""
        try:
            await self._transfer()
        except (Failure, VfsError, SendError) as failure:
            await self._fail(str(failure))
        finally:
            if self._hashing is not None:
                self._hashing.cancel()
                await asyncio.wait({self._hashing})
            await self._assembly.discard()

    async def _transfer(self) -> None:
        self._given = safe_name(bare_name(self._given, self._provider.package_id))
        self._path = f"{self._our.package_id}/files/{self._given}"
        self._own_size = await self._existing()
        if self._own_size >= 0 and self._is_own():
            digest = expected = await self._stay()
        else:
            await self._ask()
            digest = expected = await self._collect()
        if not self._identical:
            digest = await self._check(expected)
            await self._keep(digest)
        await self._assembly.discard()
        if self._unanswered is not None:
            await self._our.send_response(WorkerResponse.Progress(), to=self._unanswered)
        await self._report(
            status="done", digest=digest, verified=bool(expected), identical=self._identical
        )

    async def _existing(self) -> int:
        """Return the length of the file that is there already; -1 where there is none."""
        if not await vfs.exists(self._our, self._path):
            return -1
        meta = await vfs.metadata(self._our, self._path)
        if meta.file_type != "File":
            raise Failure(f"{self._given} is there already, and is no file")
        return meta.len

    def _is_own(self) -> bool:
        """Tell whether provider and requestor share the file."""
        provider = self._provider
        return provider.node == self._our.node and provider.package_id == self._our.package_id

    async def _stay(self) -> str:
        """Leave the file, which is the provider's own, as it is; return its digest."""
        self._size, self._identical = self._own_size, True
        await self._accept()
        return await self._own_digest()

    async def _own_digest(self) -> str:
        async with await vfs.open_file(self._our, self._path) as file:
            return await digest_of(file, await file.len(), CHUNK)

    async def _ask(self) -> None:
        """Ask the provider for the file."""
        answer = await self._our.send_and_await_response(
            self._provider,
            WorkerRequest.Download(
                DownloadRequest(name=self._given, target=self._our.address, is_requestor=False)
            ),
            timeout=SECONDS,
            metadata=write(
                Offer(acknowledge=True, size=self._own_size, overwrite=self._wish.overwrite)
            ),
        )
        offer = read(answer.metadata)
        match wit.decode(WorkerResponse, answer.body):
            case WorkerResponse.Download(wit.Err(reason)):
                differs = offer is not None and offer.error == DIFFERS
                raise Failure(_DIFFERS.format(self._given) if differs else reason)
            case WorkerResponse.Progress():
                raise Failure(f"{self._provider} answered a Download with Progress")
        self._plain = offer is None
        if offer is not None:
            self._size = offer.size
            if offer.compare:
                self._hashing = asyncio.create_task(self._own_digest())
        await self._accept()
        if self._hashing or not (self._wish.transfer and 0 <= self._size <= CHUNK):
            # else somebody waits for a word, and the end, which is near, will do for that
            await self._report(status="running")

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
                said = wit.decode(InternalRequest, message.body)
            except wit.WitError:
                continue
            self._unanswered = message if message.expects_response is not None else None
            match said:
                case InternalRequest.Size(size):
                    self._size = size
                    end = read(message.metadata)
                    if end is not None and (end.digest or end.error):
                        return self._ending(end)
                    if end is not None and await self._is_ours(end.have):
                        return end.have
                case InternalRequest.Chunk(chunk):
                    await self._chunk(message, chunk)
            if self._plain and self._bytes == self._size:
                return ""

    async def _is_ours(self, have: str) -> bool:
        """Tell whether what we have is the provider's file; else let it be sent, or fail."""
        if not have or self._hashing is None or self._unanswered is None:
            return False
        self._identical = await self._hashing == have
        if self._identical:
            return True
        if not self._wish.overwrite:
            raise Failure(_DIFFERS.format(self._given))
        wanted, self._unanswered = self._unanswered, None
        await self._our.send_response(download_answer(wit.Ok()), to=wanted)
        return False

    async def _next(self) -> Request | Response | SendError:
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

    async def _chunk(self, message: Request, chunk: ChunkRequest) -> None:
        """Take in a chunk, and let the provider know."""
        blob = self._our.get_blob()
        if blob is None or len(blob.bytes) != chunk.length:
            raise Failure(f"a chunk of {self._provider.node} is not as long as it says")
        if 0 <= self._size < chunk.offset + chunk.length:
            raise Failure(f"a chunk of {self._provider.node} lies beyond the end of the file")
        if await self._assembly.add(chunk.offset, blob.bytes, self._size):
            await self._tell(message.time)
        if message.expects_response is not None:
            await self._our.send_response(WorkerResponse.Progress(), to=message)

    async def _check(self, expected: str) -> str:
        """Return the digest of what arrived; raises Failure when it is not the provider's."""
        digest = await self._assembly.digest()
        if expected and expected != digest:
            raise Failure(
                f"what arrived is not what {self._provider.node} sent: {digest}, not {expected}"
            )
        return digest

    async def _keep(self, digest: str) -> None:
        """Put the checked file in place, where nothing else is in its way."""
        if self._own_size < 0 or self._wish.overwrite:
            await self._assembly.put_in_place(self._path)
        elif self._own_size != self._size or await self._own_digest() != digest:
            raise Failure(_DIFFERS.format(self._given))

    async def _fail(self, reason: str) -> None:
        """Report the failure, to the parent and to a provider that is still sending."""
        await self._assembly.discard()  # who hears of the end finds nothing left
        await self._report(status="failed", error=reason)
        refusal = download_answer(wit.Err(reason))
        if not self._answered:
            await self._our.send_response(refusal, to=self._first)
        elif self._unanswered is not None:
            await self._our.send_response(refusal, to=self._unanswered)

    async def _tell(self, time: int) -> None:
        """Tell the parent of a chunk that came at that time (ns), if it makes a difference."""
        if self._bytes == self._size:
            return  # the end follows, and tells all
        percent = 100 * self._bytes // self._size if self._size > 0 else 0
        if percent != self._told[0] or time - self._told[1] >= _LULL:
            self._told = (percent, time)
            await self._report(status="running")

    def _progress_body(self) -> WorkerRequest:
        percent = 100 * self._bytes // self._size if self._size > 0 else 0
        return WorkerRequest.Progress(ProgressRequest(name=self._given, progress=percent))

    async def _report(self, **state: Any) -> None:  # fields of Report
        """Tell the parent how far it is; a finished empty file is at 100 %."""
        body = self._progress_body()
        if state["status"] == "done":
            body = WorkerRequest.Progress(ProgressRequest(name=self._given, progress=100))
        report = Report(
            name=self._given,
            provider=self._provider.node,
            transfer=self._wish.transfer,
            received=self._bytes,
            size=self._size,
            chunks=self._assembly.chunks,
            path=self._path,
            **state,
        )
        await self._our.send_request(
            self._first.source, body, expects_response=SECONDS, metadata=write(report)
        )
