"""A process's system calls, carried out by its kernel."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.correspondence import Correspondence
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.process import Process
from kinode_nb.types import Capability, OnExit, ProcessError, ProcessId, UsageError
from kinode_nb.types.capabilities import canonical


class Spawner(Protocol):
    """What starts a process's children: the node's `Lifecycle`."""

    def spawn(
        self,
        parent: Process,
        name: str | None,
        program: Program | str,
        *,
        on_exit: OnExit,
        requested: Sequence[Capability],
        grants: Sequence[tuple[ProcessId, str]],
        public: bool,
    ) -> ProcessId:
        """Start a child in the parent's package; raises SpawnError or ProcessError."""
        ...


class ProcessCalls(Correspondence):
    """The `Syscalls` of one process."""

    def __init__(self, kernel: Kernel, process: Process, spawner: Spawner) -> None:
        """Act for the process on its node."""
        super().__init__(kernel, process)
        self._spawner = spawner

    def print_to_terminal(self, verbosity: int, text: str) -> None:
        """Print on the node's terminal."""
        self._kernel.print(text, verbosity, self._address, self._cause)

    def get_on_exit(self) -> OnExit:
        """Return what becomes of the process when it ends."""
        return self._process.on_exit

    def set_on_exit(self, on_exit: OnExit) -> None:
        """Choose what becomes of the process when it ends."""
        self._process.on_exit = on_exit

    def get_state(self) -> bytes | None:
        """Return the saved state."""
        state = self._kernel.states.get(self._process.id)
        self._answered_by_runtime(blob=state is not None)
        return state

    def set_state(self, state: bytes | bytearray | memoryview) -> None:
        """Save the state: bytes, or a copy of what can still change.

        Raises UsageError, and ProcessError when it cannot be written.
        """
        if not isinstance(state, bytes | bytearray | memoryview):
            raise UsageError(
                f"a state is bytes, not {type(state).__name__}: such as json.dumps(…).encode()"
            )
        with _written():
            self._kernel.states[self._process.id] = bytes(state)
        self._answered_by_runtime(blob=False)

    def clear_state(self) -> None:
        """Forget the saved state; raises ProcessError when that cannot be written."""
        with _written():
            self._kernel.states.pop(self._process.id, None)
        self._answered_by_runtime(blob=False)

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
        self._answered_by_runtime(blob=False)
        return self._spawner.spawn(
            self._process,
            name,
            program,
            on_exit=on_exit,
            requested=request_capabilities,
            grants=grant_capabilities,
            public=public,
        )

    def save_capabilities(self, capabilities: Sequence[Capability]) -> None:
        """Keep capabilities that were received in a message, or are self-issued.

        The real host stores whatever it is given; one that was neither received nor issued here
        is refused, since capabilities could otherwise be forged (docs/differences.md).
        """
        for capability in capabilities:
            own = capability.issuer == self._address
            if not own and canonical(capability) not in self._received_capabilities:
                raise ProcessError(f"{capability} was never received, so it cannot be saved")
            self._process.grant(capability)

    def drop_capabilities(self, capabilities: Sequence[Capability]) -> None:
        """Give capabilities up."""
        for capability in capabilities:
            self._process.revoke(capability)

    def our_capabilities(self) -> tuple[Capability, ...]:
        """Return all capabilities held."""
        return tuple(sorted(self._process.capabilities, key=str))


@contextmanager
def _written() -> Iterator[None]:
    """Let a state that cannot be written be a trap, as in Kinode."""
    try:
        yield
    except OSError as error:
        raise ProcessError(f"the state cannot be saved: {error.strerror}") from None
