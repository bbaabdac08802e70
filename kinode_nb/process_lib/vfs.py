"""Files and folders, for processes: helpers over ``vfs:distro:sys``.

Names are those of the module ``vfs`` in Kinode's own process_lib. A path is text,
``package:publisher/drive/folder/file``. Every helper waits 5 seconds for the answer, and raises
VfsError (vfs refused), SendError (vfs did not answer) or BodyError (its answer makes no sense).
Other messages to the process queue meanwhile, as with every awaited Response.
"""

import asyncio
import os
from typing import Any, Literal, Self, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from kinode_nb.process_lib.our import Our
from kinode_nb.types import Address, BodyError, LazyLoadBlob, PackageId, VfsError
from kinode_nb.types.capabilities import VFS

T = TypeVar("T")
Buffer = bytes | bytearray | memoryview
FileType = Literal["File", "Directory", "Symlink", "Other"]

_TIMEOUT = 5  # seconds, as in Kinode's process_lib
_MISSING = ("(os error 2)", "(os error 20)")  # no such file; a file where a folder should be
_MEANINGS = {
    "NoWriteCap": "this process may not write to that drive: it needs the drive's write capability",
    "NoReadCap": "this process may not read that drive: it needs the drive's read capability",
    "AddCapFailed": "the drive exists, but its capabilities could not be granted",
    "MalformedRequest": "write package:publisher/drive/…, a path that does not leave its drive",
    "NoBlob": "the bytes to write were missing",
    "UnzipError": "the zip holds something that is neither a file nor a folder",
}


class FileMetadata(msgspec.Struct, frozen=True):
    """What a path is, and its length in bytes."""

    file_type: FileType
    len: int


class DirEntry(msgspec.Struct, frozen=True):
    """One entry of a folder: its path from the vfs root (no leading slash), and what it is."""

    path: str
    file_type: FileType

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class _Cursor:
    """Where vfs's cursor of one path is; all Files that this process has on it share it."""

    __slots__ = ("files", "lock", "position")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # a Seek and the read that needs it belong together
        self.position: int | None = None  # None: not known
        self.files = 0


_cursors: WeakKeyDictionary[Our, dict[str, _Cursor]] = WeakKeyDictionary()


