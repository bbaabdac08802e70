"""``sqlite:distro:sys``: SQL databases (``kinode/src/sqlite.rs``).

Each is a file, ``<home>/sqlite/<package>/<db>/<db>.db``. The first word of a statement decides
whether it is one to read or to write; `sqlite_guard` decides what it may touch. What sqlite has
in common with kv is in `databases`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kinode_nb.system import sqlite_connection
from kinode_nb.system.database_requests import Grammar, Job, TxId
from kinode_nb.system.databases import Databases
from kinode_nb.system.refusals import Refused
from kinode_nb.system.sqlite_connection import Connection, Statement, Value
from kinode_nb.system.vfs_rights import Rights

_READING = frozenset(
    {"ANALYZE", "ATTACH", "BEGIN", "EXPLAIN", "PRAGMA", "SELECT", "VALUES", "WITH"}
)
_WRITING = frozenset(
    {
        "ALTER",
        "ANALYZE",
        "COMMIT",
        "CREATE",
        "DELETE",
        "DETACH",
        "DROP",
        "END",
        "INSERT",
        "REINDEX",
        "RELEASE",
        "RENAME",
        "REPLACE",
        "ROLLBACK",
        "SAVEPOINT",
        "UPDATE",
        "VACUUM",
    }
)
_INTEGERS = 1 << 63


class _Write(msgspec.Struct, frozen=True):
    """What Write carries."""

    statement: str
    tx_id: TxId | None = None


class _Engine:
    """Databases of SQL."""

    name = "sqlite"
    grammar = Grammar(Write=_Write, Query=str)

    def file_name(self, db: str) -> str:
        """Return the name of a database's file in its folder."""
        return f"{db}.db"

    def open(self, path: Path) -> Connection:
        """Open a database, or make it."""
        return Connection(path)

    def step(self, job: Job) -> Statement:
        """Return the statement with its parameters; raises Refused for what may not be one."""
        if job.action == "Query":
            _check_word(job.value, _READING, "NotAReadKeyword")
            return Statement(job.value, _parameters(job.data), reads=True)
        _check_word(job.value.statement, _WRITING, "NotAWriteKeyword")
        return Statement(job.value.statement, _parameters(job.data), reads=False)

    def refusal(self, error: Exception) -> Exception:
        """Return what to answer for an error of SQLite; the name is that of Kinode's library."""
        if isinstance(error, sqlite_connection.ERRORS):
            return Refused({"RusqliteError": str(error)})
        return error


def process(home: Path, rights: Rights, bits: Callable[[int], int]) -> Databases:
    """Return the program of ``sqlite:distro:sys`` for the node that has this home.

    ``rights`` answers for the node's capabilities, ``bits`` makes the numbers of transactions.
    """
    return Databases(_Engine(), home, rights, bits)


def _check_word(statement: str, words: frozenset[str], otherwise: str) -> None:
    first = statement.split(maxsplit=1)
    if not first or first[0].upper() not in words:
        raise Refused(otherwise)


def _parameters(data: bytes | None) -> list[Value]:
    """Read the blob: a JSON array of values, or nothing; raises Refused."""
    if data is None:
        return []
    try:
        values = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused("InvalidParameters") from None
    if not isinstance(values, list):
        raise Refused("InvalidParameters")
    return [_parameter(value) for value in values]


def _parameter(value: Any) -> Value:
    """Return a value as SQLite keeps it; text stays text, whatever it looks like."""
    if isinstance(value, int) and not -_INTEGERS <= value < _INTEGERS:
        value = _float(value)  # as serde reads numbers that no i64 has room for
    if value is None or isinstance(value, int | float | str):
        return value
    raise Refused("InvalidParameters")


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Refused("InvalidParameters") from None
