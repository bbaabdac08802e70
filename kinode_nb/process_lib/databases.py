"""How `kv` and `sqlite` are asked: one Request, one answer."""

from typing import Any, NoReturn, TypeVar

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

    async def begin_tx(self) -> int:
        """Begin a transaction; returns its number."""
        return self.part((await self.ask("BeginTx")), "BeginTx", _Begun).tx_id

    async def commit_tx(self, tx_id: int) -> None:
        """Carry out what a transaction has gathered."""
        await self.ask({"Commit": {"tx_id": tx_id}})

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
