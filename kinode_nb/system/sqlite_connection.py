"""An open SQL database: statements in, rows out as JSON."""

import base64
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from kinode_nb.system.database_lanes import Reply
from kinode_nb.system.refusals import NO_WRITE_CAP, Refused
from kinode_nb.system.sqlite_guard import Guard
from kinode_nb.system.sqlite_requests import Statement

_OK: Reply = (b'"Ok"', None)
_PATIENCE = 0.5  # seconds: nobody else uses the file, except a person who looks into it
_STEPS = 10_000  # of SQLite's machine, between two looks at whether to end
_MOST = 256 << 20  # bytes of a value, and of all rows as JSON: nobody is to take all memory


class Connection:
    """An open database; used by one thread at a time, except `interrupt`."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; raises Refused, as all that it does."""
        self._guard = Guard()
        self._ending = False
        with self._telling():
            # A statement that is kept prepared would not be shown to the guard again.
            self._connection = sqlite3.connect(
                path,
                timeout=_PATIENCE,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=0,
            )
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
            except BaseException:
                self._connection.close()
                raise
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST)
        self._connection.set_authorizer(self._guard)
        self._connection.set_progress_handler(lambda: self._ending, _STEPS)

    @property
    def is_in_files(self) -> bool:
        """Tell whether no transaction is open, and the connection has nothing of its own."""
        return not (self._connection.in_transaction or self._guard.left_something)

    def run(self, step: Statement, may_write: bool) -> Reply:
        """Carry out one statement; ``NoWriteCap`` where it writes and may not."""
        left = self._guard.left_something
        with self._telling(), self._guard.watching(may_write=may_write):
            cursor = self._connection.execute(step.sql, step.parameters)
            if step.vacuums:  # for which SQLite itself attaches a file, and detaches it
                self._guard.left_something = left
            try:
                return (b'"Read"', _rows(cursor)) if step.reads else _OK
            finally:
                cursor.close()

    def commit(self, steps: Iterable[Statement]) -> None:
        """Carry out all statements or, where one fails, none."""
        with self._telling(), self._guard.watching(may_write=True):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for step in steps:
                    self._connection.execute(step.sql, step.parameters).close()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def interrupt(self) -> None:
        """Have what runs, and all that is asked for from now on, end with an error."""
        self._ending = True
        self._connection.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell what the guard has to say, else SQLite's error under the name of Kinode's."""
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            if self._guard.wrote_unallowed:
                raise Refused(NO_WRITE_CAP) from None
            raise Refused({"RusqliteError": self._guard.reason or str(error)}) from None


def _rows(cursor: sqlite3.Cursor) -> bytes:
    """Return all rows as JSON: an array of objects."""
    names = [column[0] for column in cursor.description or ()]
    rows, size = [], 0
    for row in cursor:
        encoded = msgspec.json.encode(dict(zip(names, map(_shown, row), strict=True)))
        rows.append(encoded)
        size += len(encoded)
        if size > _MOST:
            most = f"{_MOST >> 20} MiB"
            raise sqlite3.OperationalError(f"more than {most} of rows: ask for less with LIMIT")
    return b"[" + b",".join(rows) + b"]"


def _shown(value: Any) -> Any:
    """Return a value as JSON has it: bytes as base64 text."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
