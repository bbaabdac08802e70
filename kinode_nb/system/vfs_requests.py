"""Requests to vfs: ``{"path": …, "action": …}`` (``lib/src/vfs.rs``)."""

from typing import Annotated, Any

import msgspec

from kinode_nb.system.refusals import MALFORMED_REQUEST, Refused
from kinode_nb.system.vfs_paths import ROOT, VfsPath, parse
from kinode_nb.types import ProcessId

BARE = frozenset(
    {
        "CreateDrive",
        "CreateDir",
        "CreateDirAll",
        "CreateFile",
        "CloseFile",
        "Write",
        "WriteAll",
        "Append",
        "SyncAll",
        "Read",
        "ReadDir",
        "ReadToEnd",
        "ReadToString",
        "RemoveFile",
        "RemoveDir",
        "RemoveDirAll",
        "Metadata",
        "AddZip",
        "Len",
        "Hash",
    }
)
"""Actions that carry nothing."""


class Job(msgspec.Struct, frozen=True):
    """What one Request asks for, by whom, and with what bytes."""

    source: ProcessId
    action: str
    path: VfsPath
    value: Any  # what the action carries, by its decoder below
    new_path: VfsPath
    """Where Rename and CopyFile lead; ROOT for all others."""
    data: bytes | None


class _Envelope(msgspec.Struct):
    path: str
    action: str | dict[str, msgspec.Raw]


class _Create(msgspec.Struct):
    create: bool


class _Length(msgspec.Struct):
    length: Annotated[int, msgspec.Meta(ge=0)]


class _NewPath(msgspec.Struct):
    new_path: str


_read_envelope = msgspec.json.Decoder(_Envelope).decode
_read_value = {
    "OpenFile": msgspec.json.Decoder(_Create).decode,
    "ReadExact": msgspec.json.Decoder(_Length).decode,
    "SetLen": msgspec.json.Decoder(Annotated[int, msgspec.Meta(ge=0)]).decode,
    "Seek": msgspec.json.Decoder(dict[str, int]).decode,
    "Rename": msgspec.json.Decoder(_NewPath).decode,
    "CopyFile": msgspec.json.Decoder(_NewPath).decode,
}


def read(source: ProcessId, body: bytes, data: bytes | None) -> Job:
    """Read a Request's body; raises Refused."""
    try:
        envelope = _read_envelope(body)
        action, value = _action(envelope.action)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(MALFORMED_REQUEST) from None
    if action == "ReadDir" and envelope.path == "/":
        return Job(source, action, ROOT, None, ROOT, None)
    new_path = parse(value.new_path) if isinstance(value, _NewPath) else ROOT
    return Job(source, action, parse(envelope.path), value, new_path, data)


def _action(written: str | dict[str, msgspec.Raw]) -> tuple[str, Any]:
    if isinstance(written, str):
        if written not in BARE:
            raise Refused(MALFORMED_REQUEST)
        return written, None
    if len(written) != 1:
        raise Refused(MALFORMED_REQUEST)
    ((action, raw),) = written.items()
    if action in BARE and bytes(raw) == b"null":  # serde reads that too
        return action, None
    if action not in _read_value:
        raise Refused(MALFORMED_REQUEST)
    value = _read_value[action](raw)
    if isinstance(value, _Length):
        value = value.length
    _check_range(value)
    return action, value


def _check_range(value: object) -> None:
    """Hold numbers to the width that they have in Kinode: u64, and i64 for relative places."""
    if isinstance(value, int):
        fits = value < 1 << 64
    elif isinstance(value, dict):
        fits = len(value) == 1 and all(map(_is_place, value.items()))
    else:
        return
    if not fits:
        raise Refused(MALFORMED_REQUEST)


def _is_place(place: tuple[str, int]) -> bool:
    whence, offset = place
    if whence == "Start":
        return 0 <= offset < 1 << 64
    return whence in {"End", "Current"} and -(1 << 63) <= offset < 1 << 63
