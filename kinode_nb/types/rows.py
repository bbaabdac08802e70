"""What tables are made of: one frozen Struct a row, filled with what the runtime knows.

Plain numbers and texts, so that the command line and the widgets can use them without pandas.
``kinode_nb.frames`` turns them into DataFrames. Every ``…_ns`` is in nanoseconds, since 1970
(UTC) where it is a time; every size is in bytes; None is what is not known.
"""

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

_SECOND = 1_000_000_000
_FINISHED = frozenset({"done", "failed", "cancelled"})

Sample = tuple[int, int]
"""(time in nanoseconds since 1970, bytes received until then)."""


class NodeRow(msgspec.Struct, frozen=True):
    """A node; ``port`` is None without HTTP, ``sent`` and ``received`` count messages."""

    node: str
    port: int | None
    home: str
    placement: str
    status: str
    processes: int
    sent: int
    received: int
    uptime_ns: int


class ProcessRow(msgspec.Struct, frozen=True):
    """A process; ``queued`` messages wait in its mailbox."""

    node: str
    process: str
    package: str
    language: str
    status: str
    public: bool
    on_exit: str
    queued: int
    received: int
    sent: int
    restarts: int
    capabilities: tuple[str, ...]


class PackageRow(msgspec.Struct, frozen=True):
    """A package on a node, with the number of its processes that run there."""

    node: str
    package: str
    version: str
    processes: int
    dependencies: tuple[str, ...]
    source: str


class ChatRow(msgspec.Struct, frozen=True):
    """A message of a chat; its time may be unknown."""

    time_ns: int | None
    peer: str
    author: str
    content: str


class FileRow(msgspec.Struct, frozen=True):
    """A file that a node offers."""

    node: str
    file: str
    bytes: int


class TransferRow(msgspec.Struct, frozen=True):
    """A transfer as it stood at ``now_ns``, with samples of what had been received when."""

    id: str
    file: str
    provider: str
    requestor: str
    package: str
    bytes: int | None
    received: int
    status: str
    started_ns: int | None
    finished_ns: int | None
    now_ns: int
    chunks: int
    resumed: int
    digest: str
    verified: bool
    error: str
    samples: tuple[Sample, ...] = ()

    @property
    def progress(self) -> float:
        """How much is there, from 0 to 100; a file of no bytes is there once it is done."""
        if self.status == "done":
            return 100.0
        return self._percent(self.received)

    @property
    def rate(self) -> float:
        """Bytes a second: of the last second while running, of the whole when finished."""
        if self.status in _FINISHED:
            return self._overall() if self.chunks else 0.0  # identical: nothing had to come
        if self.status != "running":
            return 0.0
        points = [*self._points(), (self.now_ns, self.received)]
        return _rate(points, len(points) - 1)

    @property
    def elapsed_ns(self) -> int | None:
        """From the start to the end, or to now; None before the start."""
        if self.started_ns is None:
            return None
        end = self.now_ns if self.finished_ns is None else self.finished_ns
        return max(0, end - self.started_ns)

    @property
    def remaining_ns(self) -> int | None:
        """How long it will take at the present rate; None where that cannot be told."""
        if self.status == "done":
            return 0
        rate = self.rate if self.status == "running" else 0.0
        if self.bytes is None or not rate:
            return None
        return int(max(0, self.bytes - self.received) / rate * _SECOND)

    def history(self) -> list[tuple[int, int, float, float]]:
        """Return the samples as (time in ns, bytes, progress in percent, bytes a second)."""
        points = self._points()
        first = len(points) - len(self.samples)
        return [
            (time, received, self._percent(received), _rate(points, index))
            for index, (time, received) in enumerate(points)
            if index >= first
        ]

    def _percent(self, received: int) -> float:
        if self.bytes:
            return min(100.0, 100.0 * received / self.bytes)
        return 100.0 if self.bytes == 0 and self.status == "done" else 0.0

    def _points(self) -> list[Sample]:
        """The samples, after one of nothing at the start where none is as early as that."""
        if self.started_ns is None or (self.samples and self.samples[0][0] <= self.started_ns):
            return list(self.samples)
        return [(self.started_ns, 0), *self.samples]

    def _overall(self) -> float:
        # What was there at the start (of a download that was taken up again) took no time now.
        before = self._points()[0][1] if self._points() else 0
        elapsed = self.elapsed_ns
        return max(0, self.received - before) / elapsed * _SECOND if elapsed else 0.0


def _rate(points: Sequence[Sample], index: int) -> float:
    """Return bytes a second up to a point: since the last one that is a second older, or all."""
    time, received = points[index]
    older = bisect_right(points, time - _SECOND, key=lambda point: point[0])
    base_time, base = points[max(0, older - 1)]
    return max(0, received - base) / (time - base_time) * _SECOND if time > base_time else 0.0
