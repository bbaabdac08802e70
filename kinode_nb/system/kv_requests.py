"""What kv is asked for: ``Set``, ``Delete`` and ``Get`` (``lib/src/kv.rs``)."""

from typing import Annotated

import msgspec

from kinode_nb.system.database_requests import Grammar, Job, TxId
from kinode_nb.system.refusals import MALFORMED_REQUEST, Refused

_Key = list[Annotated[int, msgspec.Meta(ge=0, le=255)]]


class _Entry(msgspec.Struct, frozen=True):
    """What Set and Delete carry."""

    key: _Key
    tx_id: TxId | None = None


class Step(msgspec.Struct, frozen=True):
    """One thing for the store to do: Set, Delete or Get."""

    action: str
    key: bytes
    value: bytes | None = None


GRAMMAR = Grammar(Set=_Entry, Delete=_Entry, Get=_Key)


def step(job: Job) -> Step:
    """Return what the store is to do; raises Refused for a Set of nothing."""
    if job.action == "Get":
        return Step("Get", bytes(job.value))
    if job.action == "Set" and job.data is None:
        raise Refused(MALFORMED_REQUEST)
    return Step(job.action, bytes(job.value.key), job.data)
