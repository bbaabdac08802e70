"""What becomes of a process when it ends (``kinode.wit``, ``on-exit``)."""

from typing import Any, ClassVar, TypeVar

import msgspec

from kinode_nb.types.address import Address
from kinode_nb.types.capabilities import Capability
from kinode_nb.types.errors import PackageError, UsageError
from kinode_nb.types.messages import LazyLoadBlob

T = TypeVar("T")
_U64 = 1 << 64


class LastRequest(msgspec.Struct, frozen=True):
    """A Request that the kernel sends in the name of a process that has ended."""

    target: Address
    body: bytes
    metadata: str | None = None
    blob: LazyLoadBlob | None = None
    inherit: bool = False
    expects_response: int | None = None
    """What was asked for; nothing is expected by the time that it is sent."""
    capabilities: tuple[Capability, ...] = ()


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
        """Read Kinode's JSON of it, such as a manifest's ``on_exit``; raises PackageError."""
        if value == "None":
            return cls.NONE
        if value == "Restart":
            return cls.RESTART
        if isinstance(value, dict) and isinstance(value.get("Requests"), list):
            return cls.send(*(_last_request(item) for item in value["Requests"]))
        raise PackageError(f"on_exit {value!r} is none of 'None', 'Restart', {{'Requests': …}}")

    def to_json(self) -> str | dict[str, Any]:
        """Return it as Kinode writes it."""
        if self.kind != "Requests":
            return self.kind
        return {"Requests": [_to_json(each) for each in self.requests]}

    def __str__(self) -> str:
        """Return Kinode's name of the behaviour."""
        return self.kind


def check_on_exit(value: object) -> None:
    """Let through what can be done at a process's end; raises UsageError for anything else."""
    if not isinstance(value, OnExit):
        raise UsageError(
            f"an on_exit is OnExit.NONE, OnExit.RESTART or OnExit.send(…), not {value!r}"
        )
    kinds = {"target": Address, "body": bytes, "metadata": str | None, "blob": LazyLoadBlob | None}
    for last in value.requests:
        if not all(isinstance(getattr(last, name, ...), kind) for name, kind in kinds.items()):
            raise UsageError(
                f"OnExit.send takes LastRequest(Address, bytes), with a LazyLoadBlob: not {last!r}"
            )


OnExit.NONE = OnExit()
OnExit.RESTART = OnExit("Restart")


def _last_request(item: list[Any]) -> LastRequest:
    try:
        target, request, blob = item
        return LastRequest(
            target=Address.parse(target),
            body=_bytes(request["body"]),
            metadata=_either(request.get("metadata"), str),
            blob=LazyLoadBlob(_bytes(blob["bytes"]), blob.get("mime")) if blob else None,
            inherit=bool(request.get("inherit")),
            expects_response=_seconds(request.get("expects_response")),
            capabilities=tuple(map(_capability, request.get("capabilities") or ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise PackageError(f"a Request of on_exit cannot be read ({error}): {item!r}") from None


def _either(value: Any, kind: type[T]) -> T | None:
    if isinstance(value, kind | None):
        return value
    raise TypeError(f"{value!r} is no {kind.__name__}")


def _seconds(value: Any) -> int | None:
    if value is None or (type(value) is int and 0 <= value < _U64):
        return value
    raise ValueError(f"{value!r} is no number of seconds")


def _bytes(value: Any) -> bytes:
    if not isinstance(value, list):
        raise TypeError("bytes are a list of numbers")
    return bytes(value)


def _capability(value: Any) -> Capability:
    """Read a capability; the runtime pairs it with a signature, process_lib does not."""
    return Capability.from_json(value[0] if isinstance(value, list) else value)


def _to_json(request: LastRequest) -> list[Any]:
    blob = request.blob
    return [
        str(request.target),
        {
            "inherit": request.inherit,
            "expects_response": request.expects_response,
            "body": list(request.body),
            "metadata": request.metadata,
            "capabilities": [[each.to_json(), []] for each in request.capabilities],
        },
        blob and {"mime": blob.mime, "bytes": list(blob.bytes)},
    ]
