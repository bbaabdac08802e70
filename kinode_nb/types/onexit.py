"""What becomes of a process when it ends (``kinode.wit``, ``on-exit``)."""

from typing import Any, ClassVar

import msgspec

from kinode_nb.types.address import Address
from kinode_nb.types.errors import PackageError
from kinode_nb.types.messages import LazyLoadBlob


class LastRequest(msgspec.Struct, frozen=True):
    """A Request that the kernel sends in the name of a process that has ended."""

    target: Address
    body: bytes
    metadata: str | None = None
    blob: LazyLoadBlob | None = None


class OnExit(msgspec.Struct, frozen=True):
    """``None`` (stay ended), ``Restart``, or ``Requests`` (send these, then stay ended)."""

    kind: str = "None"
    requests: tuple[LastRequest, ...] = ()

    NONE: ClassVar["OnExit"]
    RESTART: ClassVar["OnExit"]

    @classmethod
    def send(cls, *requests: LastRequest) -> "OnExit":
        """Return the behaviour that sends these Requests when the process ends."""
        return cls("Requests", requests)

    @classmethod
    def from_json(cls, value: str | dict[str, Any]) -> "OnExit":
        """Read a manifest's ``on_exit``; raises PackageError."""
        if value == "None":
            return cls.NONE
        if value == "Restart":
            return cls.RESTART
        if isinstance(value, dict) and isinstance(value.get("Requests"), list):
            return cls.send(*(_last_request(item) for item in value["Requests"]))
        raise PackageError(f"on_exit {value!r} is none of 'None', 'Restart', {{'Requests': …}}")

    def __str__(self) -> str:
        """Return Kinode's name of the behaviour."""
        return self.kind


OnExit.NONE = OnExit()
OnExit.RESTART = OnExit("Restart")


def _last_request(item: list[Any]) -> LastRequest:
    try:
        target, request, blob = item
        return LastRequest(
            target=Address.parse(target),
            body=bytes(request["body"]),
            metadata=request.get("metadata"),
            blob=LazyLoadBlob(bytes(blob["bytes"]), blob.get("mime")) if blob else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PackageError(f"a Request of on_exit cannot be read ({error}): {item!r}") from None