class File:
    """An open file: get one from `open_file` or `create_file`.

    vfs keeps one cursor for each process and path, at which `read_exact`, `read_to_end`,
    `read_to_string` and `write_all` work and which they move. `read_at` and `write_at` seek only
    where the cursor is elsewhere. Tasks of the process may use the file at the same time.
    """

    def __init__(self, our: Our, path: str) -> None:
        """Speak for the process about one path; nothing is sent."""
        self.path = path
        self._our = our
        self._vfs = Address(our.node, VFS)
        self._head = _head(path)
        cursors = _cursors.get(our)
        if cursors is None:
            cursors = _cursors[our] = {}
        self._cursors, self._key = cursors, _plain(path)
        self._cursor = cursors.get(self._key) or cursors.setdefault(self._key, _Cursor())
        self._cursor.files += 1
        self._closed = False

    async def read(self) -> bytes:
        """Return the whole file; the cursor stays."""
        return await self._bytes(b'"Read"')

    async def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; VfsError ``early eof`` past the end."""
        action = b'{"ReadExact":{"length":%d}}' % length
        async with self._cursor.lock:
            await self._go(offset)
            data = await self._moving(action)
            self._cursor.position = offset + length
            return data

    async def read_exact(self, length: int) -> bytes:
        """Return exactly ``length`` bytes from the cursor; VfsError ``early eof`` past the end."""
        cursor = self._cursor
        async with cursor.lock:
            position = cursor.position
            data = await self._moving(b'{"ReadExact":{"length":%d}}' % length)
            cursor.position = None if position is None else position + length
            return data

    async def read_to_end(self) -> bytes:
        """Return all bytes from the cursor on."""
        async with self._cursor.lock:
            return await self._moving(b'"ReadToEnd"')

    async def read_to_string(self) -> str:
        """Return all text from the cursor on; VfsError when it is no UTF-8."""
        async with self._cursor.lock:
            self._cursor.position = None
            return await self._value(b'"ReadToString"', "ReadToString", str)

    async def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the cursor as ``io``'s files do; return its new place from the start, in bytes."""
        name = {os.SEEK_SET: b"Start", os.SEEK_CUR: b"Current", os.SEEK_END: b"End"}[whence]
        cursor = self._cursor
        async with cursor.lock:
            cursor.position = None
            answer = await self._value(b'{"Seek":{"%s":%d}}' % (name, offset), "SeekFrom", _Seeked)
            cursor.position = answer.new_offset
            return answer.new_offset

    async def write(self, data: Buffer) -> None:
        """Replace the whole file; the cursor stays."""
        await self._ok(b'"Write"', data)

    async def write_all(self, data: Buffer) -> None:
        """Write at the cursor, and move it behind what was written."""
        cursor = self._cursor
        async with cursor.lock:
            position, cursor.position = cursor.position, None
            await self._ok(b'"WriteAll"', data)
            cursor.position = None if position is None else position + memoryview(data).nbytes

    async def write_at(self, offset: int, data: Buffer) -> None:
        """Write from ``offset`` on; a gap before it is filled with zeros."""
        cursor = self._cursor
        async with cursor.lock:
            await self._go(offset)
            cursor.position = None
            await self._ok(b'"WriteAll"', data)
            cursor.position = offset + memoryview(data).nbytes

    async def append(self, data: Buffer) -> None:
        """Write at the end of the file; the cursor stays behind what was written."""
        async with self._cursor.lock:
            self._cursor.position = None
            await self._ok(b'"Append"', data)

    async def set_len(self, length: int) -> None:
        """Cut the file off at ``length`` bytes, or fill it up with zeros; the cursor stays."""
        await self._ok(b'{"SetLen":%d}' % length)

    async def sync_all(self) -> None:
        """Return when all that was written is on the disk."""
        await self._ok(b'"SyncAll"')

    async def metadata(self) -> FileMetadata:
        """Return what the path is and its length."""
        return await self._value(b'"Metadata"', "Metadata", FileMetadata)

    async def len(self) -> int:
        """Return the length in bytes."""
        return await self._value(b'"Len"', "Len", int)

    async def hash(self) -> bytes:
        """Return the SHA-256 of the whole file (32 bytes); the cursor moves to the end."""
        async with self._cursor.lock:
            self._cursor.position = None
            return bytes(await self._value(b'"Hash"', "Hash", list[int]))

    async def close(self) -> None:
        """Let vfs forget the handle and the cursor of this path; once is enough."""
        if self._closed:
            return
        self._closed = True
        cursor = self._cursor
        try:
            async with cursor.lock:
                cursor.position = None
                await self._ok(b'"CloseFile"')
                cursor.position = 0
        except VfsError as error:
            # Kinode asks for the write capability here, which one who only reads does not have.
            if error.kind != "NoWriteCap":
                raise
        finally:
            self._let_go()

    async def __aenter__(self) -> Self:
        """Use the file in an ``async with``."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    async def _open(self, action: bytes) -> Self:
        try:
            async with self._cursor.lock:
                self._cursor.position = None
                await self._ok(action)
                self._cursor.position = 0
        except BaseException:
            self._closed = True
            self._let_go()
            raise
        return self

    def _let_go(self) -> None:
        self._cursor.files -= 1
        if not self._cursor.files:
            self._cursors.pop(self._key, None)

    async def _go(self, offset: int) -> None:
        """Have the cursor there for the next action; no answer to wait for, as vfs keeps order."""
        if self._cursor.position != offset:
            self._cursor.position = None
            body = self._head + b'{"Seek":{"Start":%d}}}' % offset
            await self._our.send_request(self._vfs, body)

    async def _ok(self, action: bytes, data: Buffer | None = None) -> None:
        await _ask(self._our, self._vfs, self._head + action + b"}", data)

    async def _value(self, action: bytes, name: str, kind: type[T]) -> T:
        return _part(await _ask(self._our, self._vfs, self._head + action + b"}"), name, kind)

    async def _bytes(self, action: bytes) -> bytes:
        await self._ok(action)
        return _blob(self._our)

    async def _moving(self, action: bytes) -> bytes:
        self._cursor.position = None
        return await self._bytes(action)


class Directory:
    """A folder: get one from `open_dir`."""

    def __init__(self, our: Our, path: str) -> None:
        """Speak for the process about one path; nothing is sent."""
        self.path = path
        self._our = our

    async def read(self) -> list[DirEntry]:
        """Return the entries, in no particular order."""
        return await read_dir(self._our, self.path)


async def create_drive(our: Our, package_id: PackageId, drive: str) -> str:
    """Make sure that a drive exists and that this process may read and write it; its path.

    Only for the own package's drives, unless the process holds vfs's root capability.
    """
    path = f"{package_id}/{drive}"
    await _act(our, path, "CreateDrive")
    return path


async def open_file(our: Our, path: str, create: bool = False) -> File:
    """Open a file, its cursor at the start; with ``create`` a missing one is made, empty."""
    action = b'{"OpenFile":{"create":%s}}' % (b"true" if create else b"false")
    return await File(our, path)._open(action)  # noqa: SLF001 - its own module


async def create_file(our: Our, path: str) -> File:
    """Open a new file, empty even when one was there."""
    return await File(our, path)._open(b'"CreateFile"')  # noqa: SLF001 - its own module


async def open_dir(our: Our, path: str, create: bool = False) -> Directory:
    """Return the folder; with ``create`` it is made, with all that leads to it."""
    if create:
        await create_dir_all(our, path)
    return Directory(our, path)


async def read_dir(our: Our, path: str) -> list[DirEntry]:
    """Return a folder's entries, in no particular order; ``/`` lists the packages (root only)."""
    return _part(await _act(our, path, "ReadDir"), "ReadDir", list[DirEntry])


