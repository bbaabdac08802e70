"""A message from outside, as kit injects it: it enters at a node in its http-server's name.

So it can reach whom kit could: what is public, what granted http-server messaging, the runtime's
modules, and any node. http-server itself would wait until the time is over for what cannot be
delivered; a person is told at once.
"""

import asyncio

import msgspec

from kinode_nb.fake_net.beginning import OWN_PACKAGE
from kinode_nb.fake_net.node import Node
from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, LazyLoadBlob, NodeError, Request, Response, SendError
from kinode_nb.types.capabilities import HTTP_SERVER
from kinode_nb.types.injections import Injected

SECONDS = 15  # kit's
_BETWEEN_LOOKS = 0.1  # seconds


async def inject(
    node: Node,
    target: Address,
    body: bytes,
    *,
    blob: LazyLoadBlob | None = None,
    wait: bool = True,
) -> Injected | None:
    """Send a message that enters at a node; returns its Response, or None without waiting.

    Raises SendError when there is none within 15 seconds, or none can come, and NodeError when
    http-server itself has ended.
    """
    door = node.kernel.processes.get(HTTP_SERVER)
    if door is None:
        raise NodeError(f"{HTTP_SERVER} of {node.name} has ended: boot {node.name} with --fresh")
    our = node.handle(door)
    problem = _problem(node, door, target)
    if problem is not None or not wait:
        await our.send_request(target, body, blob=blob)
        if problem is not None and wait:
            kind, reason = problem
            error = SendError(kind, _request(door.address, target, body), reason=reason)
            node.crashes.explain(error)
            raise error
        return None
    asking = asyncio.ensure_future(
        our.send_and_await_response(target, body, timeout=SECONDS, blob=blob)
    )
    try:
        await _outcome(asking, node, door.address, target)
        response = asking.result()
    except SendError as error:
        if not error.reason:
            error.reason = node.missing(target.node, target.package_id)
        raise
    finally:
        asking.cancel()
    return Injected(**msgspec.structs.asdict(response), blob=our.get_blob())


async def _outcome(
    asking: "asyncio.Future[Response]", node: Node, door: Address, target: Address
) -> None:
    """Wait for the Response; raises SendError as soon as one was refused on its way."""
    log = node.kernel.log
    seen = log.next_seq
    asked: list[Request] = []
    while not (await asyncio.wait([asking], timeout=_BETWEEN_LOOKS))[0]:
        new = log.entries[max(0, seen - log.first) :]
        seen = log.next_seq
        for entry in new:
            if isinstance(entry, Request) and (entry.source, entry.target) == (door, target):
                asked.append(entry)
            if (
                isinstance(entry, Response)
                and (entry.source, entry.target) == (target, door)
                and log.outcomes.get(entry.seq, ("",))[0] == "denied"
            ):
                reason = _unanswerable(target)
                raise SendError("Timeout", _request(door, target, b""), reason=reason)
        for request in asked:
            if (crash := node.crashes.that_took(request)) is not None:
                raise SendError("Timeout", request, reason=str(crash))


def _unanswerable(target: Address) -> str:
    """Say why the answer of a process does not come back, and what helps."""
    said = f"{target.process} has answered, but may not message {HTTP_SERVER}"
    if target.package_id != OWN_PACKAGE:
        return f"{said}: let its manifest request {HTTP_SERVER}"
    return (
        f"{said}: ask it with `m {target} BODY_JSON -a 5` in a %%kinode cell, or with "
        f"node.request(…); or give it that messaging with capabilities=[…]"
    )


def _problem(node: Node, door: Process, target: Address) -> tuple[str, str] | None:
    """Return the kind and the reason of the error when a message cannot reach its target."""
    if target.node != node.name:
        known = node.reaches(target.node)
        return None if known else ("Offline", f"{target.node} is offline or does not exist")
    receiver = node.kernel.processes.get(target.process)
    if receiver is None:
        missing = node.missing(node.name, target.package_id)
        return "Timeout", missing or f"there is no process {target.process} on {node.name}"
    if receiver.public or door.may_message(target):
        return None
    reason = (
        f"{HTTP_SERVER} may not message {target.process}: it is not public, and its manifest "
        f"does not grant it to {HTTP_SERVER}"
    )
    return "Timeout", reason


def _request(door: Address, target: Address, body: bytes) -> Request:
    """Return what could not be delivered or answered, for an error to name."""
    return Request(door, target, 0, body, False, None, (), -1, None, 0, 0, 0, SECONDS)
