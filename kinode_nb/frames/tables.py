"""The small tables: rows of ``kinode_nb.types.rows`` -> DataFrames.

A table is written down as it looks: its columns in order, each with its kind and with the field
of the row that it shows. The columns are those of the public interface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from kinode_nb.frames import arrays
from kinode_nb.types.rows import (
    ChatRow,
    FileRow,
    NodeRow,
    PackageRow,
    ProcessRow,
    TransferRow,
)
from kinode_nb.types.test_rows import TestRow

if TYPE_CHECKING:
    import pandas as pd

_Table = tuple[tuple[str, Callable[[Any], Any], str], ...]

_NODES: _Table = (
    ("node", arrays.text, "node"),
    ("port", arrays.maybe_count, "port"),
    ("home", arrays.text, "home"),
    ("placement", arrays.category, "placement"),
    ("status", arrays.category, "status"),
    ("processes", arrays.count, "processes"),
    ("sent", arrays.count, "sent"),
    ("received", arrays.count, "received"),
    ("uptime", arrays.span, "uptime_ns"),
)
_PROCESSES: _Table = (
    ("node", arrays.category, "node"),
    ("process", arrays.category, "process"),
    ("package", arrays.category, "package"),
    ("language", arrays.category, "language"),
    ("status", arrays.category, "status"),
    ("public", arrays.flag, "public"),
    ("on_exit", arrays.category, "on_exit"),
    ("queued", arrays.count, "queued"),
    ("received", arrays.count, "received"),
    ("sent", arrays.count, "sent"),
    ("restarts", arrays.count, "restarts"),
    ("capabilities", arrays.lines, "capabilities"),  # their JSON has commas of its own
)
_PACKAGES: _Table = (
    ("node", arrays.category, "node"),
    ("package", arrays.category, "package"),
    ("version", arrays.text, "version"),
    ("processes", arrays.count, "processes"),
    ("dependencies", arrays.words, "dependencies"),
    ("source", arrays.text, "source"),
)
_TRANSFERS: _Table = (
    ("id", arrays.text, "id"),
    ("file", arrays.text, "file"),
    ("provider", arrays.category, "provider"),
    ("requestor", arrays.category, "requestor"),
    ("package", arrays.category, "package"),
    ("bytes", arrays.maybe_count, "bytes"),
    ("received", arrays.count, "received"),
    ("progress", arrays.number, "progress"),
    ("status", arrays.category, "status"),
    ("rate", arrays.number, "rate"),
    ("started", arrays.time, "started_ns"),
    ("finished", arrays.time, "finished_ns"),
    ("elapsed", arrays.span, "elapsed_ns"),
    ("chunks", arrays.count, "chunks"),
    ("resumed", arrays.count, "resumed"),
    ("digest", arrays.text, "digest"),
    ("verified", arrays.flag, "verified"),
    ("error", arrays.text, "error"),
)
_HISTORY: _Table = (
    ("time", arrays.time, "time_ns"),
    ("peer", arrays.category, "peer"),
    ("author", arrays.category, "author"),
    ("content", arrays.text, "content"),
)
_FILES: _Table = (
    ("node", arrays.category, "node"),
    ("file", arrays.text, "file"),
    ("bytes", arrays.count, "bytes"),
)
_TESTS: _Table = (
    ("test", arrays.text, "test"),
    ("package", arrays.category, "package"),
    ("nodes", arrays.words, "nodes"),
    ("status", arrays.category, "status"),
    ("seconds", arrays.number, "seconds"),
    ("file", arrays.text, "file"),
    ("line", arrays.maybe_count, "line"),
    ("reason", arrays.text, "reason"),
    ("tests_file", arrays.category, "tests_file"),
)
_SAMPLES = (
    ("time", arrays.time),
    ("received", arrays.count),
    ("progress", arrays.number),
    ("rate", arrays.number),
)


def nodes(rows: Iterable[NodeRow]) -> pd.DataFrame:
    """Return the table of nodes."""
    return _frame(_NODES, rows)


def processes(rows: Iterable[ProcessRow]) -> pd.DataFrame:
    """Return the table of processes; ``capabilities`` has one a line."""
    return _frame(_PROCESSES, rows)


def packages(rows: Iterable[PackageRow]) -> pd.DataFrame:
    """Return the table of packages; ``dependencies`` are divided by commas."""
    return _frame(_PACKAGES, rows)


def transfers(rows: Iterable[TransferRow]) -> pd.DataFrame:
    """Return the table of transfers; ``rate`` is in bytes a second, ``progress`` in percent."""
    return _frame(_TRANSFERS, rows)


def transfer(row: TransferRow) -> pd.DataFrame:
    """Return one transfer over time, a row a sample, in the units of `transfers`."""
    import pandas as pd

    samples = row.history()
    return pd.DataFrame(
        {name: kind(map(itemgetter(at), samples)) for at, (name, kind) in enumerate(_SAMPLES)}
    )


def history(rows: Iterable[ChatRow]) -> pd.DataFrame:
    """Return the messages of a chat."""
    return _frame(_HISTORY, rows)


def files(rows: Iterable[FileRow]) -> pd.DataFrame:
    """Return the files that nodes offer."""
    return _frame(_FILES, rows)


def tests(rows: Iterable[TestRow]) -> pd.DataFrame:
    """Return what came of tests; ``nodes`` are divided by commas."""
    return _frame(_TESTS, rows)


def _frame(table: _Table, rows: Iterable[Any]) -> pd.DataFrame:
    import pandas as pd

    rows = list(rows)
    return pd.DataFrame(
        {name: kind(map(attrgetter(field), rows)) for name, kind, field in table}, copy=False
    )
