"""Writes message logs as the runtime does, without a runtime."""

from __future__ import annotations

from typing import Any

from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.types import Address, Event, Message, Request, Response

HERE = Address.parse("fake.dev@chat:chat:template.os")
THERE = Address.parse("fake2.dev@file-transfer:files:template.os")
EPOCH = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class LogWriter:
    """A log, and a clock that is a second further with each entry."""

    def __init__(self, log: MessageLog | None = None) -> None:
        self.log = MessageLog() if log is None else log
        self.now = 0

    def request(
        self,
        body: bytes = b"{}",
        source: Address = HERE,
        target: Address = THERE,
        **fields: Any,
    ) -> Request:
        return self._message(Request, source, target, body, fields)

    def response(self, to: Request, body: bytes = b"{}", **fields: Any) -> Response:
        fields = {"id": to.id, "parent": to.seq, **fields}
        return self._message(Response, to.target, to.source, body, fields)

    def event(self, kind: str = "print", body: str = "hello", **fields: Any) -> Event:
        self.now += SECOND
        return self.log.event(self.now, kind, HERE, HERE, body, **fields)

    def take(self, message: Message | Event) -> None:
        self.now += SECOND
        self.log.take(message.seq, self.now)

    def _message(
        self, cls: type, source: Address, target: Address, body: bytes, fields: dict[str, Any]
    ) -> Any:
        self.now += SECOND
        fields = {
            "id": 2**64 - self.log.next_seq,
            "inherit": False,
            "metadata": None,
            "capabilities": (),
            "blob_size": -1,
            "mime": None,
            "parent": 0,
            **fields,
        }
        message = cls(
            source=source, target=target, body=body, seq=self.log.next_seq, time=self.now, **fields
        )
        self.log.record(message)
        return message
