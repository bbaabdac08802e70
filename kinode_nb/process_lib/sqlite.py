"""SQL databases, for processes: helpers over ``sqlite:distro:sys``.

Names are those of the module ``sqlite`` in Kinode's own process_lib. Every call raises SqliteError
(sqlite refused), SendError (sqlite did not answer) or BodyError (its answer makes no sense).

sqlite's answers have to reach the process: one that is not public grants ``sqlite:distro:sys`` the
capability to message it (``grant_capabilities`` in the manifest).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from kinode_nb.process_lib.databases import Asker
from kinode_nb.process_lib.our import Our
from kinode_nb.types import BodyError, PackageId, SqliteError, UsageError
from kinode_nb.types.capabilities import SQLITE

_TIMEOUT = 5  # seconds, as in Kinode's process_lib

Row = dict[str, Any]
"""One row, by the names of the columns; bytes are base64 text."""


class Sqlite:
    """A database: get one from `open`."""

    def __init__(self, our: Our, package_id: PackageId, db: str, timeout: int = _TIMEOUT) -> None:
        """Speak for the process about one database; nothing is sent."""
        self.package_id = package_id
        self.db = db
        self._asker = Asker(our, SQLITE, package_id, db, SqliteError, timeout)

    async def read(self, query: str, params: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query: SELECT, VALUES, WITH, PRAGMA and the like."""
        await self._asker.ask({"Query": query}, _params(params))
        try:
            return msgspec.json.decode(self._asker.blob(), type=list[Row])
        except msgspec.DecodeError as error:
            raise BodyError(f"sqlite answered what are no rows: {error}") from None

    async def write(
        self, statement: str, params: Sequence[Any] = (), tx_id: int | None = None
    ) -> None:
        """Carry out a statement, at once or when the transaction is committed."""
        action = {"Write": {"statement": statement, "tx_id": tx_id}}
        await self._asker.ask(action, _params(params))

    async def begin_tx(self) -> int:
        """Begin a transaction; returns its number, for `write` and `commit_tx`."""
        return await self._asker.begin_tx()

    async def commit_tx(self, tx_id: int) -> None:
        """Carry out a transaction: all of it, or nothing."""
        await self._asker.commit_tx(tx_id)


async def open(our: Our, package_id: PackageId, db: str, timeout: int = _TIMEOUT) -> Sqlite:  # noqa: A001 - Kinode's name
    """Open a database of the own package, or make it; this process may then read and write it."""
    opened = Sqlite(our, package_id, db, timeout)
    await opened._asker.ask("Open")  # noqa: SLF001 - its own module
    return opened


async def remove_db(our: Our, package_id: PackageId, db: str, timeout: int = _TIMEOUT) -> None:
    """Remove a database of the own package with all that is in it."""
    await Asker(our, SQLITE, package_id, db, SqliteError, timeout).ask("RemoveDb")


def literal(data: bytes) -> str:
    """Return bytes as they are written in a statement, ``x'00ff'``: no parameter can carry them."""
    return f"x'{data.hex()}'"


def _params(params: Sequence[Any]) -> bytes | None:
    if not params:
        return None
    for value in params:
        if isinstance(value, bytes | bytearray | memoryview):
            raise UsageError(
                "bytes cannot be a parameter, as parameters travel as JSON: put "
                "sqlite.literal(data) into the statement"
            )
    return msgspec.json.encode(list(params))
