"""The message log -> a DataFrame, one row a message or event."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from kinode_nb.frames import arrays
from kinode_nb.frames.fates import STATUSES, Fates, fates
from kinode_nb.frames.log_columns import KINDS, NONE, LogColumns, address_texts
from kinode_nb.frames.selection import Filters, select
from kinode_nb.frames.snapshot import Snapshot, snapshot
from kinode_nb.runtime.message_log import MessageLog

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Rows = slice | npt.NDArray[np.int64]


class _View:
    """What is kept of one log from look to look."""

    def __init__(self, first: int) -> None:
        self.lock = Lock()
        self.columns = LogColumns(first)

    def catch_up(self, log: MessageLog) -> Snapshot:
        """Read what is new in the log."""
        columns = self.columns
        seen = snapshot(log, columns.first, columns.rows)
        if not seen.known:
            columns = self.columns = LogColumns(seen.first)
        elif seen.first > columns.first:
            columns.forget(seen.first - columns.first)
        columns.add(seen.entries)
        return seen


_views: WeakKeyDictionary[MessageLog, _View] = WeakKeyDictionary()
_views_lock = Lock()


def log(
    log: MessageLog,
    epoch_ns: int,
    *,
    node: object = None,
    process: object = None,
    kind: object = None,
    type: object = None,
    since: object = None,
    last: object = None,
    grep: object = None,
    known: Iterable[str] = (),
) -> pd.DataFrame:
    """Return the log as a DataFrame; callable from any thread while the log grows.

    ``epoch_ns`` is what the clock's readings lack to nanoseconds since 1970. ``node`` and
    ``process`` keep rows whose source or target it is (``chat``, ``chat:chat:template.os``, an
    address); ``since`` is a ``seq``, a time (UTC where it has no zone), or a duration back from
    the newest row; ``grep`` is a regular expression for the body; ``last`` counts rows after all
    that. ``known`` names nodes and processes that exist, so that asking for them is no mistake
    when they have not spoken. Raises UsageError.
    """
    with _views_lock:
        view = _views.setdefault(log, _View(log.first))
    filters = Filters(node, process, kind, type, since, last, grep, frozenset(known))
    with view.lock:
        seen = view.catch_up(log)
        return _frame(view.columns, seen, epoch_ns, select(view.columns, epoch_ns, filters))


def _frame(columns: LogColumns, seen: Snapshot, epoch_ns: int, rows: Rows) -> pd.DataFrame:
    """Build the columns of some rows; all are copies, but for the bodies, which are immutable."""
    import numpy as np
    import pandas as pd

    def pick(name: str) -> npt.NDArray[Any]:
        return np.array(columns[name][rows])

    fate = _fates(columns, seen, rows)
    source, target = pick("source"), pick("target")
    nodes, processes = address_texts(columns.addresses)
    blob_size, seconds, parent = pick("blob_size"), pick("expects_response"), pick("parent")
    times = np.where(fate.delivered != 0, fate.delivered + epoch_ns, arrays.NOT_A_TIME)
    table = {
        "seq": np.arange(columns.first, columns.first + columns.rows)[rows],
        "time": arrays.times(pick("time") + epoch_ns),
        "node": arrays.coded(source, nodes),
        "kind": arrays.coded(pick("kind"), columns.kinds, KINDS),
        "type": arrays.coded(pick("type"), columns.types),
        "id": pick("id"),
        "source_node": arrays.coded(source, nodes),
        "source_process": arrays.coded(source, processes),
        "target_node": arrays.coded(target, nodes),
        "target_process": arrays.coded(target, processes),
        "body": arrays.arrow_text(columns.text(rows)),
        "body_size": pick("body_size"),
        "blob_size": arrays.integers(blob_size, blob_size == NONE),
        "mime": arrays.coded(pick("mime"), columns.mimes),
        "expects_response": arrays.integers(seconds, seconds == NONE),
        "inherit": pick("inherit"),
        "status": arrays.coded(fate.status, fate.statuses, STATUSES),
        "reason": arrays.coded(fate.reason, columns.reasons),
        "delivered": arrays.times(times),
        "rtt": fate.rtt.view("m8[ns]"),
        "parent": arrays.integers(parent, parent == 0),
    }
    return pd.DataFrame(table, copy=False)


def _fates(columns: LogColumns, seen: Snapshot, rows: Rows) -> Fates:
    """Work out what became of some rows, looking no further back than the first of them."""
    if isinstance(rows, slice):
        return fates(columns, seen, rows.start)
    start = int(rows[0]) if len(rows) else columns.rows
    fate = fates(columns, seen, start)
    at = rows - start
    return fate._replace(
        status=fate.status[at],
        reason=fate.reason[at],
        delivered=fate.delivered[at],
        rtt=fate.rtt[at],
    )
