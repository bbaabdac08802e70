"""A file that is put together from chunks: in a temporary place, until it is whole and checked.

Every chunk is written at its own offset and counted by its bytes, so that a lost, repeated or
reordered chunk can never pass for a finished file.
"""

import contextlib

from kinode_nb.process_lib import Our, SendError, VfsError, vfs

from .file_transfer_digest import Digest, digest_of
from .file_transfer_wire import CHUNK, Failure


class Assembly:
    """The temporary file of one download, named after its worker."""

    def __init__(self, our: Our) -> None:
        """Begin with nothing; the file is made, in the ``tmp`` drive, when there is something."""
        self.bytes = self.chunks = 0
        """How much was written."""
        self._our = our
        name = f"{our.process.process_name}.part"
        self._path = f"{our.package_id}/tmp/{name}"  # noqa: S108 - a drive of the package's own
        self._file: vfs.File | None = None
        self._made = False
        self._prefix = 0
        """All bytes below are written."""
        self._beyond: dict[int, int] = {}
        """By offset, the lengths of chunks that came before their turn."""
        self._digest = Digest()
        self._in_order = True

    async def add(self, offset: int, data: bytes, size: int) -> bool:
        """Write a chunk of a file of that size; False when it was there already.

        Raises Failure when chunks overlap.
        """
        if not self._is_new(offset, len(data)):
            return False
        in_turn = offset == self._prefix
        if in_turn and self._in_order:
            await self._digest.add(data)
        await self._write(offset, data, whole=len(data) == size)
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

    async def _write(self, offset: int, data: bytes, *, whole: bool) -> None:
        is_first, self._made = not self._made, True
        try:
            await self._put(offset, data, whole=whole)
        except VfsError:
            if not is_first:
                raise
            # who imports the worker need not know of its drive
            await vfs.create_drive(self._our, self._our.package_id, "tmp")
            await self._put(offset, data, whole=whole)

    async def _put(self, offset: int, data: bytes, *, whole: bool) -> None:
        if whole:  # at one stroke: a small file is mostly messages
            await vfs.File(self._our, self._path).write(data)
            return
        if self._file is None:
            self._file = await vfs.open_file(self._our, self._path, create=True)
        await self._file.write_at(offset, data)

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
        if self._in_order or self._file is None:
            return await self._digest.result()
        return await digest_of(self._file, self.bytes, CHUNK)

    async def put_in_place(self, path: str) -> None:
        """Rename the file: it appears under its name whole, or not at all."""
        if not self._made:
            await self._write(0, b"", whole=True)
        await self._close()
        if path.count("/") > 2:  # noqa: PLR2004 - package/drive/name needs no folder made
            await vfs.create_dir_all(self._our, path.rpartition("/")[0])
        await vfs.rename(self._our, self._path, path)
        self._made = False

    async def discard(self) -> None:
        """Remove the file, unless it is in place."""
        self._digest.close()
        with contextlib.suppress(VfsError, SendError):
            await self._close()
        if self._made:
            self._made = False
            with contextlib.suppress(VfsError, SendError):
                await vfs.remove_file(self._our, self._path)

    async def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            await file.close()
