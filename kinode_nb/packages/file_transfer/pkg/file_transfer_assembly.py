"""A file that is put together from chunks: in a temporary place, until it is whole and checked.

Every chunk is written at its own offset and counted by its bytes, so that a lost, repeated or
reordered chunk can never pass for a finished file.
"""

import asyncio
import contextlib

from blake3 import blake3

from kinode_nb.process_lib import Our, SendError, VfsError, vfs

from .file_transfer_wire import Failure, digest_of, update


class Assembly:
    """The temporary file of one download, named after its worker."""

    def __init__(self, our: Our, file: vfs.File, path: str) -> None:
        """Use `open`."""
        self.bytes = self.chunks = 0
        """How much was written."""
        self._our = our
        self._file: vfs.File | None = file
        self._path = path
        self._prefix = 0
        """All bytes below are written."""
        self._beyond: dict[int, int] = {}
        """By offset, the lengths of chunks that came before their turn."""
        self._hasher = blake3()
        self._in_order = True

    @classmethod
    async def open(cls, our: Our) -> "Assembly":
        """Begin an empty file in the ``tmp`` drive."""
        path = f"{our.package_id}/tmp/{our.process.process_name}.part"
        return cls(our, await vfs.open_file(our, path, create=True), path)

    async def add(self, offset: int, data: bytes) -> bool:
        """Write a chunk; False when it was there already. Raises Failure when chunks overlap."""
        assert self._file is not None
        if not self._is_new(offset, len(data)):
            return False
        in_turn = offset == self._prefix
        if in_turn and self._in_order:
            hashed = asyncio.create_task(update(self._hasher, data))  # while it is written
            await self._file.write_at(offset, data)
            await hashed
        else:
            await self._file.write_at(offset, data)
        self.bytes += len(data)
        self.chunks += 1
        if not in_turn:
            self._beyond[offset] = len(data)
            return True
        self._prefix += len(data)
        while self._prefix in self._beyond:
            self._in_order = False  # those bytes are not at hand any more
            self._prefix += self._beyond.pop(self._prefix)
        return True

    def _is_new(self, offset: int, length: int) -> bool:
        end = offset + length
        if end <= self._prefix or self._beyond.get(offset) == length:
            return False
        if offset < self._prefix or any(
            start < end and offset < start + size for start, size in self._beyond.items()
        ):
            raise Failure("chunks overlap")
        return True

    async def digest(self) -> str:
        """Return the digest of what was written, read again where it came out of order."""
        if self._in_order:
            return f"blake3:{self._hasher.hexdigest()}"
        assert self._file is not None
        return await digest_of(self._file, self.bytes)

    async def put_in_place(self, path: str) -> None:
        """Rename the file: it appears under its name whole, or not at all."""
        assert self._file is not None
        await self._file.close()
        if path.count("/") > 2:  # noqa: PLR2004 - package/drive/name needs no folder made
            await vfs.create_dir_all(self._our, path.rpartition("/")[0])
        await vfs.rename(self._our, self._path, path)
        self._file = None

    async def discard(self) -> None:
        """Remove the file, unless it is in place."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(VfsError, SendError):
                await file.close()
            with contextlib.suppress(VfsError, SendError):
                await vfs.remove_file(self._our, self._path)
