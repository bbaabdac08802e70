"""Requests to kv and sqlite: ``{"package_id":…,"db":…,"action":…}`` (``lib/src/kv.rs``)."""

from typing import Annotated, Any

import msgspec

from kinode_nb.system.refusals import MALFORMED_REQUEST, Refused
from kinode_nb.types import PackageId, ProcessId

_LONGEST_NAME = 200  # bytes: its files add endings, and no file system takes more than 255
_NUMBERS = 1 << 64

TxId = Annotated[int, msgspec.Meta(ge=0)]
"""The number of a transaction, a u64."""


class Job(msgspec.Struct, frozen=True):
    """What one Request asks for, by whom, and with what bytes."""

    source: ProcessId
    package: PackageId
    db: str
    action: str
    value: Any  # what the action carries, by the grammar
    data: bytes | None

    @property
    def tx_id(self) -> int | None:
        """The transaction that the action belongs to."""
        return getattr(self.value, "tx_id", None)

    def no_db(self) -> Refused:
        """Return the refusal that tells that there is no such database."""
        return Refused({"NoDb": [self.package, self.db]})


class Commit(msgspec.Struct, frozen=True):
    """What the action of that name carries."""

    tx_id: TxId


class _Envelope(msgspec.Struct):
    package_id: PackageId | tuple[str, str]  # serde reads a record from an array too
    db: str
    action: str | dict[str, msgspec.Raw]


_read_envelope = msgspec.json.Decoder(_Envelope).decode
_BARE = frozenset({"Open", "RemoveDb", "BeginTx"})


class Grammar:
    """The actions of one module: those that kv and sqlite share, and its own."""

    def __init__(self, **carrying: Any) -> None:
        """Know what each of the module's own actions carries, as a type that msgspec reads."""
        types = {"Commit": Commit, **carrying}
        self._read_value = {name: msgspec.json.Decoder(t).decode for name, t in types.items()}

    def read(self, source: ProcessId, body: bytes, data: bytes | None) -> Job:
        """Read a Request's body; raises Refused, for names that are no folder's too."""
        try:
            envelope = _read_envelope(body)
            action, value = self._action(envelope.action)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(MALFORMED_REQUEST) from None
        package = envelope.package_id
        if isinstance(package, tuple):
            package = PackageId(*package)
        for name in (package.package_name, package.publisher_node):
            _check_name(name, ":/\0")
        _check_name(envelope.db, "/\0")
        job = Job(source, package, envelope.db, action, value, data)
        if job.tx_id is not None and job.tx_id >= _NUMBERS:
            raise Refused(MALFORMED_REQUEST)
        return job

    def _action(self, written: str | dict[str, msgspec.Raw]) -> tuple[str, Any]:
        if isinstance(written, dict) and len(written) == 1:
            ((action, raw),) = written.items()
            if action in self._read_value:
                return action, self._read_value[action](raw)
            if bytes(raw) != b"null":  # serde reads a bare action with null too
                raise Refused(MALFORMED_REQUEST)
            written = action
        if not isinstance(written, str) or written not in _BARE:
            raise Refused(MALFORMED_REQUEST)
        return written, None


def _check_name(name: str, forbidden: str) -> None:
    """Raise Refused for what cannot be a folder's name."""
    if (
        name in {"", ".", ".."}
        or any(each in name for each in forbidden)
        or len(name.encode()) > _LONGEST_NAME
    ):
        raise Refused(MALFORMED_REQUEST)
