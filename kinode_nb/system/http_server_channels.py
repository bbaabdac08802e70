"""Open WebSockets: each is a channel of the process that bound its path."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec

from kinode_nb.process_lib import Address, LazyLoadBlob, Our, ProcessId
from kinode_nb.system.http_server_actions import (
    WS_CHANNEL_NOT_FOUND,
    WS_PING_PONG_TOO_LONG,
    Refused,
)

MOST = 128
"""WebSockets that one node keeps open, as Kinode does."""
_MOST_CONTROL = 125  # bytes of a Ping or Pong, by the WebSocket protocol


class Wire(Protocol):
    """The connection to a client."""

    def send(self, frame: str, data: bytes) -> bool:
        """Send a frame; ``Close`` begins to close. False: it is closed already."""
        ...

    async def drained(self) -> None:
        """Wait while the client has too much to read."""
        ...


class Channel:
    """One WebSocket, and the way from it to its process."""

    def __init__(
        self, id: int, owner: ProcessId, wire: Wire, our: Our, *, extension: bool = False
    ) -> None:
        """Connect a wire with a process; ``our`` sends in the name of http-server."""
        self.id = id
        self.owner = owner
        self.wire = wire
        self.extension = extension
        self.orphaned = False
        """Its process has ended, so there is nobody to tell."""
        self._our = our
        self._target = Address(our.node, owner)
        self._turn = asyncio.Lock()  # frames reach the process in the order of the wire

    async def opened(self, path: str) -> None:
        """Tell the process that a client is there."""
        await self._tell({"WebSocketOpen": {"path": path, "channel_id": self.id}})

    async def received(self, frame: str, data: bytes) -> None:
        """Hand a frame to the process; waits while its mailbox is full."""
        await self._tell(self.pushed(frame), LazyLoadBlob(data))

    def pushed(self, frame: str) -> object:
        """Return the body that tells of a frame."""
        return {"WebSocketPush": {"channel_id": self.id, "message_type": frame}}

    async def closed(self) -> None:
        """Tell the process that the client has gone."""
        await self._tell({"WebSocketClose": self.id})

    async def _tell(self, body: object, blob: LazyLoadBlob | None = None) -> None:
        async with self._turn:
            if not self.orphaned:
                await self._our.send_request(self._target, msgspec.json.encode(body), blob=blob)


class Channels:
    """The open channels of one node, by id."""

    def __init__(self, bits: Callable[[int], int]) -> None:
        """Start with none; ``bits`` returns that many random bits."""
        self._bits = bits
        self._open: dict[int, Channel] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def open(self, owner: ProcessId, wire: Wire, our: Our, *, extension: bool) -> Channel:
        """Add a channel with an id of its own."""
        id_ = self._bits(32)
        while id_ in self._open:
            id_ = self._bits(32)
        channel = self._open[id_] = Channel(id_, owner, wire, our, extension=extension)
        return channel

    def push(self, source: ProcessId, id_: int, frame: str, data: bytes) -> None:
        """Send a frame to the client of a channel; raises Refused."""
        if frame in {"Ping", "Pong"} and len(data) > _MOST_CONTROL:
            raise Refused(WS_PING_PONG_TOO_LONG)
        channel = self._of(source, id_)
        if channel is None or not channel.wire.send(frame, data):
            raise Refused(WS_CHANNEL_NOT_FOUND)
        if frame == "Close":
            self._open.pop(id_, None)

    async def drained(self, id_: int) -> None:
        """Wait while the client of a channel has too much to read."""
        channel = self._open.get(id_)
        if channel is not None:
            await channel.wire.drained()

    def close(self, source: ProcessId, id_: int) -> None:
        """Close a channel, also one that is closed; raises Refused for another process's."""
        channel = self._of(source, id_)
        if channel is not None:
            self._open.pop(id_, None)
            channel.wire.send("Close", b"")

    def _of(self, source: ProcessId, id_: int) -> Channel | None:
        channel = self._open.get(id_)
        if channel is not None and channel.owner != source:
            raise Refused(WS_CHANNEL_NOT_FOUND)
        return channel

    def gone(self, channel: Channel) -> None:
        """Forget a channel whose client has gone."""
        self._open.pop(channel.id, None)

    def forget(self, owner: ProcessId) -> None:
        """Close the channels of a process that has ended."""
        for channel in [each for each in self._open.values() if each.owner == owner]:
            channel.orphaned = True
            self._open.pop(channel.id, None)
            channel.wire.send("Close", b"")
