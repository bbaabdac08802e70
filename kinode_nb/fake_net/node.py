"""One fake node: its kernel, its system processes, its packages, and what a person does with it."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from kinode_nb.fake_net import script_names
from kinode_nb.fake_net.beginning import OWN_PACKAGE, Wish, begin, checked
from kinode_nb.fake_net.crashes import Crashes
from kinode_nb.fake_net.hosting import NodeHosting
from kinode_nb.fake_net.installations import Installations
from kinode_nb.fake_net.kept_processes import KeptProcesses
from kinode_nb.fake_net.kept_states import KeptStates
from kinode_nb.fake_net.node_web import Web
from kinode_nb.fake_net.process_row import process_row
from kinode_nb.fake_net.scripts import Scripts
from kinode_nb.fake_net.system_processes import NOTEBOOK, Parts, Rights, modules, start
from kinode_nb.process_lib import Our
from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.kernel_commands import KernelCommands
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.process import Process
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.runtime.system_calls import ProcessCalls
from kinode_nb.system import net, vfs
from kinode_nb.transports.loopback import Loopback
from kinode_nb.types import (
    Address,
    Answer,
    Capability,
    LazyLoadBlob,
    PackageError,
    PackageId,
    ProcessId,
    SendError,
    nearest,
)
from kinode_nb.types.capabilities import HTTP_SERVER, NET
from kinode_nb.types.rows import ProcessRow

_REMEMBERED = 20
PREFERRED = "chat-with-file-transfer"


class Node:
    """A fake node. All methods run on the loop that the net belongs to."""

    def __init__(
        self,
        name: str,
        home: Path,
        web: Web,
        *,
        scheduler: Scheduler,
        log: MessageLog,
        transport: Loopback,
        random: Random,
        descriptors: vfs.Descriptors,
        peers: net.Peers,
        crashes: Crashes,
        verbosity: int,
        kept: bool,
        options: tuple[object, ...],
    ) -> None:
        """Compose the node's parts; `start` lets it run.

        ``kept`` tells that the home outlives the node, and brings its processes back.
        """
        self.name = name
        self.home = home
        self._web = web
        self.port = web.port
        self.status = "stopped"
        self.placement = "thread"
        self.pid: int | None = None
        self.verbosity = verbosity
        self.options = options
        """What it was booted with, to tell a second boot from the first."""
        self._transport = transport
        self._descriptors = descriptors
        self._peers = peers
        self.crashes = crashes
        self._clock = scheduler.clock
        self._booted = self._stopped_at = 0
        self._hosting = NodeHosting(name, home)
        self.kernel = Kernel(name, scheduler=scheduler, log=log, transport=transport, random=random)
        self.lifecycle = Lifecycle(self.kernel, self._hosting)
        self._kept: KeptProcesses | None = None
        if kept:
            self.kernel.states = KeptStates(home)
            self._kept = KeptProcesses(self.kernel, self.lifecycle, self._hosting, home)
        self.installations = Installations(self.kernel, self.lifecycle, home)
        self.packages = self.installations.packages
        self.scripts = Scripts(self.kernel, self.lifecycle, self._hosting, home)
        self.on_shutdown: list[Callable[[], None]] = []
        """Told when a process has asked the kernel to stop the node."""
        self.gone = (0, 0)
        """Messages sent and received by processes that have ended."""
        self.ended: deque[ProcessRow] = deque(maxlen=_REMEMBERED)
        """The last processes made by `spawn` that have ended, each name once."""
        self.made: set[ProcessId] = set()
        """Those that a person has begun, while they run."""
        self.kernel.on_end.append(self._ended)
        self.kernel.on_end.append(lambda process, _: crashes.ended(process))
        self.kernel.on_crash.append(
            lambda process, error, story: crashes.happened(self.kernel, process, error, story)
        )

    def start(self) -> None:
        """Start the system processes, and be reachable."""
        self._booted = self._clock.now_ns()
        self.files = vfs.process(self.home, Rights(self.kernel), self._descriptors)
        parts = Parts(
            self.name,
            self.home,
            self.kernel,
            self.lifecycle,
            self.files,
            self._peers,
            self.installations,
            self._web.process(self.kernel),
            self.scripts,
            KernelCommands(self.kernel, self.lifecycle, self._hosting, self._shut_down),
        )
        started = {module.id: start(module, parts) for module in modules(parts)}
        web = started[HTTP_SERVER]
        self._web.open(lambda: self.calls(web))
        self._person = started[NOTEBOOK]
        if self._kept is not None:
            self._kept.restore()
        self.installations.restore()
        self._transport.nodes[self.name] = self.kernel
        self.status = "running"

    def _shut_down(self) -> None:
        for tell in self.on_shutdown:
            tell()

    def _ended(self, process: Process, error: BaseException | None) -> None:
        self.gone = (self.gone[0] + process.sent, self.gone[1] + process.received)
        self.files.forget(process.id)
        self._web.forget(process.id)
        if process.id in self.made:
            self.made.discard(process.id)
            row = process_row(process, "ended")
            for same in [each for each in self.ended if each.process == row.process]:
                self.ended.remove(same)
            self.ended.append(row)

    def kill(self, id: ProcessId) -> None:
        """End a process, as the terminal's ``kill`` does: its OnExit is not honoured."""
        process = self.kernel.processes.get(id) or self.kernel.restarting.get(id)
        if process is not None:
            self.kernel.print(f"kernel: killing process {id}", 0)
            self.lifecycle.kill(process)

    async def stop(self) -> None:
        """End all processes and be unreachable; the home is the net's affair."""
        if self.status == "stopped":
            return
        self.status = "stopped"
        self._stopped_at = self._clock.now_ns()
        self._transport.nodes.pop(self.name, None)
        if self._kept is not None:
            self._kept.close()
        await self._web.close()
        running = [each.running for each in self.kernel.processes.values() if each.running]
        self.kernel.closed = True
        for process in list(self.kernel.processes.values()):
            self.lifecycle.kill(process)
        for task in running:
            await task.wait()
        self._hosting.close()

    def offering(self, interface: str, wanted: str | None = None) -> Address:
        """Return the main process of the package that serves an interface; PackageError.

        ``wanted`` names the package; without it chat-with-file-transfer is asked where it is
        started, else the one package that can.
        """
        able = {
            package.id.package_name: package
            for package in self.packages.values()
            if interface in package.interfaces
        }
        if wanted is not None:
            name = wanted.partition(":")[0].replace("_", "-")
        elif PREFERRED in able or len(able) == 1:
            name = PREFERRED if PREFERRED in able else next(iter(able))
        elif able:
            raise PackageError(
                f"several packages on {self.name} can do that: choose one with --package, "
                f"of {', '.join(able)}"
            )
        else:
            raise PackageError(
                f"no package on {self.name} can do that: start one, such as "
                f"%kinode start {PREFERRED}"
            )
        if name not in able:
            raise PackageError(
                f"{name} is not started on {self.name}, or cannot do that."
                f"{nearest(name, able)} %kinode packages lists what is started"
            )
        package = able[name]
        first = package.manifest[0].process_name
        return Address(
            self.name, ProcessId(first, package.id.package_name, package.id.publisher_node)
        )

    def missing(self, node: str, package: PackageId, since: int | None = None) -> str:
        """Return what to do when a node that runs lacks a package; '' when it has it.

        That a process of it has crashed is said too, where it has not begun again, or did so
        after ``since`` (clock ns).
        """
        kernel = self._transport.nodes.get(node)
        if kernel is None or package == OWN_PACKAGE:
            return ""
        crash = self.crashes.at(node, package, since or 0)
        if any(each.package_id == package for each in kernel.processes):
            return "" if crash is None or since is None else str(crash)
        name = package.package_name
        advice = f"%kinode start {name} -n {node}"
        if crash is not None:
            return f"{crash}. {advice} starts it again"
        return f"{name} is not started on {node}: {advice}"

    def script_hint(self, line: str, said: str) -> str:
        """Return what helps with a line of which the terminal has said this; may be empty."""
        aliases = self.scripts.terminal.aliases
        return script_names.hint(line, said, aliases, self.home, self.name)

    def script_names(self) -> list[str]:
        """Return what a line at the terminal may begin with."""
        return [*self.scripts.terminal.aliases, *script_names.scripts_of(self.home)]

    def reaches(self, node: str) -> bool:
        """Tell whether a node of that name runs."""
        return node in self._transport.nodes

    @property
    def uptime_ns(self) -> int:
        """Nanoseconds from its boot until now, or until it stopped."""
        return (self._stopped_at or self._clock.now_ns()) - self._booted

    def askers(self) -> list[Process]:
        """Return the processes in whose names persons wait: their own, and scripts."""
        return [self._person, *self.scripts.running()]

    def our(self) -> Our:
        """Return a handle that sends in the person's name, with a state of its own."""
        return self.handle(self._person)

    def handle(self, process: Process) -> Our:
        """Return a handle that sends in a process's name, with a state of its own."""
        return Our(self.calls(process))

    def calls(self, process: Process) -> ProcessCalls:
        """Return system calls in the name of a process, with a state of their own."""
        return ProcessCalls(self.kernel, process, self.lifecycle)

    async def request(
        self,
        target: Address | ProcessId | str,
        body: Any,
        timeout: int = 5,
        blob: LazyLoadBlob | bytes | None = None,
        metadata: str | None = None,
    ) -> Answer:
        """Send a Request from the node and wait for its Response; raises SendError."""
        our = self.our()
        if isinstance(blob, bytes):
            blob = LazyLoadBlob(blob)
        try:
            response = await our.send_and_await_response(
                target, body, timeout=timeout, blob=blob, metadata=metadata
            )
        except SendError as error:
            self.crashes.explain(error)
            raise
        return Answer(**msgspec.structs.asdict(response), blob=our.get_blob())

    async def hi(self, node: str, text: str) -> str:
        """Greet another node; returns what Kinode's terminal script prints."""
        try:
            answer = await self.request(Address(node, NET), text.encode(), timeout=10)
        except SendError as error:
            if error.kind == "Offline":
                return f"{node} is offline or does not exist"
            return f"message to {node} timed out"
        return f"response from {node}: {answer.text()}"

    def spawn(
        self,
        init: Program,
        name: str | None = None,
        *,
        public: bool = False,
        capabilities: Sequence[Capability] | None = None,
    ) -> Address:
        """Start a function as a process of the package ``notebook:template.os``.

        Unless ``capabilities`` are given it may use the network and vfs. A process of that name
        is replaced; its saved state stays.
        """
        wish = Wish(
            name,
            public=public,
            capabilities=None if capabilities is None else tuple(capabilities),
        )
        return begin(self, init, checked(self, wish), wish).address
