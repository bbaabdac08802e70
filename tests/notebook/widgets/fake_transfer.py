"""A transfer that does only what a test tells it to, and one that runs by itself to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kinode_nb.types.rows import TransferRow

SECOND = 1_000_000_000
MIB = 1024**2
DIGEST = "blake3:d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24"


def row(**changes: Any) -> TransferRow:
    """Return a transfer that has just begun to wait, but for the changes."""
    fields: dict[str, Any] = {
        "id": "t1",
        "file": "my_file.txt",
        "provider": "fake2.dev",
        "requestor": "fake.dev",
        "package": "chat-with-file-transfer:template.os",
        "bytes": None,
        "received": 0,
        "status": "waiting",
        "started_ns": 0,
        "finished_ns": None,
        "now_ns": 0,
        "chunks": 0,
        "resumed": 0,
        "digest": "",
        "verified": False,
        "error": "",
    }
    return TransferRow(**(fields | changes))


def running(received: int, total: int | None = 1024 * MIB, *, seconds: float = 1) -> TransferRow:
    """Return a transfer that has run evenly for so many seconds."""
    return row(status="running", bytes=total, received=received, now_ns=int(seconds * SECOND))


def done(total: int = 1024 * MIB, *, seconds: float = 2, **changes: Any) -> TransferRow:
    """Return a transfer that has ended well."""
    now = int(seconds * SECOND)
    ended = {"status": "done", "digest": DIGEST, "verified": True, "finished_ns": now, "chunks": 1}
    return row(bytes=total, received=total, now_ns=now, **(ended | changes))


def failed(error: str, received: int = 0, total: int | None = None) -> TransferRow:
    """Return a transfer that has ended badly after a second."""
    return row(
        status="failed",
        chunks=1 if received else 0,
        error=error,
        received=received,
        bytes=total,
        now_ns=SECOND,
        finished_ns=SECOND,
    )


class FakeTransfer:
    """A transfer whose next state is set from outside; those who listen are told at once."""

    def __init__(self, first: TransferRow | None = None) -> None:
        self._row = first or row()
        self.listeners: list[Callable[[], None]] = []
        self.looks = 0

    @property
    def status(self) -> str:
        return self._row.status

    def row(self) -> TransferRow:
        self.looks += 1
        return self._row

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)

    def become(self, new: TransferRow) -> None:
        self._row = new
        for listener in list(self.listeners):
            listener()
