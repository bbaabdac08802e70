"""The columns of a log that never change, kept from one look to the next.

A message is read once, when somebody looks for the first time after it was sent. What it costs
later is a copy of its columns: names are numbers in a dictionary, bodies are Arrow text that
every DataFrame shares.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

from kinode_nb.frames import bodies
from kinode_nb.runtime.message_log import Entry
from kinode_nb.types import Address, Answer, Event, Request, Response
from kinode_nb.types.printed import as_unicode

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

KINDS = ("request", "response", "send_error", "print", "condition")
REQUEST, RESPONSE = 0, 1
NONE = -1
"""Stands for a number, or a name, that is not there."""

_EVENT = 2
_GROUPS: dict[type, int] = {Request: REQUEST, Response: RESPONSE, Answer: RESPONSE, Event: _EVENT}
_LONGEST = 2**63 - 1
# So many rows at a time stay in the processor's cache while column after column is read.
_SLICE = 4096
_COLUMNS = {
    "kind": "i1",
    "time": "i8",
    "id": "u8",
    "source": "i4",
    "target": "i4",
    "type": "i4",
    "mime": "i4",
    "reason": "i4",
    "body_size": "i8",
    "blob_size": "i8",
    "expects_response": "i8",
    "inherit": "?",
    "parent": "i8",
}
_MAY_BE_ABSENT = ("blob_size", "expects_response")


def _blank(name: str, rows: int) -> npt.NDArray[Any]:
    """Return a column of zeros: memory that costs nothing until it is written to."""
    import numpy as np

    return np.zeros(rows, _COLUMNS[name])


class Names(dict[Any, int]):
    """Numbers names in the order in which they turn up."""

    def __init__(self, names: Iterable[Hashable] = ()) -> None:
        """Begin with these."""
        super().__init__((name, code) for code, name in enumerate(names))

    def __missing__(self, name: Hashable) -> int:
        self[name] = code = len(self)
        return code


class LogColumns:
    """The columns of the rows of one log, from number ``first`` on."""

    def __init__(self, first: int) -> None:
        """Start empty."""
        self.first = first
        self.rows = 0
        self.addresses = Names()
        self.kinds = Names(KINDS)
        self.types = bodies.Variants()
        self.mimes = Names([""])
        self.reasons = Names([""])
        self.texts: list[pa.LargeStringArray] = []
        self._room = 0
        self._columns = {name: _blank(name, 0) for name in _COLUMNS}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return a column: read it, never write to it."""
        return self._columns[name][: self.rows]

    def add(self, entries: Sequence[Entry]) -> None:
        """Read entries and put them after the rows that are there."""
        rows = self.rows + len(entries)
        if rows > self._room:
            self._move(max(rows, 2 * self._room))
        for start in range(0, len(entries), _SLICE):
            self._add(entries[start : start + _SLICE])

    def text(self, rows: slice | npt.NDArray[np.int64]) -> pa.ChunkedArray:
        """Return bodies. Only all of them are shared: a few must not pin the others."""
        import numpy as np
        import pyarrow as pa

        if isinstance(rows, slice) and rows.start == 0:
            return pa.chunked_array(self.texts, pa.large_string())
        wanted = np.arange(self.rows)[rows]
        ends = np.cumsum([len(piece) for piece in self.texts])
        cuts = np.searchsorted(wanted, ends).tolist()
        taken = [
            piece.take(pa.array(wanted[first:last] - (end - len(piece))))
            for piece, end, first, last in zip(self.texts, ends, [0, *cuts], cuts, strict=False)
            if last > first
        ]
        # Arrow's own take would first join all the pieces.
        return pa.chunked_array([pa.concat_arrays(taken)] if taken else [], pa.large_string())

    def forget(self, count: int) -> None:
        """Drop the first rows."""
        import pyarrow as pa

        self._move(self.rows, count)
        self.texts = [pa.concat_arrays(self.texts).slice(count)]
        self.rows -= count
        self.first += count

    def _move(self, room: int, start: int = 0) -> None:
        """Put the rows from ``start`` on into columns of another size."""
        left = self.rows - start
        for name in _COLUMNS:
            column = _blank(name, room)
            column[:left] = self[name][start:]
            self._columns[name] = column
        self._room = room

    def _add(self, entries: Sequence[Entry]) -> None:
        import numpy as np

        end = self.rows + len(entries)
        put = {name: column[self.rows : end] for name, column in self._columns.items()}
        groups = np.fromiter(map(_GROUPS.__getitem__, map(type, entries)), "i1", len(entries))
        put["kind"][:] = groups
        for name in _MAY_BE_ABSENT:
            put[name][:] = NONE
        _each_of(groups == REQUEST, entries, put, self._requests)
        _each_of(groups == RESPONSE, entries, put, self._messages)
        _each_of(groups == _EVENT, entries, put, self._events)
        texts = [entry.body for entry in entries]
        packed = bodies.pack(texts)
        put["body_size"][:] = packed.sizes
        rows, types = self.types.of(texts, np.where(groups == _EVENT, 0, packed.starts))
        put["type"][rows] = types
        self._keep(packed.text)
        self.rows = end

    def _keep(self, text: pa.LargeStringArray) -> None:
        """Keep texts in pieces that are neither many nor dear to join."""
        import pyarrow as pa

        if self.texts and len(self.texts[-1]) + len(text) <= _SLICE:
            text = pa.concat_arrays([self.texts.pop(), text])
        self.texts.append(text)

    def _requests(self, put: Callable[..., None], requests: Sequence[Request]) -> None:
        self._messages(put, requests)
        expected = [each.expects_response for each in requests]
        seconds = [NONE if each is None else each for each in expected]
        try:
            put("expects_response", seconds)
        except OverflowError:  # a u64 in Kinode
            put("expects_response", [min(each, _LONGEST) for each in seconds])

    def _messages(self, put: Callable[..., None], messages: Sequence[Request | Response]) -> None:
        self._entries(put, messages)
        inherit = [each.inherit for each in messages]
        if True in inherit:
            put("inherit", inherit)
        sizes = [each.blob_size for each in messages]
        if max(sizes) >= 0:  # only blobs have a MIME type
            put("blob_size", sizes)
            put("mime", [self.mimes[as_unicode(each.mime or "")] for each in messages])

    def _events(self, put: Callable[..., None], events: Sequence[Event]) -> None:
        self._entries(put, events)
        put("kind", [self.kinds[each.kind] for each in events])
        put("reason", [self.reasons[each.reason] for each in events])

    def _entries(self, put: Callable[..., None], entries: Sequence[Entry]) -> None:
        put("time", [each.time for each in entries])
        put("id", [each.id for each in entries])
        put("parent", [each.parent for each in entries])
        put("source", map(self.addresses.__getitem__, [each.source for each in entries]))
        put("target", map(self.addresses.__getitem__, [each.target for each in entries]))


def _each_of(
    chosen: npt.NDArray[np.bool_],
    entries: Sequence[Any],
    columns: dict[str, npt.NDArray[Any]],
    read: Callable[[Callable[..., None], Sequence[Any]], None],
) -> None:
    """Read the chosen entries, all of one class, and put what is read where they stand.

    One class at a time, since Python reads attributes twice as fast that way.
    """
    import numpy as np

    at = np.flatnonzero(chosen)

    def put(name: str, values: Iterable[Any]) -> None:
        column = columns[name]
        column[at] = np.fromiter(values, column.dtype, len(at))

    if len(at):
        read(put, list(compress(entries, chosen.tolist())))


def address_texts(addresses: Iterable[Address]) -> tuple[list[str], list[str]]:
    """Return the nodes and the processes of addresses, as text."""
    pairs = [(address.node, str(address.process)) for address in addresses]
    return [node for node, _ in pairs], [process for _, process in pairs]
