"""The actions on files. Each takes what a Request asks for and returns the reply.

An action that moves many bytes is a generator: what it yields is run in a thread, and comes back
as the value of the ``yield``. The rules are those of ``handle_request`` in ``kinode/src/vfs.rs``.
"""

import contextlib
import errno
import os
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import msgspec

from kinode_nb.system.refusals import Refused, io_error, os_error
from kinode_nb.system.vfs_descriptors import Descriptor
from kinode_nb.system.vfs_drives import Drives
from kinode_nb.system.vfs_errors import NO_BLOB
from kinode_nb.system.vfs_handles import Handle, Handles
from kinode_nb.system.vfs_requests import Job
from kinode_nb.system.vfs_transfers import (
    LARGE,
    check_room,
    hash_all,
    read_exactly,
    read_on,
    size_of,
    write_all,
)

Reply = tuple[bytes, bytes | None]
"""A Response's body and its blob."""

Steps = Generator[Callable[[], Any], Any, Reply]
"""An action that hands work to a thread."""

OK: Reply = (b'"Ok"', None)
REPLACE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_READ = b'"Read"'
_LONGEST_ESCAPE = 6  # characters of JSON that one byte can become: \u0000
_LAST_PLACE = (1 << 63) - 1


class Desk:
    """What the actions work with."""

    def __init__(self, drives: Drives, handles: Handles) -> None:
        """Work on the drives of one node."""
        self.drives = drives
        self.handles = handles

    def use(self, job: Job) -> tuple[Handle, Descriptor]:
        """Return the handle of the job's process on its path, open."""
        return self.handles.use(job.source, job.path)

    def open(self, job: Job, flags: int) -> Descriptor:
        """Open the job's path apart from all handles."""
        return self.drives.find(job.path).open(job.path.parts, flags)


def said(name: str, value: object) -> Reply:
    """Return a reply that carries a value."""
    return msgspec.json.encode({name: value}), None


def bytes_of(job: Job) -> bytes:
    """Return the blob that came with the Request; raises Refused."""
    if job.data is None:
        raise Refused(NO_BLOB)
    return job.data


# ------------------------------------------------------------------- handles


def create_file(desk: Desk, job: Job) -> Reply:
    """Open a new file, empty even when one was there."""
    desk.handles.open(job.source, job.path, os.O_CREAT | os.O_TRUNC)
    return OK


def open_file(desk: Desk, job: Job) -> Reply:
    """Open a file with the cursor at its start."""
    desk.handles.open(job.source, job.path, os.O_CREAT if job.value.create else 0)
    return OK


def close_file(desk: Desk, job: Job) -> Reply:
    """Forget handle and cursor; never fails."""
    desk.handles.close(job.source, job.path)
    return OK


def seek(desk: Desk, job: Job) -> Reply:
    """Move the cursor; beyond the end is fine, before the start is not."""
    handle, file = desk.use(job)
    ((whence, place),) = job.value.items()
    if whence == "End":
        place += size_of(file)
    elif whence == "Current":
        place += handle.cursor
    if not 0 <= place <= _LAST_PLACE:
        raise os_error(errno.EINVAL)
    handle.cursor = place
    return said("SeekFrom", {"new_offset": place})


# ------------------------------------------------------------------- writing


def write(desk: Desk, job: Job) -> Reply | Steps:
    """Replace the whole file; handles stay as they are."""
    data = bytes_of(job)
    file = desk.open(job, REPLACE)
    if len(data) >= LARGE:
        return _write_large(file, data)
    write_all(file, data, 0)
    return OK


def _write_large(file: Descriptor, data: bytes) -> Steps:
    yield partial(write_all, file, data, 0)
    return OK


def write_at_cursor(desk: Desk, job: Job) -> Reply | Steps:
    """Write at the cursor, which moves on."""
    data = bytes_of(job)
    handle, file = desk.use(job)
    offset = handle.cursor
    if len(data) >= LARGE:
        return _put_large(handle, file, data, offset)
    write_all(file, data, offset)
    handle.cursor = offset + len(data)
    return OK


def append(desk: Desk, job: Job) -> Reply | Steps:
    """Write at the end of the file, where the cursor then is."""
    data = bytes_of(job)
    handle, file = desk.use(job)
    end = size_of(file)
    if len(data) >= LARGE:
        return _append_large(handle, file, data, end)
    write_all(file, data, end)
    handle.cursor = end + len(data)
    return OK


