"""What became of each message, worked out anew at every look, for all rows at once.

A Request is answered once a Response that names it was delivered: its parent, or what the log
says where that is another. Only exceptions are written down as they happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kinode_nb.frames.arrays import NOT_A_TIME
from kinode_nb.frames.log_columns import NONE, REQUEST, RESPONSE, LogColumns, Names
from kinode_nb.frames.snapshot import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

STATUSES = ("sent", "delivered", "answered", "timeout", "offline", "denied", "dropped")
_SENT, _DELIVERED, _ANSWERED = 0, 1, 2
_SEND_ERROR = 2


class Fates(NamedTuple):
    """One value a row, in the rows' order; names as numbers."""

    status: npt.NDArray[np.int32]
    statuses: Names
    reason: npt.NDArray[np.int32]
    delivered: npt.NDArray[np.int64]
    """In nanoseconds of the clock; 0: not yet."""
    rtt: npt.NDArray[np.int64]
    """In nanoseconds, or NOT_A_TIME."""


def fates(columns: LogColumns, seen: Snapshot, start: int) -> Fates:
    """Work out what became of the rows from ``start`` on; answers come after their Requests."""
    import numpy as np

    statuses = Names(STATUSES)
    delivered = np.zeros(columns.rows - start, "i8")
    taken = np.frombuffer(seen.delivered, "i8")[start : columns.rows]
    delivered[: len(taken)] = taken  # an entry is recorded just before its delivery time is
    kind = columns["kind"][start:]
    refused, reason = _outcomes(columns, seen, start, statuses)
    status = np.where(delivered != 0, _DELIVERED, _SENT).astype("i4")
    status[kind > _SEND_ERROR] = NONE  # prints and conditions are for nobody
    answers = np.flatnonzero((kind == RESPONSE) & (refused == NONE))
    requests = _answered(columns, seen, start)[answers]
    real = (requests >= 0) & (requests < len(kind))
    real[real] = kind[requests[real]] == REQUEST
    answers, requests = answers[real], requests[real]
    came = delivered[answers] != 0
    status[requests[came]] = _ANSWERED
    status[refused != NONE] = refused[refused != NONE]
    rtt = np.full(len(kind), NOT_A_TIME, "i8")
    time = columns["time"][start:]
    when = np.where(came, delivered[answers], time[answers])
    # Backwards, since the last one written stays: of several answers, the first one counts.
    rtt[requests[::-1]] = (when - time[requests])[::-1]
    return Fates(status, statuses, reason, delivered, rtt)


def _answered(columns: LogColumns, seen: Snapshot, start: int) -> npt.NDArray[np.int64]:
    """Return the row, counted from ``start``, that each row answers if it is a Response."""
    import numpy as np

    named = columns["parent"][start:] - (columns.first + start)
    rows, at = _rows_of(seen.answers, columns, start)
    corrected = np.fromiter(seen.answers.values(), "i8", len(seen.answers))[at]
    named[rows] = corrected - (columns.first + start)
    return named


def _outcomes(
    columns: LogColumns, seen: Snapshot, start: int, statuses: Names
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the status and the reason that were written down for each row."""
    import numpy as np

    status = np.full(columns.rows - start, NONE, "i4")
    reason = columns["reason"][start:].copy()
    rows, at = _rows_of(seen.outcomes, columns, start)
    ends = list(seen.outcomes.values())
    status[rows] = np.fromiter((statuses[name] for name, _ in ends), "i4", len(ends))[at]
    reason[rows] = np.fromiter((columns.reasons[text] for _, text in ends), "i4", len(ends))[at]
    return status, reason


def _rows_of(
    by_seq: Mapping[int, Any], columns: LogColumns, start: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the rows from ``start`` on that the numbers stand for, and which numbers do."""
    import numpy as np

    rows = np.fromiter(by_seq, "i8", len(by_seq)) - (columns.first + start)
    here = (rows >= 0) & (rows < columns.rows - start)
    return rows[here], here
