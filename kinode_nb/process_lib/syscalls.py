"""The one system-call surface: Kinode's WIT ``interface standard``, name for name.

The Python host wraps it as `Our`; a Wasm host binds a component's imports to it. The kernel
cannot tell them apart. Names and meanings: ``kinode:process/standard@1.0.0``.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kinode_nb.types import (
    Address,
    Capability,
    LazyLoadBlob,
    OnExit,
    ProcessId,
    Received,
    Request,
    Response,
)


@dataclass(frozen=True)
class Code:
    """Source text that holds an ``init(our)``, and the file that it came from, or might have."""

    source: bytes
    path: Path


class Written:
    """A program that was made ready for its host before any process runs it, such as a cell."""


Program = Callable[..., Awaitable[None]] | Path | Code | Written
"""What a process runs: an async function ``init(our)``, or a file or text that holds one."""


class Syscalls(Protocol):
    """All that a process can ask of its node. Arguments are checked and encoded already."""

    def our(self) -> Address:
        """Return the process's own address."""
        ...

    def print_to_terminal(self, verbosity: int, text: str) -> None:
        """Print on the node's terminal, where it shows at this verbosity (0: always)."""
        ...

    def get_on_exit(self) -> OnExit:
        """Return what becomes of the process when it ends."""
        ...

    def set_on_exit(self, on_exit: OnExit) -> None:
        """Choose what becomes of the process when it ends."""
        ...

    def get_state(self) -> bytes | None:
        """Return the saved state."""
        ...

    def set_state(self, state: bytes) -> None:
        """Save the state; it outlives the process."""
        ...

    def clear_state(self) -> None:
        """Forget the saved state."""
        ...

    async def spawn(
        self,
        name: str | None,
        program: Program | str,
        on_exit: OnExit,
        request_capabilities: Sequence[Capability],
        grant_capabilities: Sequence[tuple[ProcessId, str]],
        public: bool,
    ) -> ProcessId:
        """Start a process of the same package; raises SpawnError or ProcessError."""
        ...

    def save_capabilities(self, capabilities: Sequence[Capability]) -> None:
        """Keep capabilities that were received in a message, or are self-issued."""
        ...

    def drop_capabilities(self, capabilities: Sequence[Capability]) -> None:
        """Give capabilities up."""
        ...

    def our_capabilities(self) -> tuple[Capability, ...]:
        """Return all capabilities held."""
        ...

    @property
    def crowded(self) -> Collection[object]:
        """While this is not empty, `room` has to be asked before a Request is sent."""
        ...

    def room(self, target: Address, awaiting: bool = False) -> Awaitable[None] | None:
        """Return what to await before a Request is sent; None: the target has room.

        ``awaiting`` tells that the Response will be awaited too.
        """
        ...

    def receive(self) -> Awaitable[Received]:
        """Wait for the next message, in the order of arrival."""
        ...

    def has_blob(self) -> bool:
        """Tell whether the last received message has a blob."""
        ...

    def get_blob(self) -> LazyLoadBlob | None:
        """Return the blob of the last received message."""
        ...

    def last_blob(self) -> LazyLoadBlob | None:
        """Return the last blob that was ever received."""
        ...

    def send_request(
        self,
        target: Address,
        body: bytes,
        expects_response: int | None,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        context: Any,  # the process's own object
        blob: LazyLoadBlob | None,
    ) -> None:
        """Send a Request; its Response, if one is expected, arrives in `receive`."""
        ...

    def send_response(
        self,
        body: bytes,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        blob: LazyLoadBlob | None,
        to: Received | None,
    ) -> None:
        """Answer the Request that is being handled (or ``to``)."""
        ...

    def handling(self) -> Request | None:
        """Return the Request that is being handled; not in Kinode's WIT."""
        ...

    def send_and_await_response(
        self,
        target: Address,
        body: bytes,
        timeout: int,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        blob: LazyLoadBlob | None,
    ) -> Awaitable[Response]:
        """Send a Request and wait for its Response; raises SendError."""
        ...
