"""How processes begin and end on a node (Kinode: ``kernel/process.rs``, ``kernel/mod.rs``)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.outstanding import Waiter
from kinode_nb.runtime.process import LATEST_WIT, Host, Process
from kinode_nb.runtime.system_calls import ProcessCalls
from kinode_nb.runtime.telling import story
from kinode_nb.types import (
    Address,
    AddressError,
    Capability,
    OnExit,
    ProcessError,
    ProcessId,
    Request,
    ScriptError,
    SpawnError,
)
from kinode_nb.types.capabilities import messaging

_BACKOFF = (0, 0, 1, 1)  # seconds before a restart; then 2, 4, 8…
_HEALTHY = 1.0  # a process that outlives its backoff by this many seconds starts afresh


class Hosting(Protocol):
    """Where a process's code is found and what runs it; the node's composition supplies it."""

    def find(self, parent: Process, path: str) -> Path:
        """Return the file behind a vfs path that the parent may read; raises SpawnError."""
        ...

    def host(self, program: Program) -> Host:
        """Return the host that runs this program; raises SpawnError when none does."""
        ...


class Lifecycle:
    """Begins and ends the processes of one node."""

    def __init__(self, kernel: Kernel, hosting: Hosting) -> None:
        """Belong to one kernel."""
        self._kernel = kernel
        self._hosting = hosting

    def initialize(
        self,
        process_id: ProcessId,
        program: Program | None,
        *,
        handle: str = "",
        wit_version: int | None = LATEST_WIT,
        on_exit: OnExit = OnExit.NONE,
        public: bool = False,
        capabilities: Iterable[Capability] = (),
    ) -> Process:
        """Add a process that does not run yet: what is sent to it meanwhile is queued.

        ``handle`` is the vfs path of its code. Raises SpawnError (``NameTaken``), AddressError.
        """
        kernel = self._kernel
        if process_id.check() in kernel.processes:
            raise SpawnError("NameTaken", f"process with ID {process_id} already exists")
        if process_id in kernel.restarting:  # until it is back its name is free, as in Kinode
            self._forget(kernel.restarting[process_id], None)
        process = Process(
            kernel.scheduler,
            Address(kernel.node, process_id),
            owner=kernel,
            public=public,
            on_exit=on_exit,
            program=program,
            handle=handle.lstrip("/"),
            wit_version=wit_version,
        )
        kernel.processes[process_id] = process
        process.grant(messaging(process.address))
        for capability in capabilities:
            process.grant(capability)
        return process

    def run(self, process: Process) -> None:
        """Start the code of an initialised process; raises SpawnError when nothing can run it."""
        program = process.program
        if program is None:
            raise SpawnError("NoFileAtPath", f"{process.id} has no code to run")
        host = self._hosting.host(program)
        process.program = program = host.take(program)  # a restart runs just that again
        process.language = host.language
        process.incarnation = calls = ProcessCalls(self._kernel, process, self)

        def ended(error: BaseException | None) -> None:
            if process.incarnation is calls:  # not killed in the meantime
                self._ended(process, calls, error)

        running = host.launch(program, calls, ended)
        if process.incarnation is calls:
            process.running = running

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
        """Start a child in the parent's package, with Kinode's rules for its capabilities.

        The child gets what the parent may hand on, and parent and child may message each other.
        Unlike the real node, a name that is taken is told (docs/differences.md).
        """
        code = self._hosting.find(parent, program) if isinstance(program, str) else program
        child_name = str(self._kernel.random.getrandbits(64)) if name is None else name
        child_id = ProcessId(child_name, parent.id.package_name, parent.id.publisher_node)
        try:
            child = self.initialize(
                child_id,
                code,
                handle=program if isinstance(program, str) else "",
                wit_version=parent.wit_version,
                on_exit=on_exit,
                public=public,
                capabilities=[each for each in requested if parent.holds(each)],
            )
        except AddressError as error:  # Kinode traps: the parent ends
            raise ProcessError(f"spawn: {error}") from None
        child.grant(messaging(parent.address))
        self.introduce(child, parent)
        for holder, params in grants:
            self.grant(holder, Capability(child.address, params))
        try:
            self.run(child)
        except BaseException as error:
            self._forget(child, error)
            raise
        return child_id

    def introduce(self, child: Process, parent: Process) -> None:
        """Let whoever began a process message it."""
        parent.grant(messaging(child.address))

    def grant(self, holder: ProcessId, capability: Capability) -> None:
        """Let a process hold a capability; nothing happens when it is not there."""
        receiver = self._kernel.processes.get(holder)
        if receiver is not None:
            receiver.grant(capability)

    def kill(self, process: Process, *, revoke: bool = True) -> None:
        """End a process at once; OnExit is not honoured, as with Kinode's ``KillProcess``.

        Without ``revoke`` the others keep what it issued (Kinode: metadata ``no-revoke``).
        """
        if process.ended:
            return
        running, process.running = process.running, None
        process.incarnation = None
        if running is not None:
            running.stop()
        self._forget(process, None, revoke=revoke)

    def _ended(self, process: Process, calls: ProcessCalls, error: BaseException | None) -> None:
        """Do what OnExit says."""
        process.running = process.incarnation = None
        kernel = self._kernel
        if isinstance(error, ScriptError) and not error.told:
            calls.print_to_terminal(0, str(error))
        if error is None or isinstance(error, ScriptError):
            kernel.print(f"process {process.address} returned without error", 1)
        else:
            told = story(error)
            kernel.print(f"process {process.address} ended with error:\n{told}", 0)
            for tell in kernel.on_crash:
                tell(process, error, told)
        kernel.print(f"process {process.id} has OnExit behavior {process.on_exit}", 1)
        if process.on_exit.kind == "Restart" and not kernel.closed:
            calls.retire()
            self._restart(process)
            return
        for last in process.on_exit.requests:
            calls.fire(last.target, last.body, last.metadata, last.blob, last.capabilities)
        self._forget(process, error)

    def _restart(self, process: Process) -> None:
        """Start it again: at once the first time, then after 0, 1, 1, 2, 4, 8… seconds."""
        kernel = self._kernel
        now = kernel.scheduler.now() / 1e9
        if now > process.restart_after + _HEALTHY:
            process.backoff = 0
        tried = process.backoff
        wait = _BACKOFF[tried] if tried < len(_BACKOFF) else 2 ** (tried - len(_BACKOFF) + 1)
        process.backoff += 1
        process.restarts += 1
        process.restart_after = now + wait
        del kernel.processes[process.id]
        kernel.restarting[process.id] = process
        self._lose(process)
        if wait:
            kernel.scheduler.later(wait, lambda: self._again(process))
        else:
            self._again(process)

    def _again(self, process: Process) -> None:
        kernel = self._kernel
        if kernel.restarting.get(process.id) is not process or kernel.closed:
            return
        del kernel.restarting[process.id]
        kernel.processes[process.id] = process
        process.reopen(kernel.scheduler)
        try:
            self.run(process)
        except SpawnError as error:  # its code cannot be run any more
            kernel.print(f"process {process.address} ended with error:\n{story(error)}", 0)
            self._forget(process, error)

    def _forget(
        self, process: Process, error: BaseException | None, *, revoke: bool = True
    ) -> None:
        kernel = self._kernel
        process.ended = True
        for table in (kernel.processes, kernel.restarting):
            if table.get(process.id) is process:
                del table[process.id]
        self._lose(process)
        if revoke:
            for holder in kernel.issued.holders(process.id):
                for table in (kernel.processes, kernel.restarting):
                    if holder in table:
                        table[holder].revoke_all(process.address)
        kernel.issued.forget(process.id, process.capabilities)
        for tell in kernel.on_end:
            tell(process, error)

    def _lose(self, process: Process) -> None:
        """Lose what nobody took: its senders time out, as on a real node."""
        kernel = self._kernel
        process.cut()
        for message, _blob, _entry in process.mailbox.close():
            if isinstance(message, Request):
                kernel.log.end(message.seq, "dropped", f"{process.id} ended")
        for entry in process.outstanding.clear():
            # Its own tasks are cancelled by now; this one belongs to a caller from outside.
            if isinstance(entry, Waiter) and entry.waiting:
                kernel.fail(process, entry, "Offline", f"{process.address} has ended")
        kernel.scheduler.deadlines.pop(process, None)
