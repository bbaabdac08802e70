"""Which rows of a log somebody asked for."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from kinode_nb.frames.log_columns import LogColumns
from kinode_nb.types import Address, UsageError, nearest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_DURATION = re.compile(r"(\d+(\.\d+)?\s*[a-zµ]+\s*)+\Z", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?\Z")
_SHOWN = 8


class Filters(NamedTuple):
    """What was asked for; None asks for everything."""

    node: object = None
    process: object = None
    kind: object = None
    type: object = None
    since: object = None
    last: object = None
    grep: object = None
    known: frozenset[str] = frozenset()
    """Names of nodes and processes that exist, even where the log has none of them."""


def select(columns: LogColumns, epoch_ns: int, filters: Filters) -> slice | npt.NDArray[np.int64]:
    """Return the rows that fit, in order; raises UsageError."""
    import numpy as np

    last = _count(filters.last)
    wanted = _wanted(columns, epoch_ns, filters)
    if not wanted and filters.grep is None:
        return slice(0 if last is None else max(0, columns.rows - last), columns.rows)
    rows = np.flatnonzero(np.logical_and.reduce([np.ones(columns.rows, "?"), *wanted]))
    if filters.grep is not None:
        rows = rows[_matches(columns, rows, str(filters.grep))]
    return rows if last is None else rows[max(0, len(rows) - last) :]


def _wanted(columns: LogColumns, epoch_ns: int, filters: Filters) -> list[npt.NDArray[np.bool_]]:
    wanted = []
    if filters.node is not None:
        wanted.append(_touching(columns, _on_node(columns, str(filters.node), filters.known)))
    if filters.process is not None:
        fits = _of_process(columns, str(filters.process), filters.known)
        wanted.append(_touching(columns, fits))
    if filters.kind is not None:
        kind = str(filters.kind).replace("-", "_")
        if kind not in columns.kinds:
            raise _no_such("kind of message", kind, columns.kinds)
        wanted.append(columns["kind"] == columns.kinds[kind])
    if filters.type is not None:
        wanted.append(columns["type"] == _type(columns, str(filters.type)))
    if filters.since is not None:
        wanted.append(_since(columns, epoch_ns, filters.since))
    return wanted


def _touching(columns: LogColumns, fits: Callable[[Address], bool]) -> npt.NDArray[np.bool_]:
    """Return which rows have a source or a target that fits."""
    import numpy as np

    hits = np.fromiter(map(fits, columns.addresses), "?", len(columns.addresses))
    touching: npt.NDArray[np.bool_] = hits[columns["source"]] | hits[columns["target"]]
    return touching


def _on_node(columns: LogColumns, node: str, known: frozenset[str]) -> Callable[[Address], bool]:
    nodes = {address.node for address in columns.addresses}
    if nodes and node not in nodes | known:
        raise _no_such("node", node, nodes)
    return lambda address: address.node == node


def _of_process(columns: LogColumns, text: str, known: frozenset[str]) -> Callable[[Address], bool]:
    """Take ``process``, ``process:package``, a whole process id, or an address."""
    node, _, process = text.replace("_", "-").rpartition("@")

    def fits(name: str) -> bool:
        return name == process or name.startswith(f"{process}:")

    ids = {str(address.process) for address in columns.addresses}
    if ids and not any(map(fits, ids | known)):
        names = {name.partition(":")[0] for name in ids}
        raise _no_such("process", process, ids if ":" in process else names)
    return lambda address: fits(str(address.process)) and node in {"", address.node}


def _type(columns: LogColumns, name: str) -> int:
    """Return a type's number. One that nobody sent yet is no mistake, unless it looks like one."""
    if name not in columns.types:
        types = [each for each in columns.types if each]
        if nearest(name, types) or name.lower() in map(str.lower, types):
            raise _no_such("type of message", name, types)
        return -1
    return columns.types[name] if name else -1


def _no_such(what: str, name: str, known: Iterable[str]) -> UsageError:
    known = list(known)
    lower = {each.lower(): each for each in known}
    if name.lower() in lower:
        hint = f" Did you mean {lower[name.lower()]!r}?"
    elif not (hint := nearest(name, known)):
        more = ", …" if len(known) > _SHOWN else ""
        hint = f" There are: {', '.join(sorted(known)[:_SHOWN])}{more}"
    return UsageError(f"the log has no {what} {name!r}.{hint}")


def _count(last: object) -> int | None:
    if last is None:
        return None
    try:
        count = int(last) if isinstance(last, str) else operator.index(last)  # type: ignore[arg-type]  # TypeError is what we are after
    except (TypeError, ValueError):
        count = -1
    if count < 0 or isinstance(last, bool):
        raise UsageError(f"last={last!r} is no number of rows: give a whole one, such as 20")
    return count


def _since(columns: LogColumns, epoch_ns: int, since: object) -> npt.NDArray[np.bool_]:
    import numpy as np

    seq = _seq(since)
    if seq is not None:
        return np.arange(columns.first, columns.first + columns.rows) >= seq
    times = columns["time"]
    newest = int(times.max()) + epoch_ns if len(times) else 0
    return times >= _moment(since, newest) - epoch_ns


def _seq(since: object) -> int | None:
    if isinstance(since, str):
        return int(since) if since.strip().isdecimal() else None
    try:
        return None if isinstance(since, bool) else operator.index(since)  # type: ignore[arg-type]  # TypeError is what we are after
    except TypeError:
        return None


def _moment(since: Any, newest: int) -> int:
    """Return a time, or a duration back from the newest row, as nanoseconds since 1970."""
    import datetime as dt

    import pandas as pd

    text = since.strip() if isinstance(since, str) else ""
    try:
        if isinstance(since, dt.timedelta) or _DURATION.match(text):
            return newest - pd.Timedelta(text or since).value
        if _TIME_OF_DAY.match(text):
            text = f"{pd.Timestamp(newest, unit='ns').date()} {text}"
        if text or isinstance(since, dt.date):
            return _utc(pd.Timestamp(text or since)).as_unit("ns").value
    except (TypeError, ValueError):
        pass
    raise UsageError(
        f"since={since!r} is no number of a message (120), no time (12:30, 2025-01-31 12:30) "
        "and no duration (10s)"
    )


def _utc(moment: pd.Timestamp) -> pd.Timestamp:
    """Read a time without a zone as the log shows its times."""
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment


def _matches(
    columns: LogColumns, rows: npt.NDArray[np.int64], pattern: str
) -> npt.NDArray[np.bool_]:
    """Return which of the rows have a body with the pattern, by Python's own rules."""
    import numpy as np
    import pyarrow.compute as pc

    try:
        search = re.compile(pattern).search
    except re.error as error:
        raise UsageError(
            f"grep={pattern!r} is no regular expression ({error}): "
            f"{re.escape(pattern)!r} finds just that text"
        ) from None
    everything = len(rows) == columns.rows
    texts = columns.text(slice(0, columns.rows) if everything else rows)
    if re.escape(pattern) == pattern:  # plain text: Arrow finds it ten times as fast
        return np.asarray(pc.match_substring(texts, pattern))
    return np.array([search(text) is not None for text in texts.to_pylist()], "?")
