"""Starts a node's scripts for its terminal, and knows which line started which."""

from collections.abc import Sequence
from pathlib import Path

from kinode_nb.fake_net import terminal_package
from kinode_nb.fake_net.hosting import NodeHosting
from kinode_nb.fake_net.transfers import TransferTable
from kinode_nb.fake_net.typed_line import TypedLine
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.runtime.system_calls import ProcessCalls
from kinode_nb.system.terminal.process import Terminal
from kinode_nb.types import Capability, NodeError, PackageId, ProcessId
from kinode_nb.types.capabilities import TERMINAL, messaging
from kinode_nb.types.scripts import ScriptEntry


class Scripts:
    """The `Runner` of one node's terminal, and the way to type a line there."""

    def __init__(
        self, kernel: Kernel, lifecycle: Lifecycle, hosting: NodeHosting, home: Path
    ) -> None:
        """Start nothing yet."""
        self._home = home
        self._unpacked = False
        self._kernel = kernel
        self._lifecycle = lifecycle
        self._hosting = hosting
        self.terminal = Terminal(self)
        """The program of the terminal."""
        self._lines: dict[int, TypedLine] = {}
        self._running: dict[ProcessId, TypedLine] = {}
        kernel.on_end.append(self._ended)

    def type(self, text: str, transfers: TransferTable, verbosity: int) -> TypedLine:
        """Type a line; raises NodeError when the terminal does not run."""
        terminal = self._terminal()
        if not self._unpacked:  # not at boot: most nodes are never typed at, and files are dear
            terminal_package.unpack(self._home)
            self._unpacked = True
        calls = ProcessCalls(self._kernel, terminal, self._lifecycle)
        line = TypedLine(
            self._kernel, self._kernel.log.next_seq, transfers, verbosity, self._forget
        )
        self._lines[line.seq] = line
        calls.fire(terminal.address, text.encode(errors="replace"), None, None)
        return line

    def start(
        self,
        line: int,
        path: str,
        package: PackageId,
        entry: ScriptEntry,
        capabilities: Sequence[Capability],
    ) -> ProcessId:
        """Start a script as the terminal asks; raises SpawnError."""
        terminal = self._terminal()
        program = self._hosting.find(terminal, path)
        self._hosting.host(program)  # Wasm is refused before anything was made
        name = str(self._kernel.random.getrandbits(64))
        id_ = ProcessId(name, package.package_name, package.publisher_node)
        process = self._initialized(terminal, id_, program, path, entry, capabilities)
        if line in self._lines:
            self._lines[line].started(process.address)
            self._running[id_] = self._lines[line]
        self._lifecycle.run(process)
        return id_

    def _initialized(
        self,
        terminal: Process,
        id_: ProcessId,
        program: Path,
        handle: str,
        entry: ScriptEntry,
        capabilities: Sequence[Capability],
    ) -> Process:
        """Make the process; what the terminal does not hold it cannot hand on, and says so."""
        held = [each for each in capabilities if each in terminal.capabilities]
        for missing in dict.fromkeys(each for each in capabilities if each not in held):
            self._kernel.print(
                f"kernel: InitializeProcess caller {terminal.id} doesn't have capability {missing}",
                0,
            )
        process = self._lifecycle.initialize(
            id_, program, handle=handle, public=entry.public, capabilities=held
        )
        process.wit_version = entry.wit_version
        terminal.grant(messaging(process.address))
        for holder, capability in entry.granted(process.address):
            self._lifecycle.grant(holder, capability)
        return process

    def running(self) -> list[Process]:
        """Return the scripts that run for a line."""
        found = (self._kernel.processes.get(id_) for id_ in self._running)
        return [process for process in found if process is not None]

    def handled(self, line: int, error: str) -> None:
        """Hear that the terminal has dealt with a line."""
        typed = self._lines.pop(line, None)
        if typed is not None:
            typed.handled(error)

    def _terminal(self) -> Process:
        terminal = self._kernel.processes.get(TERMINAL)
        if terminal is None:
            node = self._kernel.node
            raise NodeError(
                f"the terminal of {node} does not run: %kinode stop {node}, then %kinode boot "
                f"{node}, starts it anew"
            )
        return terminal

    def _ended(self, process: Process, error: BaseException | None) -> None:
        if process.id == TERMINAL:  # what it had not read yet is lost
            for line in list(self._lines):
                self.handled(line, f"the terminal of {self._kernel.node} has ended")
        typed = self._running.pop(process.id, None)
        if typed is not None:
            typed.ended(error)

    def _forget(self, typed: TypedLine) -> None:
        self._lines.pop(typed.seq, None)
        self._running = {id_: each for id_, each in self._running.items() if each is not typed}
