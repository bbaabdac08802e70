"""The blake3 digest of a file that is on its way: taken in a thread where that pays."""

import asyncio
import contextlib
import threading
from queue import SimpleQueue

from blake3 import blake3

from kinode_nb.process_lib import vfs

_ALONE = 1 << 20  # bytes: starting a thread costs more than to hash these
_WAITING = 3  # pieces that may wait for their turn: enough that the thread never does


class Digest:
    """Takes in a file's bytes, in order."""

    def __init__(self) -> None:
        """Start with none."""
        self._hasher = blake3()
        self._length = 0
        self._pieces: SimpleQueue[bytes] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._added = self._done = self._wanted = 0
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None

    async def add(self, data: bytes) -> None:
        """Take in the bytes that follow; waits while too many wait already."""
        self._length += len(data)
        if self._length <= _ALONE:
            self._hasher.update(data)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="digest", daemon=True)
            self._thread.start()
        self._added += 1
        self._pieces.put(data)
        await self._until(self._added - _WAITING)

    async def result(self) -> str:
        """Return ``blake3:…`` of all bytes."""
        await self._until(self._added)
        return f"blake3:{self._hasher.hexdigest()}"

    def close(self) -> None:
        """End the thread; what still waits is not wanted any more."""
        self._closed = True
        self._pieces.put(b"")

    async def _until(self, count: int) -> None:
        if self._done >= count:
            return
        self._wanted, self._waiter = count, self._loop.create_future()
        try:
            if self._done < count:  # still: the thread looks for a waiter after it has counted
                await self._waiter
        finally:
            self._waiter = None

    def _run(self) -> None:
        while True:
            data = self._pieces.get()
            if self._closed:
                return
            self._hasher.update(data)
            del data  # it need not stay in memory until the next one comes
            self._done += 1
            if self._waiter is not None and self._done >= self._wanted:
                with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                    self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done() and self._done >= self._wanted:
            waiter.set_result(None)


async def digest_of(file: vfs.File, size: int, piece: int) -> str:
    """Return the digest of an open file's first ``size`` bytes, read in pieces."""
    digest = Digest()
    try:
        for offset in range(0, size, piece):
            await digest.add(await file.read_at(offset, min(piece, size - offset)))
        return await digest.result()
    finally:
        digest.close()