async def create_dir_all(our: Our, path: str) -> None:
    """Make a folder and all that leads to it; no error when it exists."""
    await _act(our, path, "CreateDirAll")


async def remove_file(our: Our, path: str) -> None:
    """Remove a file."""
    await _act(our, path, "RemoveFile")


async def remove_dir(our: Our, path: str) -> None:
    """Remove an empty folder."""
    await _act(our, path, "RemoveDir")


async def remove_dir_all(our: Our, path: str) -> None:
    """Remove a folder with all that is in it."""
    await _act(our, path, "RemoveDirAll")


async def rename(our: Our, path: str, new_path: str) -> None:
    """Give a file or folder another path, at once; a file that has it is replaced."""
    await _act(our, path, {"Rename": {"new_path": new_path}})


async def copy(our: Our, path: str, new_path: str) -> None:
    """Copy a file; one that has the new path is replaced."""
    await _act(our, path, {"CopyFile": {"new_path": new_path}})


async def metadata(our: Our, path: str) -> FileMetadata:
    """Return what a path is, links followed, and its length."""
    return _part(await _act(our, path, "Metadata"), "Metadata", FileMetadata)


async def exists(our: Our, path: str) -> bool:
    """Tell whether there is anything at the path."""
    try:
        await metadata(our, path)
    except VfsError as error:
        if error.kind == "IOError" and str(error).endswith(_MISSING):
            return False
        raise
    return True


class _Seeked(msgspec.Struct, frozen=True):
    new_offset: int


def _head(path: str) -> bytes:
    return b'{"path":' + msgspec.json.encode(path) + b',"action":'


def _plain(path: str) -> str:
    """Return one spelling for all of a path's, as far as they name one cursor."""
    return os.path.normpath("/" + path.lstrip("/"))


async def _act(our: Our, path: str, action: object) -> Any:  # JSON enters here
    body = _head(path) + msgspec.json.encode(action) + b"}"
    return await _ask(our, Address(our.node, VFS), body)


async def _ask(our: Our, vfs: Address, body: bytes, data: Buffer | None = None) -> Any:
    blob = None
    if data is not None:
        blob = LazyLoadBlob(data if type(data) is bytes else bytes(data))
    answer = (await our.send_and_await_response(vfs, body, _TIMEOUT, blob=blob)).body
    if answer in {b'"Ok"', b'"Read"'}:
        return answer
    value = msgspec.json.decode(answer)
    if isinstance(value, dict) and "Err" in value:
        raise _error(value["Err"], msgspec.json.decode(body)["path"])
    return value


def _error(error: Any, path: str) -> VfsError:  # JSON enters here
    if isinstance(error, str):
        return VfsError(error, f"{path}: {_MEANINGS.get(error, error)}")
    kind, text = next(iter(error.items()))
    return VfsError(kind, f"{path}: {text['error'] if isinstance(text, dict) else text}")


def _part(value: Any, name: str, kind: type[T]) -> T:
    """Return the payload of an answer that should have this name; raises BodyError."""
    try:
        return msgspec.convert(value[name], kind)
    except (TypeError, KeyError, IndexError, msgspec.ValidationError):
        raise BodyError(f"vfs should have answered {name}, not {value!r}") from None


def _blob(our: Our) -> bytes:
    blob = our.get_blob()
    if blob is None:
        raise BodyError("vfs answered Read, but without the bytes")
    return blob.bytes
