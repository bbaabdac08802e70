"""Keys and values in one SQLite file.

The file is in WAL mode with ``synchronous=FULL``: what was answered has reached the disk, a
transaction is there as a whole or not at all, and a node that is killed at any time finds its
databases sound when it starts again. SQLite comes with Python, so nothing has to be built for it,
and its files can be read with tools that everybody has.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kinode_nb.system.database_lanes import Reply
from kinode_nb.system.kv_requests import Step
from kinode_nb.system.refusals import Refused

_OK: Reply = (b'"Ok"', None)
_PATIENCE = 0.5  # seconds: nobody else uses the file, except a person who looks into it
_TABLE = "CREATE TABLE IF NOT EXISTS pairs (key BLOB PRIMARY KEY, value BLOB NOT NULL)"


class Store:
    """An open database; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; raises Refused, as all that it does."""
        with _telling():
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                self._connection.execute(_TABLE)
            except BaseException:
                self._connection.close()
                raise

    @property
    def is_in_files(self) -> bool:
        """Always: no transaction is left open."""
        return True

    def run(self, step: Step, may_write: bool = True) -> Reply:
        """Carry out one step; ``KeyNotFound`` for a key that is not there."""
        with _telling():
            if step.action != "Get":
                self._change(step)
                return _OK
            asked = "SELECT value FROM pairs WHERE key = ?"
            row = self._connection.execute(asked, (step.key,)).fetchone()
        if row is None:
            raise Refused("KeyNotFound")
        return msgspec.json.encode({"Get": list(step.key)}), row[0]

    def commit(self, steps: Iterable[Step]) -> None:
        """Carry out all steps or, where one fails, none."""
        with _telling():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for step in steps:
                    self._change(step)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def interrupt(self) -> None:
        """Have nothing end early: no step takes long."""

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _change(self, step: Step) -> None:
        if step.action == "Set":
            self._connection.execute(
                "INSERT OR REPLACE INTO pairs VALUES (?, ?)", (step.key, step.value)
            )
        else:
            self._connection.execute("DELETE FROM pairs WHERE key = ?", (step.key,))


@contextmanager
def _telling() -> Iterator[None]:
    """Tell an error of SQLite under the name that Kinode's errors of the store have."""
    try:
        yield
    except sqlite3.Error as error:
        raise Refused({"RocksDBError": str(error)}) from None
