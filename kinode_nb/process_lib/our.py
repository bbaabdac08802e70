"""`Our`: a process's own handle, through which it receives, sends, spawns and remembers."""

from collections.abc import AsyncIterator, Iterable, Sequence
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from kinode_nb.process_lib.syscalls import Program, Syscalls
from kinode_nb.types import (
    Address,
    Capability,
    LazyLoadBlob,
    OnExit,
    PackageId,
    ProcessId,
    Received,
    Request,
    Response,
    UsageError,
)
from kinode_nb.types.capabilities import messaging
from kinode_nb.types.onexit import check_on_exit
from kinode_nb.wit import to_json

_TIMEOUT = 5  # seconds: the default, which needs no check
_LONGEST = (1 << 64) - 1  # seconds: a u64, in Kinode

Target = Address | ProcessId | str
"""An address, a process of the own node, or the text of either."""

Body = Any
"""Bytes go as they are; anything else becomes JSON by Kinode's mapping."""


class Our:
    """A process's own handle. ``async for message in our`` receives until the process ends.

    A target is an Address, a ProcessId (own node) or their text, ``our@…`` included. A body is
    bytes, which go as they are, or anything else, which becomes JSON. Timeouts are whole
    seconds, as in Kinode.
    """

    # `async for` looks these up on the class: a slot hands it the system call without a detour.
    __slots__ = ("__anext__", "__dict__", "__weakref__")

    def __init__(self, syscalls: Syscalls) -> None:
        """Wrap a process's system calls."""
        self._syscalls = syscalls
        self.address: Address = syscalls.our()
        """The process's own address."""
        self._receive = self.__anext__ = syscalls.receive
        self._crowded = syscalls.crowded

    @property
    def node(self) -> str:
        """The name of the node that the process runs on."""
        return self.address.node

    @property
    def process(self) -> ProcessId:
        """The process's id."""
        return self.address.process

    @property
    def package_id(self) -> PackageId:
        """The package that the process belongs to."""
        return self.address.process.package_id

    def __repr__(self) -> str:
        """Return one line: the handle of which process."""
        return f"<our {self.address}>"

    def __reduce__(self) -> str:
        """Refuse to be copied; raises TypeError."""
        raise TypeError("a process's handle is its own")

    def __aiter__(self) -> AsyncIterator[Received]:
        """Receive messages one after the other."""
        return self

    async def receive(self) -> Received:
        """Wait for the next Request, Response or SendError, in the order of arrival."""
        return await self._receive()

    async def send_request(
        self,
        target: Target,
        body: Body,
        expects_response: int | None = None,
        inherit: bool = False,
        blob: LazyLoadBlob | None = None,
        metadata: str | None = None,
        context: Any = None,
        capabilities: Sequence[Capability] = (),
    ) -> None:
        """Send a Request; waits while the target's mailbox is full.

        With ``expects_response`` (whole seconds) the Response, or a SendError, arrives in
        `receive`, and carries the ``context``. Raises AddressError and UsageError.
        """
        if type(target) is not Address:
            target = self._address(target)
        if expects_response is not None and not (
            type(expects_response) is int and 0 < expects_response <= _LONGEST
        ):
            raise _no_timeout(expects_response)
        if self._crowded and (room := self._syscalls.room(target)) is not None:
            await room
        self._syscalls.send_request(
            target,
            body if type(body) is bytes else encode(body),
            expects_response,
            inherit,
            metadata,
            capabilities,
            context,
            blob,
        )

    async def send_requests(self, requests: Iterable[dict[str, Any]]) -> None:
        """Send several Requests, each given as the arguments of `send_request`."""
        for each in requests:
            await self.send_request(**each)

    async def send_and_await_response(
        self,
        target: Target,
        body: Body,
        timeout: int = _TIMEOUT,
        inherit: bool = False,
        blob: LazyLoadBlob | None = None,
        metadata: str | None = None,
        capabilities: Sequence[Capability] = (),
    ) -> Response:
        """Send a Request and wait for its Response; other messages queue meanwhile.

        Raises SendError (``Offline`` or ``Timeout``, after ``timeout`` whole seconds), and
        ProcessError for a Request to itself.
        """
        if type(target) is not Address:
            target = self._address(target)
        if timeout is not _TIMEOUT and not (type(timeout) is int and 0 < timeout <= _LONGEST):
            raise _no_timeout(timeout)
        if self._crowded and (room := self._syscalls.room(target, awaiting=True)) is not None:
            await room
        return await self._syscalls.send_and_await_response(
            target,
            body if type(body) is bytes else encode(body),
            timeout,
            inherit,
            metadata,
            capabilities,
            blob,
        )

    async def send_response(
        self,
        body: Body,
        inherit: bool = False,
        blob: LazyLoadBlob | None = None,
        metadata: str | None = None,
        capabilities: Sequence[Capability] = (),
        to: Request | None = None,
    ) -> None:
        """Answer the Request that is being handled, or ``to``."""
        self._syscalls.send_response(
            body if type(body) is bytes else encode(body),
            inherit,
            metadata,
            capabilities,
            blob,
            to,
        )

    def handling(self) -> Request | None:
        """Return the Request that `send_response` would answer, or None.

        Kinode's host keeps it too, but its WIT has no call for it.
        """
        return self._syscalls.handling()

    async def spawn(
        self,
        init_or_path: Program | str,
        name: str | None = None,
        on_exit: OnExit = OnExit.NONE,
        request_capabilities: Sequence[Capability] = (),
        grant_capabilities: Sequence[tuple[Target, str]] = (),
        public: bool = False,
    ) -> ProcessId:
        """Start a process of the same package: an ``init`` function, or a vfs path to its file.

        ``grant_capabilities`` are (process, params as JSON text). Raises SpawnError
        (``NameTaken``, ``NoFileAtPath``), ProcessError for a name that is not Kimap-safe, and
        UsageError for what is no program, or no OnExit.
        """
        check_program(init_or_path)
        check_on_exit(on_exit)
        grants = [(self._address(who).process, params) for who, params in grant_capabilities]
        return await self._syscalls.spawn(
            name, init_or_path, on_exit, request_capabilities, grants, public
        )

    def has_blob(self) -> bool:
        """Tell whether the last received message has a blob."""
        return self._syscalls.has_blob()

    def get_blob(self) -> LazyLoadBlob | None:
        """Return the blob of the last received message, or None."""
        return self._syscalls.get_blob()

    def last_blob(self) -> LazyLoadBlob | None:
        """Return the last blob that was ever received, or None."""
        return self._syscalls.last_blob()

    def get_state(self) -> bytes | None:
        """Return the saved state, or None."""
        return self._syscalls.get_state()

    def set_state(self, state: bytes) -> None:
        """Save the state; it outlives the process."""
        self._syscalls.set_state(state)

    def clear_state(self) -> None:
        """Forget the saved state."""
        self._syscalls.clear_state()

    def get_on_exit(self) -> OnExit:
        """Return what becomes of the process when it ends."""
        return self._syscalls.get_on_exit()

    def set_on_exit(self, on_exit: OnExit) -> None:
        """Choose what becomes of the process when it ends; UsageError for what is no OnExit."""
        check_on_exit(on_exit)
        self._syscalls.set_on_exit(on_exit)

    def print_to_terminal(self, verbosity: int, text: str) -> None:
        """Print text on the node's terminal, shown at ``verbosity`` (0: always, to 3)."""
        self._syscalls.print_to_terminal(verbosity, text)

    def our_capabilities(self) -> tuple[Capability, ...]:
        """Return all capabilities held."""
        return self._syscalls.our_capabilities()

    def get_capability(self, issuer: Target, params: object) -> Capability | None:
        """Return the held capability of that issuer with these params, or None."""
        wanted = Capability.make(self._address(issuer), params)
        return wanted if wanted in self._syscalls.our_capabilities() else None

    def messaging(self) -> Capability:
        """Return the capability to message this process, to be attached to a message."""
        return messaging(self.address)

    def save_capabilities(self, capabilities: Iterable[Capability]) -> None:
        """Keep capabilities that arrived in a message, or are self-issued."""
        self._syscalls.save_capabilities(tuple(capabilities))

    def drop_capabilities(self, capabilities: Iterable[Capability]) -> None:
        """Give capabilities up."""
        self._syscalls.drop_capabilities(tuple(capabilities))

    def _address(self, target: Target) -> Address:
        if isinstance(target, str):
            if "@" in target:
                return Address.parse(target)
            target = ProcessId.parse(target)
        if isinstance(target, ProcessId):
            return Address(self.node, target)
        if not isinstance(target, Address):
            raise UsageError(f"{target!r} is no target: give an Address, a ProcessId or their text")
        return target


def check_program(program: object) -> None:
    """Raise UsageError for what no process can run."""
    called = getattr(program, "__call__", None)  # noqa: B004  an object may be an async function
    if not (
        isinstance(program, str | Path)
        or iscoroutinefunction(program)
        or iscoroutinefunction(called)
    ):
        shown = getattr(program, "__name__", None) or repr(program)
        raise UsageError(
            f"{shown} is no program: give an async function `async def init(our)`, or the path of "
            "a file that has one"
        )


def encode(body: Body) -> bytes:
    """Return a body as the bytes to send: bytes as they are, anything else as JSON."""
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    return to_json(body)


def _no_timeout(value: object) -> UsageError:
    if type(value) is int and value > _LONGEST:
        return UsageError("timeouts fit into 64 bits, as in Kinode: this one is longer")
    return UsageError(f"timeouts are whole seconds from 1, as in Kinode: {value!r} is none")
