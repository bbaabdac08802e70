"""Key-value databases, for processes: helpers over ``kv:distro:sys``.

Names are those of the module ``kv`` in Kinode's own process_lib; like it, they write keys and
values as JSON (bytes as an array of numbers). Every call raises KvError (kv refused), SendError
(kv did not answer) or BodyError (its answer makes no sense).

kv's answers have to reach the process: one that is not public grants ``kv:distro:sys`` the
capability to message it (``grant_capabilities`` in the manifest).
"""

from typing import Any, TypeVar

import msgspec

from kinode_nb.process_lib.databases import TIMEOUT, Database, opened, removed
from kinode_nb.process_lib.our import Our
from kinode_nb.types import BodyError, KvError, PackageId
from kinode_nb.types.capabilities import KV
from kinode_nb.wit import to_json

T = TypeVar("T")


class Kv(Database):
    """A database: get one from `open`."""

    _module = KV
    _error = KvError

    async def get(self, key: Any) -> Any:
        """Return the value of a key, as JSON has it; KvError ``KeyNotFound`` when there is none."""
        return await self.get_as(key, Any)

    async def get_as(self, key: Any, kind: type[T]) -> T:
        """Return the value of a key as a ``kind``, ``bytes`` too; BodyError when it is none."""
        await self._asker.ask({"Get": list(_json(key))})
        value = self._asker.blob()
        try:
            if kind is bytes:
                return bytes(msgspec.json.decode(value, type=list[int]))  # type: ignore[return-value]
            return msgspec.json.decode(value, type=kind)
        except (msgspec.DecodeError, ValueError) as error:
            raise BodyError(f"the value of {key!r} is no {kind}: {error}") from None

    async def set(self, key: Any, value: Any, tx_id: int | None = None) -> None:
        """Set the value of a key, at once or when the transaction is committed."""
        await self._asker.ask({"Set": {"key": list(_json(key)), "tx_id": tx_id}}, _json(value))

    async def delete(self, key: Any, tx_id: int | None = None) -> None:
        """Delete a key, if it is there, at once or when the transaction is committed."""
        await self._asker.ask({"Delete": {"key": list(_json(key)), "tx_id": tx_id}})


async def open(our: Our, package_id: PackageId, db: str, timeout: int = TIMEOUT) -> Kv:  # noqa: A001 - Kinode's name
    """Open a database of the own package, or make it; this process may then read and write it."""
    return await opened(Kv(our, package_id, db, timeout))


async def remove_db(our: Our, package_id: PackageId, db: str, timeout: int = TIMEOUT) -> None:
    """Remove a database of the own package with all that is in it."""
    await removed(Kv(our, package_id, db, timeout))


def _json(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return msgspec.json.encode(list(bytes(value)))
    return to_json(value)
