"""``state:distro:sys``: the saved state of every process, one blob each (``kinode/src/state.rs``).

A process reads and writes its own by system calls; whoever may message this process reads and
writes that of all.
"""

from typing import Any, Protocol

import msgspec

from kinode_nb.process_lib import KinodeError, LazyLoadBlob, Our, ProcessId, Request

_MIME = "application/octet-stream"


class States(Protocol):
    """Where states are kept; whoever composes the node supplies it."""

    def get(self, process: ProcessId, /) -> bytes | None:
        """Return the state of a process, if it has saved one."""
        ...

    def __setitem__(self, process: ProcessId, state: bytes, /) -> None:
        """Keep the state of a process; raises OSError."""
        ...

    def pop(self, process: ProcessId, default: None, /) -> object:
        """Forget the state of a process; raises OSError."""
        ...


class _Refused(Exception):  # noqa: N818 - a refusal is an answer, not a defect
    """An answer other than success."""

    def __init__(self, name: str, **fields: str) -> None:
        super().__init__(name)
        self.error = {name: fields}


class State:
    """The process's program."""

    def __init__(self, states: States) -> None:
        """Serve the states of one node."""
        self._states = states

    async def __call__(self, our: Our) -> None:
        """Carry out one message after the other."""
        async for message in our:
            if message.source.node != our.node:
                our.print_to_terminal(
                    1,
                    f"state: got request from {message.source.node}, but requests must come from "
                    f"our node {our.node}",
                )
            elif isinstance(message, Request):
                await self._handle(our, message)

    async def _handle(self, our: Our, request: Request) -> None:
        try:
            name, blob = self._carry_out(request.body, our.get_blob())
        except _Refused as refused:
            await our.send_response({"Err": refused.error}, to=request)
            return
        if request.rsvp is not None or request.expects_response is not None:
            await our.send_response(name, blob=blob, metadata=request.metadata, to=request)

    def _carry_out(self, body: bytes, blob: LazyLoadBlob | None) -> tuple[str, LazyLoadBlob | None]:
        name, process = _read(body)
        try:
            if name == "GetState":
                state = self._states.get(process)
                if state is None:
                    raise _Refused("NotFound", process_id=str(process))
                return name, LazyLoadBlob(state, _MIME)
            if name == "DeleteState":
                self._states.pop(process, None)
            elif blob is None:
                raise _Refused("BadBytes", action=name)
            else:
                self._states[process] = blob.bytes
        except OSError as error:
            raise _Refused("IOError", error=str(error)) from None
        return name, None


def _read(body: bytes) -> tuple[str, ProcessId]:
    """Return an action and the process that it is about."""
    try:
        action: Any = msgspec.json.decode(body)
        ((name, process),) = action.items()
        id_ = ProcessId.parse(process)
    except (KinodeError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise _bad_json(str(error)) from None
    if name not in ("GetState", "SetState", "DeleteState"):
        raise _bad_json(f"unknown action {name!r}")
    return name, id_


def _bad_json(problem: str) -> _Refused:
    return _Refused("BadJson", error=f"parse into StateAction failed: {problem}")
