"""``sqlite:distro:sys``: SQL databases (``kinode/src/sqlite.rs``).

Each is a file, ``<home>/sqlite/<package>/<db>/<db>.db`` (`sqlite_connection`); `sqlite_guard`
decides what a statement may touch. What sqlite has in common with kv is in `databases`.
"""

from collections.abc import Callable
from pathlib import Path

from kinode_nb.system import sqlite_requests
from kinode_nb.system.database_lanes import Database
from kinode_nb.system.databases import Databases
from kinode_nb.system.vfs_rights import Rights


class _Engine:
    """Databases of SQL."""

    name = "sqlite"
    grammar = sqlite_requests.GRAMMAR
    step = staticmethod(sqlite_requests.step)

    def file_name(self, db: str) -> str:
        """Return the name of a database's file in its folder."""
        return f"{db}.db"

    def open(self, path: Path) -> Database:
        """Open a database, or make it."""
        from kinode_nb.system.sqlite_connection import Connection

        return Connection(path)


def process(home: Path, rights: Rights, bits: Callable[[int], int]) -> Databases:
    """Return the program of ``sqlite:distro:sys`` for the node that has this home.

    ``rights`` answers for the node's capabilities, ``bits`` makes the numbers of transactions.
    """
    return Databases(_Engine(), home, rights, bits)
