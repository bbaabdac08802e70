"""The processes of a home that is kept: ``<home>/kernel/processes.json``, and their next boot.

Kinode's kernel writes its map of processes whenever one changes that is more than transient, and
begins all of them again from the files at their paths when the node boots (``kernel/mod.rs``).
What has no file, such as a function from a notebook, is not there again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kinode_nb.fake_net.hosting import NodeHosting
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.runtime.system_calls import ProcessCalls
from kinode_nb.types import Address, Capability, ProcessId, SpawnError
from kinode_nb.types.capabilities import messaging
from kinode_nb.types.persisted import UNREADABLE, PersistedProcess
from kinode_nb.types.whole_files import write_whole


class KeptProcesses:
    """The table of one home's processes."""

    def __init__(
        self, kernel: Kernel, lifecycle: Lifecycle, hosting: NodeHosting, home: Path
    ) -> None:
        """Belong to a node; `restore` reads the table, and from then on it is written."""
        self._kernel = kernel
        self._lifecycle = lifecycle
        self._hosting = hosting
        self._table = home / "kernel" / "processes.json"
        self._written: frozenset[ProcessId] = frozenset()
        self._own: frozenset[ProcessId] = frozenset()
        self._due = self._closed = False

    def restore(self) -> None:
        """Begin all processes again that the table has; what cannot be is told and forgotten.

        The node's own, which run already, get back what they were granted.
        """
        self._own = frozenset(self._kernel.processes)
        rows = list(self._read())
        begun = [process for row in rows if (process := self._begin(*row)) is not None]
        for gone in {id_ for id_, _ in rows} - set(self._kernel.processes):
            for process in begun:
                process.revoke_all(Address(self._kernel.node, gone))
        for id_, persisted in rows:
            if id_ in self._own:
                self._grant_again(self._kernel.processes[id_], persisted)
        for process in begun:
            if process.on_exit.requests:
                self._send_last_requests(process)
        for process in begun:
            try:
                self._lifecycle.run(process)
            except SpawnError as error:
                self._tell(f"couldn't reboot process: {error}")
                self._lifecycle.kill(process)
        self._kernel.on_change.append(self._changed)
        self._kernel.on_end.append(lambda process, _: self._ended(process))
        self._write_soon()

    def close(self) -> None:
        """Write the table for the last time, without those whose OnExit is None."""
        self._write(transient=False)
        self._closed = True

    # Reading.

    def _read(self) -> Iterator[tuple[ProcessId, PersistedProcess]]:
        try:
            table = msgspec.json.decode(self._table.read_bytes())
            node, rows = table["node"], list(table["processes"].items())
        except FileNotFoundError:
            return
        except (OSError, *UNREADABLE) as error:
            self._tell(f"no process is brought back: {self._table.name} cannot be read: {error}")
            return
        for name, row in rows:
            try:
                id_, persisted = ProcessId.parse(name), PersistedProcess.from_json(row)
            except UNREADABLE as error:
                self._tell(f"couldn't reboot process: {name}: {error}")
                continue
            yield id_, self._renamed(persisted, node)

    def _renamed(self, persisted: PersistedProcess, node: str) -> PersistedProcess:
        """Let what is of this node be so under the name that the home is booted with now."""
        new = self._kernel.node
        if node == new:
            return persisted

        def address(old: Address) -> Address:
            return Address(new, old.process) if old.node == node else old

        def all_of(held: tuple[Capability, ...]) -> tuple[Capability, ...]:
            return tuple(Capability(address(each.issuer), each.params) for each in held)

        replace = msgspec.structs.replace
        requests = tuple(
            replace(last, target=address(last.target), capabilities=all_of(last.capabilities))
            for last in persisted.on_exit.requests
        )
        return replace(
            persisted,
            capabilities=all_of(persisted.capabilities),
            on_exit=replace(persisted.on_exit, requests=requests),
        )

    def _begin(self, id_: ProcessId, persisted: PersistedProcess) -> Process | None:
        if not persisted.handle:  # one of the node's own
            return None
        file = self._hosting.file(persisted.handle)
        if file is None:
            self._tell(
                f"couldn't read wasm bytes for process: {id_}: there is no {persisted.handle}"
            )
            return None
        try:
            return self._lifecycle.initialize(
                id_,
                file,
                handle=persisted.handle,
                wit_version=persisted.wit_version,
                on_exit=persisted.on_exit,
                public=persisted.public,
                capabilities=persisted.capabilities,
            )
        except SpawnError as error:
            self._tell(f"couldn't reboot process: {error}")
            return None

    def _grant_again(self, process: Process, persisted: PersistedProcess) -> None:
        """Let it hold what it held, but for the word of those who are not there any more."""
        for capability in persisted.capabilities:
            issuer = capability.issuer
            if issuer.node != self._kernel.node or issuer.process in self._kernel.processes:
                process.grant(capability)

    def _send_last_requests(self, process: Process) -> None:
        """Send what the process wanted to be sent at its end, to those whom it may message."""
        calls = ProcessCalls(self._kernel, process, self._lifecycle)
        for last in process.on_exit.requests:
            node = last.target.node if last.target.node != "our" else self._kernel.node
            if messaging(Address(node, last.target.process)) in process.capabilities:
                calls.fire(last.target, last.body, last.metadata, last.blob, last.capabilities)

    # Writing.

    def _changed(self, process: Process) -> None:
        if self._lasting(process) or process.id in self._written:
            self._write_soon()

    def _lasting(self, process: Process) -> bool:
        transient = not process.handle or process.on_exit.kind == "None"
        return not transient or process.id in self._own

    def _ended(self, process: Process) -> None:
        if process.id in self._written:
            self._write_soon()

    def _write_soon(self) -> None:
        """Write once for all that changes in this turn of the event loop."""
        if not self._due and not self._closed:
            self._due = True
            self._kernel.scheduler.loop.call_soon(self._write)

    def _write(self, *, transient: bool = True) -> None:
        self._due = False
        if self._closed:
            return
        kernel = self._kernel
        everyone = [*kernel.processes.values(), *kernel.restarting.values()]
        kept = [each for each in everyone if self._lasting(each) or (each.handle and transient)]
        forgotten = {each.address for each in everyone} - {each.address for each in kept}
        rows: dict[str, Any] = {
            str(process.id): _without(process.persisted(), forgotten).to_json() for process in kept
        }
        try:
            table = {"node": kernel.node, "processes": rows}
            write_whole(self._table, msgspec.json.encode(table))
        except OSError as error:
            self._tell(f"the processes cannot be saved in {self._table}: {error.strerror}")
            return
        self._written = frozenset(map(ProcessId.parse, rows))

    def _tell(self, text: str) -> None:
        self._kernel.print(f"kernel: {text}", 0)


def _without(persisted: PersistedProcess, issuers: set[Address]) -> PersistedProcess:
    """Leave out the word of those who will not be there again, as if they had ended."""
    held = tuple(each for each in persisted.capabilities if each.issuer not in issuers)
    return msgspec.structs.replace(persisted, capabilities=held)
