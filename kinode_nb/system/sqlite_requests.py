"""What sqlite is asked for: statements with their parameters (``lib/src/sqlite.rs``).

The first word of a statement decides whether it is one to read or to write.
"""

from typing import Any

import msgspec

from kinode_nb.system.database_requests import Grammar, Job, TxId
from kinode_nb.system.refusals import Refused

Value = int | float | str | None
"""A parameter. Real bytes can be written as literals in the statement: ``x'00ff'``."""

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


class Statement(msgspec.Struct, frozen=True):
    """SQL with its parameters."""

    sql: str
    parameters: list[Value]
    reads: bool

    @property
    def vacuums(self) -> bool:
        """Tell whether it is a VACUUM."""
        return not self.reads and self.sql.split(maxsplit=1)[0].upper() == "VACUUM"


GRAMMAR = Grammar(Write=_Write, Query=str)


def step(job: Job) -> Statement:
    """Return the statement with its parameters; raises Refused for what may not be one."""
    if job.action == "Query":
        _check_word(job.value, _READING, "NotAReadKeyword")
        return Statement(job.value, _parameters(job.data), reads=True)
    _check_word(job.value.statement, _WRITING, "NotAWriteKeyword")
    return Statement(job.value.statement, _parameters(job.data), reads=False)


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
