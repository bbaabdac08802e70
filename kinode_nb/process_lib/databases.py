"""What `kv` and `sqlite` have in common: databases, and how they are asked."""

from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec

from kinode_nb.process_lib.our import Our
from kinode_nb.types import (
    Address,
    BodyError,
    KvError,
    LazyLoadBlob,
    PackageId,
    ProcessId,
    SqliteError,
)

T = TypeVar("T")
D = TypeVar("D", bound="Database")

TIMEOUT = 5
"""Seconds that an answer may take, as in Kinode's process_lib."""

_MEANINGS = {
    "NoReadCap": "this process may not read it: it needs the database's read capability, which its "
    "owners get by opening it",
    "NoWriteCap": "this process may not write to it: it needs the database's write capability, "
    "which its owners get by opening it",
    "MismatchingPackageId": "only processes of the package that owns it may open or remove it",
    "AddCapFailed": "it exists, but its capabilities could not be granted",
    "KeyNotFound": "there is no such key",
    "NoDb": "there is no such database: its owner has to open it first",
    "NoTx": "there is no such transaction (any more): begin one",
    "MalformedRequest": "its package and its name have to be names of folders, no paths",
    "NotAReadKeyword": "a query begins with a word such as SELECT; all else is for write",
    "NotAWriteKeyword": "a statement begins with a word such as INSERT; a SELECT is for read",
    "InvalidParameters": "parameters are numbers, text, booleans and None",
}


class Asker:
    """Speaks for a process about one database."""

    def __init__(
        self,
        our: Our,
        module: ProcessId,
        package_id: PackageId,
        db: str,
        error: type[KvError] | type[SqliteError],
        timeout: int,
    ) -> None:
        """Speak to the module; its refusals are raised as ``error``."""
        self._our = our
        self._module = Address(our.node, module)
        self._head = {"package_id": package_id, "db": db}
        self._name = f"{module.process_name} {package_id}/{db}"
        self._error = error
        self._timeout = timeout

    async def ask(self, action: object, data: bytes | None = None) -> Any:  # JSON enters here
        """Return the answer; raises ``error``, SendError and BodyError."""
        response = await self._our.send_and_await_response(
            self._module,
            msgspec.json.encode({**self._head, "action": action}),
            self._timeout,
            blob=None if data is None else LazyLoadBlob(data),
        )
        answer = response.json()
        if isinstance(answer, dict) and "Err" in answer:
            self._refuse(answer["Err"])
        return answer

    def part(self, answer: Any, name: str, kind: type[T]) -> T:
        """Return the payload of an answer that should have this name; raises BodyError."""
        try:
            return msgspec.convert(answer[name], kind)
        except (TypeError, KeyError, msgspec.ValidationError):
            raise BodyError(f"{self._name} should have answered {name}, not {answer!r}") from None

    def blob(self) -> bytes:
        """Return the bytes that came with the answer; raises BodyError."""
        blob = self._our.get_blob()
        if blob is None:
            raise BodyError(f"{self._name} answered without the bytes")
        return blob.bytes

    def _refuse(self, error: Any) -> NoReturn:
        kind, said = (error, None) if isinstance(error, str) else next(iter(error.items()))
        meaning = _MEANINGS.get(kind, said if isinstance(said, str) else kind)
        raise self._error(kind, f"{self._name}: {meaning}")


class _Begun(msgspec.Struct, frozen=True):
    tx_id: int


class Database:
    """A database of a package, for one process."""

    _module: ClassVar[ProcessId]
    _error: ClassVar[type[KvError] | type[SqliteError]]

    def __init__(self, our: Our, package_id: PackageId, db: str, timeout: int = TIMEOUT) -> None:
        """Speak for the process about one database; nothing is sent."""
        self.package_id = package_id
        self.db = db
        self._asker = Asker(our, self._module, package_id, db, self._error, timeout)

    async def begin_tx(self) -> int:
        """Begin a transaction; returns its number, for `commit_tx` and what it shall carry out."""
        return self._asker.part(await self._asker.ask("BeginTx"), "BeginTx", _Begun).tx_id

    async def commit_tx(self, tx_id: int) -> None:
        """Carry out a transaction: all of it, or nothing."""
        await self._asker.ask({"Commit": {"tx_id": tx_id}})


async def opened(database: D) -> D:
    """Open a database of the own package, or make it; returns it."""
    await database._asker.ask("Open")  # noqa: SLF001 - its own module
    return database


async def removed(database: Database) -> None:
    """Remove a database of the own package with all that is in it."""
    await database._asker.ask("RemoveDb")  # noqa: SLF001 - its own module
