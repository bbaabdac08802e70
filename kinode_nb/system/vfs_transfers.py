"""Moving bytes between memory and open files; safe in threads, and blocking.

Places are given with every call (pread, pwrite), so descriptors have no cursor that could be moved.
"""

import errno
import hashlib
import os

from kinode_nb.system.vfs_descriptors import Descriptor
from kinode_nb.system.vfs_errors import early_eof

LARGE = 64 * 1024
"""From this many bytes on, a thread is cheaper than the wait of everybody else on the loop."""

_PIECE = 1 << 20
_MOST_AT_ONCE = 1 << 30  # Linux moves at most 2 GiB less a page in one call
_MOST_IN_MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8
"""Bytes: a file that is nearly all holes can be longer than any memory."""


def size_of(file: Descriptor) -> int:
    """Return a file's length in bytes."""
    return os.fstat(file.fd).st_size


def read_exactly(file: Descriptor, length: int, offset: int) -> bytes:
    """Return exactly so many bytes; raises Refused (``early eof``) when there are fewer."""
    if length > _PIECE and size_of(file) < offset + length:
        raise early_eof()  # before memory is set aside for what is not there
    check_room(length)
    data = os.pread(file.fd, min(length, _MOST_AT_ONCE), offset)
    if len(data) == length:
        return data
    pieces, missing = [data], length - len(data)
    while missing:
        data = os.pread(file.fd, min(missing, _MOST_AT_ONCE), offset + length - missing)
        if not data:
            raise early_eof()
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


def check_room(length: int) -> None:
    """Raise OSError rather than have the system end the whole Jupyter kernel for its memory."""
    if length > _MOST_IN_MEMORY:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def read_on(file: Descriptor, size: int, offset: int) -> bytes:
    """Return all that follows; ``size`` is the file's length as it was just now."""
    check_room(size - offset)
    # One byte more than expected: when it does not come, that was all, and needs no other call.
    asked = min(max(size - offset, 0) + 1, _MOST_AT_ONCE)
    data = os.pread(file.fd, asked, offset)
    if len(data) < asked:
        return data
    pieces = [data]
    while data:
        offset += len(data)
        data = os.pread(file.fd, _PIECE, offset)
        pieces.append(data)
    return b"".join(pieces)


def write_all(file: Descriptor, data: bytes, offset: int) -> None:
    """Write all bytes."""
    written = os.pwrite(file.fd, data, offset)
    while written < len(data):
        with memoryview(data) as view:
            written += os.pwrite(file.fd, view[written:], offset + written)


def hash_all(file: Descriptor) -> bytes:
    """Return the SHA-256 of a whole file."""
    digest, offset = hashlib.sha256(), 0
    while data := os.pread(file.fd, _PIECE, offset):
        digest.update(data)
        offset += len(data)
    return digest.digest()


def copy_all(source: Descriptor, target: Descriptor) -> None:
    """Copy a whole file over an empty one."""
    offset = 0
    while data := os.pread(source.fd, _PIECE, offset):
        write_all(target, data, offset)
        offset += len(data)
