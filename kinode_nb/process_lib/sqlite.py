"""SQL databases, for processes: helpers over ``sqlite:distro:sys``.

Names are those of the module ``sqlite`` in Kinode's own process_lib. Every call raises SqliteError
(sqlite refused), SendError (sqlite did not answer) or BodyError (its answer makes no sense).

sqlite's answers have to reach the process: one that is not public grants ``sqlite:distro:sys`` the
capability to message it (``grant_capabilities`` in the manifest).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from kinode_nb.process_lib.databases import TIMEOUT, Database, opened, removed
from kinode_nb.process_lib.our import Our
from kinode_nb.types import BodyError, PackageId, SqliteError, UsageError
from kinode_nb.types.capabilities import SQLITE

Row = dict[str, Any]
"""One row, by the names of the columns; bytes are base64 text."""


class Sqlite(Database):
    """A database: get one from `open`."""

    _module = SQLITE
    _error = SqliteError

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


async def open(our: Our, package_id: PackageId, db: str, timeout: int = TIMEOUT) -> Sqlite:  # noqa: A001 - Kinode's name
    """Open a database of the own package, or make it; this process may then read and write it."""
    return await opened(Sqlite(our, package_id, db, timeout))


async def remove_db(our: Our, package_id: PackageId, db: str, timeout: int = TIMEOUT) -> None:
    """Remove a database of the own package with all that is in it."""
    await removed(Sqlite(our, package_id, db, timeout))


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
