"""``kv:distro:sys``: key-value databases (``kinode/src/kv.rs``).

Kinode keeps them in RocksDB. Here each is one SQLite file, ``<home>/kv/<package>/<db>/kv.db``
(`kv_store`). What kv has in common with sqlite is in `databases`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from kinode_nb.system import kv_store
from kinode_nb.system.database_requests import Grammar, Job, TxId
from kinode_nb.system.databases import Databases
from kinode_nb.system.kv_store import Step, Store
from kinode_nb.system.refusals import MALFORMED_REQUEST, Refused
from kinode_nb.system.vfs_rights import Rights

_Key = list[Annotated[int, msgspec.Meta(ge=0, le=255)]]


class _Entry(msgspec.Struct, frozen=True):
    """What Set and Delete carry."""

    key: _Key
    tx_id: TxId | None = None


class _Engine:
    """Databases of keys and values."""

    name = "kv"
    grammar = Grammar(Set=_Entry, Delete=_Entry, Get=_Key)

    def file_name(self, db: str) -> str:
        """Return the name of a database's file in its folder."""
        return "kv.db"

    def open(self, path: Path) -> Store:
        """Open a database, or make it."""
        return Store(path)

    def step(self, job: Job) -> Step:
        """Return what the database is to do; raises Refused for a Set of nothing."""
        if job.action == "Get":
            return Step("Get", bytes(job.value))
        if job.action == "Set" and job.data is None:
            raise Refused(MALFORMED_REQUEST)
        return Step(job.action, bytes(job.value.key), job.data)

    def refusal(self, error: Exception) -> Exception:
        """Return what to answer for an error of the store; the name is that of Kinode's store."""
        if isinstance(error, kv_store.Error):
            return Refused({"RocksDBError": str(error)})
        return error


def process(home: Path, rights: Rights, bits: Callable[[int], int]) -> Databases:
    """Return the program of ``kv:distro:sys`` for the node that has this home.

    ``rights`` answers for the node's capabilities, ``bits`` makes the numbers of transactions.
    """
    return Databases(_Engine(), home, rights, bits)
