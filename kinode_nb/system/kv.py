"""``kv:distro:sys``: key-value databases (``kinode/src/kv.rs``).

Kinode keeps them in RocksDB. Here each is one SQLite file, ``<home>/kv/<package>/<db>/kv.db``
(`kv_store`). What kv has in common with sqlite is in `databases`.
"""

from collections.abc import Callable
from pathlib import Path

from kinode_nb.system import kv_requests
from kinode_nb.system.database_lanes import Database
from kinode_nb.system.databases import Databases
from kinode_nb.system.vfs_rights import Rights


class _Engine:
    """Databases of keys and values."""

    name = "kv"
    grammar = kv_requests.GRAMMAR
    step = staticmethod(kv_requests.step)

    def file_name(self, db: str) -> str:
        """Return the name of a database's file in its folder."""
        return "kv.db"

    def open(self, path: Path) -> Database:
        """Open a database, or make it."""
        from kinode_nb.system.kv_store import Store

        return Store(path)


def process(home: Path, rights: Rights, bits: Callable[[int], int]) -> Databases:
    """Return the program of ``kv:distro:sys`` for the node that has this home.

    ``rights`` answers for the node's capabilities, ``bits`` makes the numbers of transactions.
    """
    return Databases(_Engine(), home, rights, bits)
