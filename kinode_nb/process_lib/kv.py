"""Key-value databases, for processes: helpers over ``kv:distro:sys``.

Names are those of the module ``kv`` in Kinode's own process_lib; like it, they write keys and
values as JSON (bytes as an array of numbers). Every call raises KvError (kv refused), SendError
(kv did not answer) or BodyError (its answer makes no sense).

kv's answers have to reach the process: one that is not public grants ``kv:distro:sys`` the
capability to message it (``grant_capabilities`` in the manifest).
"""

from typing import Any, TypeVar

import msgspec

from kinode_nb.process_lib.databases import Asker
from kinode_nb.process_lib.our import Our
from kinode_nb.types import BodyError, KvError, PackageId
from kinode_nb.types.capabilities import KV
from kinode_nb.wit import to_json

T = TypeVar("T")

_TIMEOUT = 5  # seconds, as in Kinode's process_lib


class Kv:
    """A database: get one from `open`."""

    def __init__(self, our: Our, package_id: PackageId, db: str, timeout: int = _TIMEOUT) -> None:
        """Speak for the process about one database; nothing is sent."""
        self.package_id = package_id
        self.db = db
        self._asker = Asker(our, KV, package_id, db, KvError, timeout)

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

    async def begin_tx(self) -> int:
        """Begin a transaction; returns its number, for `set`, `delete` and `commit_tx`."""
        return await self._asker.begin_tx()

    async def commit_tx(self, tx_id: int) -> None:
        """Carry out a transaction: all of it, or nothing."""
        await self._asker.commit_tx(tx_id)


async def open(our: Our, package_id: PackageId, db: str, timeout: int = _TIMEOUT) -> Kv:  # noqa: A001 - Kinode's name
    """Open a database of the own package, or make it; this process may then read and write it."""
    opened = Kv(our, package_id, db, timeout)
    await opened._asker.ask("Open")  # noqa: SLF001 - its own module
    return opened


async def remove_db(our: Our, package_id: PackageId, db: str, timeout: int = _TIMEOUT) -> None:
    """Remove a database of the own package with all that is in it."""
    await Asker(our, KV, package_id, db, KvError, timeout).ask("RemoveDb")


def _json(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return msgspec.json.encode(list(bytes(value)))
    return to_json(value)