def _append_large(handle: Handle, file: Descriptor, data: bytes, end: int) -> Steps:
    # The room is taken at once: another process may append before the thread has written.
    os.ftruncate(file.fd, end + len(data))
    try:
        return (yield from _put_large(handle, file, data, end))
    except OSError:
        with contextlib.suppress(OSError):
            if size_of(file) == end + len(data):
                os.ftruncate(file.fd, end)
        raise


def _put_large(handle: Handle, file: Descriptor, data: bytes, offset: int) -> Steps:
    before, handle.cursor = handle.cursor, offset + len(data)
    try:
        yield partial(write_all, file, data, offset)
    except BaseException:
        handle.cursor = before
        raise
    return OK


def sync_all(desk: Desk, job: Job) -> Steps:
    """Have all that was written to the file on the disk."""
    _, file = desk.use(job)
    yield partial(_sync, file)
    return OK


def _sync(file: Descriptor) -> None:
    os.fsync(file.fd)


def set_len(desk: Desk, job: Job) -> Reply:
    """Cut the file off or fill it up with zeros; the cursor stays."""
    _, file = desk.use(job)
    if job.value > _LAST_PLACE:
        raise os_error(errno.EINVAL)
    os.ftruncate(file.fd, job.value)
    return OK


# ------------------------------------------------------------------- reading


def read(desk: Desk, job: Job) -> Reply | Steps:
    """Return the whole file; handles stay as they are."""
    file = desk.open(job, os.O_RDONLY)
    size = size_of(file)
    if size >= LARGE:
        return _read_large(file, size)
    return _READ, read_on(file, size, 0)


def _read_large(file: Descriptor, size: int) -> Steps:
    return _READ, (yield partial(read_on, file, size, 0))


def read_exact(desk: Desk, job: Job) -> Reply | Steps:
    """Return so many bytes from the cursor, which moves on; to the end when there are fewer."""
    handle, file = desk.use(job)
    length, offset = job.value, handle.cursor
    if length >= LARGE:
        return _read_exact_large(handle, file, length, offset)
    try:
        data = read_exactly(file, length, offset)
    except Refused:
        handle.cursor = max(offset, size_of(file))
        raise
    handle.cursor = offset + length
    return _READ, data


def _read_exact_large(handle: Handle, file: Descriptor, length: int, offset: int) -> Steps:
    handle.cursor = offset + length
    try:
        return _READ, (yield partial(read_exactly, file, length, offset))
    except Refused:
        handle.cursor = max(offset, size_of(file))
        raise
    except BaseException:
        handle.cursor = offset
        raise


def read_to_end(desk: Desk, job: Job) -> Steps:
    """Return all bytes from the cursor on, which then is at the end."""
    return _READ, (yield from _rest(*desk.use(job)))


def read_to_string(desk: Desk, job: Job) -> Steps:
    """Return all text from the cursor on, which then is at the end."""
    handle, file = desk.use(job)
    check_room((size_of(file) - handle.cursor) * _LONGEST_ESCAPE)
    data = yield from _rest(handle, file)
    try:
        return said("ReadToString", data.decode())
    except UnicodeDecodeError:
        raise io_error("stream did not contain valid UTF-8") from None


def _rest(handle: Handle, file: Descriptor) -> Generator[Callable[[], Any], bytes, bytes]:
    offset, size = handle.cursor, size_of(file)
    work = partial(read_on, file, size, offset)
    handle.cursor = max(offset, size)
    try:
        data = (yield work) if size - offset >= LARGE else work()
    except BaseException:
        handle.cursor = offset
        raise
    handle.cursor = offset + len(data)
    return data


def hash_file(desk: Desk, job: Job) -> Steps:
    """Return the SHA-256 of the whole file; the cursor then is at the end."""
    handle, file = desk.use(job)
    size = size_of(file)
    handle.cursor = size
    work = partial(hash_all, file)
    digest = (yield work) if size >= LARGE else work()
    return said("Hash", list(digest))


def length(desk: Desk, job: Job) -> Reply:
    """Return the file's length in bytes."""
    _, file = desk.use(job)
    return said("Len", size_of(file))
