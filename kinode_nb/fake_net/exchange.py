"""What a person does between nodes: chat, offer files, download. Each goes by messages.

Bodies are those of the packages' WIT (specification, section 7), written out, because whoever
offers the interface may be asked, not only the packages that come with kinode_nb.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.transfers import TransferRecord, TransferTable
from kinode_nb.types import (
    Address,
    Request,
    SendError,
    TransferError,
    UsageError,
    nearest,
)
from kinode_nb.types.rows import ChatRow, FileRow

_CHAT_SECONDS = 7
_DOWNLOAD_SECONDS = 10
"""Each more than what the asked process itself waits for the other node."""


async def send(node: Node, target: str, message: str, package: str | None = None) -> None:
    """Send a chat message; raises SendError when the other node did not take it."""
    chat = node.offering("chat", package)
    body = {"Send": {"target": target, "message": message}}
    begun = node.kernel.scheduler.now()
    answer = await node.request(chat, body, timeout=_CHAT_SECONDS)
    said = answer.json()
    if said != "Send":
        kind = said.get("SendError", "Timeout") if isinstance(said, dict) else "Timeout"
        request = _addressed(answer, target, chat)
        reason = node.missing(target, chat.package_id, begun) if kind == "Timeout" else ""
        raise SendError(kind, request, reason=reason)


def _addressed(answer: Any, target: str, chat: Address) -> Request:  # Answer
    """Return the chat message as a Request to its real target, for the error to name."""
    return Request(
        answer.target, Address(target, chat.process), answer.id, b"", False, None, (), -1, None,
        answer.seq, answer.time, answer.parent, 5,
    )  # fmt: skip


async def history(
    node: Node, peer: str, epoch_ns: int, package: str | None = None
) -> list[ChatRow]:
    """Return the chat with another node, oldest first."""
    chat = node.offering("chat", package)
    answer = await node.request(chat, {"History": peer})
    messages = answer.json()["History"]
    times = _times(answer.metadata)
    return [
        ChatRow(
            time_ns=None if time is None else time + epoch_ns,
            peer=peer,
            author=said["author"],
            content=said["content"],
        )
        for said, time in zip(messages, [*times, *[None] * len(messages)], strict=False)
    ]


def _times(metadata: str | None) -> list[int]:
    """Return when each message of a history was sent (clock ns), where the chat tells it."""
    with contextlib.suppress(msgspec.DecodeError, KeyError, TypeError):
        return list(msgspec.json.decode(metadata or "")["chat"]["times"])
    return []


async def put(
    node: Node,
    files: Sequence[str | os.PathLike[str]],
    data: bytes | None = None,
    package: str | None = None,
) -> list[Path]:
    """Copy files of the machine into the package's ``files`` drive; returns where they are."""
    main = node.offering("file-transfer", package)
    drive = node.home / "vfs" / str(main.package_id) / "files"
    if data is not None and len(files) != 1:
        raise UsageError("put with data= takes one name: put('name.bin', data=b'…')")
    sources = await asyncio.to_thread(_sources, files, there=data is None)
    return [await asyncio.to_thread(_place, drive, source, data) for source in sources]


def _sources(files: Sequence[str | os.PathLike[str]], *, there: bool) -> list[Path]:
    """Return the files' paths; what is not there is told before anything is put."""
    sources = [Path(file).expanduser() for file in files]
    for source in sources:
        if there and not source.is_file():
            near = nearest(source.name, [path.name for path in source.absolute().parent.glob("*")])
            raise UsageError(f"there is no file {str(source)!r} to put.{near}")
    return sources


def _place(drive: Path, source: Path, data: bytes | None) -> Path:
    """Put one file in place, whole or not at all."""
    name = source.name
    _check_name(name)
    if (
        name in ("", ".", "..")
        or "\0" in name
        or len(name.encode()) > 255  # noqa: PLR2004 - the file systems' limit
        or (data is not None and name != str(source))
    ):
        raise UsageError(f"{str(source)!r} is no name for a file of a drive")
    drive.mkdir(parents=True, exist_ok=True)
    # beside the drive's files, but in no listing until it is whole
    temporary = drive.parent / f".put-{os.urandom(8).hex()}"
    try:
        if data is None:
            shutil.copyfile(source, temporary)
        else:
            temporary.write_bytes(data)
        temporary.rename(drive / name)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{str(source)!r} cannot be put: {error.strerror}") from None
    return drive / name


async def list_files(
    node: Node, provider: str | None = None, package: str | None = None
) -> list[FileRow]:
    """Return what a node offers; the package is asked there that would be asked here."""
    main = node.offering("file-transfer", package)
    asked = Address(provider or node.name, main.process)
    try:
        answer = await node.request(asked, "ListFiles")
    except SendError as error:
        if error.kind == "Timeout":
            error.reason = error.reason or node.missing(asked.node, asked.package_id)
        raise
    prefix = f"{main.package_id}/files/"
    return [
        FileRow(node=asked.node, file=found["name"].removeprefix(prefix), bytes=found["size"])
        for found in answer.json()["ListFiles"]
    ]


def begin_download(
    node: Node,
    table: TransferTable,
    file: str,
    provider: str,
    *,
    overwrite: bool = False,
    package: str | None = None,
) -> tuple[TransferRecord, "asyncio.Task[None]"]:
    """Ask for a file; returns at once, with the transfer and the task that asks."""
    _check_name(file)
    main = node.offering("file-transfer-worker", package)
    record = table.begin(file, provider, node.name, str(main.package_id))
    loop = asyncio.get_running_loop()
    return record, loop.create_task(_download(node, record, main, overwrite))


def _check_name(file: object) -> None:
    """Raise UsageError for what can be no file's name."""
    if not isinstance(file, str) or not file:
        raise UsageError(
            f"{file!r} is no name of a file; %kinode list-files NODE shows what is offered"
        )
    try:
        file.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{file!a} is no name of a file: it is not Unicode text") from None


async def _download(node: Node, record: TransferRecord, main: Address, overwrite: bool) -> None:
    """Send the Download; what then happens is reported by its worker."""
    target = Address(record.provider, main.process)
    body = {
        "Download": {
            "name": record.file,
            "target": {
                "node": target.node,
                "process": msgspec.structs.asdict(target.process),
            },
            "is_requestor": True,
        }
    }
    wish = {"file-transfer": {"transfer": record.id, "overwrite": overwrite}}
    try:
        answer = await node.request(
            main,
            body,
            timeout=_DOWNLOAD_SECONDS,
            metadata=msgspec.json.encode(wish).decode(),
        )
        _accepted(answer.json())
    except Exception as error:  # noqa: BLE001 - a transfer that nobody would end again
        record.fail(str(error))


def _accepted(said: Any) -> None:  # JSON enters here
    """Raise TransferError unless the Response is ``{"Download": {"Ok": null}}``."""
    result = said.get("Download") if isinstance(said, dict) else None
    if not isinstance(result, dict) or "Ok" not in result:
        reason = result.get("Err") if isinstance(result, dict) else f"answered {said!r}"
        raise TransferError(str(reason))
