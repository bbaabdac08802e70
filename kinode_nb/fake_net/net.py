"""A net of fake nodes: boots nodes and wires their parts. The one composition root (async)."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from contextvars import Context
from functools import cache
from pathlib import Path
from random import Random

from kinode_nb.fake_net import ports, starting
from kinode_nb.fake_net.crashes import Asker, Crashes
from kinode_nb.fake_net.homes import Homes
from kinode_nb.fake_net.identities import Identities
from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.node_web import Web
from kinode_nb.fake_net.terminal_logs import TerminalLogs
from kinode_nb.fake_net.transfers import TransferRecord, TransferTable
from kinode_nb.kit import packages
from kinode_nb.runtime.clock import Clock, SystemClock
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.process import Process, Running
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.system.http_server import TIMEOUT
from kinode_nb.system.vfs import Descriptors
from kinode_nb.transports.loopback import Loopback
from kinode_nb.types import (
    AddressError,
    NodeError,
    PackageError,
    PackageId,
    UsageError,
    check_node_name,
    nearest,
)

_DEFAULT = "fake"


class Net:
    """Fake nodes that can reach each other, with one message log. Make it on its own loop."""

    def __init__(self, seed: int = 0, clock: Clock | None = None) -> None:
        """Start with no nodes; ``seed`` decides all ids and random names."""
        self.clock = clock or SystemClock()
        self.log = MessageLog()
        self.scheduler = Scheduler(asyncio.get_running_loop(), self.clock)
        self.transfers = TransferTable(self.clock, self._note, self._explain)
        self._terminal_logs = TerminalLogs(self.clock)
        self.log.observers.append(self._terminal_logs.observe)
        self.crashes = Crashes(self.log, self._askers)
        self.nodes: dict[str, Node] = {}
        """By name, in the order of booting; stopped nodes stay."""
        self.notes: list[str] = []
        """What the person should know, though nothing went wrong."""
        self.tasks: set[asyncio.Task[None]] = set()
        """Downloads that are being asked for."""
        self._stopping: set[asyncio.Task[None]] = set()  # at the word of their own processes
        self._current: str | None = None
        self._homes = Homes()
        self._transport = Loopback()
        self._descriptors = Descriptors()  # one limit of open files for all nodes
        self._seed = seed
        self._identities = Identities(
            seed, lambda: {each.name: each.status == "running" for each in self.nodes.values()}
        )
        _keep_freed_memory()

    async def boot(
        self,
        name: str | None = None,
        *,
        port: "int | str | None" = None,
        home: str | os.PathLike[str] | None = None,
        persist: bool = False,
        verbosity: int = 0,
        fresh: bool = False,
        placement: str = "thread",
        http_timeout: float = TIMEOUT,
        password: str | None = None,
    ) -> Node:
        """Boot a node, or return the running one that was booted with the same options.

        ``http_timeout`` is how many seconds processes have to answer what comes by HTTP;
        ``password`` is what `authenticated` paths want (None: any). Raises AddressError,
        NodeError, UsageError; then nothing was made.
        """
        if placement != "thread":
            raise UsageError(f"placement {placement!r} is not there yet: nodes run in a thread")
        name = self._name(name)
        place_asked = None if home is None else os.fspath(home)
        options = (port, place_asked, persist, verbosity, http_timeout, password)
        known = self.nodes.get(name)
        if known is not None and known.status == "running":
            if not fresh:
                return self._again(known, options)
        else:
            known = None
        with ExitStack() as undo:  # a boot that fails leaves no port and no folder
            own_port = known is not None and port is not None and str(port) == str(known.port)
            listener = None if own_port else ports.bind(port)
            place = None
            if listener is not None:
                undo.callback(listener.close)
            if home is not None and (known is None or Path(home) != known.home):
                place = self._homes.open(name, home, persist=persist)
                undo.callback(self._homes.close, place)
            if known is not None:  # only now, when all that can fail has been tried
                await self.stop(name)
            if own_port:
                listener = ports.bind(port)
            if place is None:
                place = self._homes.open(name, home, persist=persist)
                undo.callback(self._homes.close, place)
            web = Web(listener, http_timeout, password)
            kept = persist or home is not None
            node = self._compose(name, place, web, verbosity, kept, options)
            undo.callback(self._terminal_logs.close, name)
            self._wire(node)
            undo.pop_all()
        return node

    def _compose(
        self,
        name: str,
        home: Path,
        web: Web,
        verbosity: int,
        kept: bool,
        options: tuple[object, ...],
    ) -> Node:
        return Node(
            name,
            home,
            web,
            scheduler=self.scheduler,
            log=self.log,
            transport=self._transport,
            descriptors=self._descriptors,
            peers=self._identities.of(name),
            crashes=self.crashes,
            random=Random(f"{self._seed}/{name}"),
            verbosity=verbosity,
            kept=kept,
            options=options,
        )

    def _wire(self, node: Node) -> None:
        def started(package: packages.Package, processes: list[Process]) -> None:
            if "file-transfer-worker" in package.interfaces:
                for process in processes:
                    self.transfers.watch(process)

        node.installations.on_started.append(started)
        node.kernel.on_end.append(self.transfers.process_ended)
        node.on_shutdown.append(lambda: self._stop_soon(node.name))
        self._terminal_logs.open(node.name, node.home)
        node.start()
        self.nodes.pop(node.name, None)
        self.nodes[node.name] = node
        if self._current is None or self.nodes[self._current].status != "running":
            self._current = node.name

    def _stop_soon(self, name: str) -> None:
        """Stop a node as one of its processes asks for it; the process ends with it."""
        loop = self.scheduler.loop

        def begin() -> None:
            task = loop.create_task(self.stop(name))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)
            self.keep(task)

        # In a context of its own, or the work would be the process's, and end with it too.
        loop.call_soon(begin, context=Context())

    def _name(self, name: str | None) -> str:
        if name is not None:
            return _bootable(name if "." in name or not name else f"{name}.dev")
        running = {each.name for each in self.running()}
        if f"{_DEFAULT}.dev" not in running:
            return f"{_DEFAULT}.dev"
        number = 2
        while f"{_DEFAULT}{number}.dev" in running:
            number += 1
        return f"{_DEFAULT}{number}.dev"

    def _again(self, node: Node, options: tuple[object, ...]) -> Node:
        if options != node.options:
            raise NodeError(
                f"{node.name} is running already, with other options: --fresh (fresh=True) boots "
                "it anew, or stop it first"
            )
        self.notes.append(f"{node.name} is running already")
        return node

    def running(self) -> list[Node]:
        """Return the nodes that run, in the order of booting."""
        return [node for node in self.nodes.values() if node.status == "running"]

    def node(self, name: str | None = None, port: int | None = None) -> Node:
        """Return a running node by name or port, or the current one; raises NodeError."""
        if port is not None:
            found = next((each for each in self.running() if each.port == port), None)
            if found is None:
                raise NodeError(f"no node listens on port {port}: %kinode nodes lists them")
            return found
        if name is None:
            if self._current is None:
                raise NodeError("no node is running: %kinode boot starts one")
            name = self._current
        node = self.known(name)
        if node.status != "running":
            raise NodeError(f"{node.name} is stopped: %kinode boot {node.name} starts it again")
        return node

    def known(self, name: str) -> Node:
        """Return a node by name, also a stopped one; raises NodeError."""
        node = self.nodes.get(name) or self.nodes.get(f"{name}.dev")
        if node is None:
            names = list(self.nodes)
            hint = nearest(name, names) or (
                f" There are {', '.join(names)}." if names else " %kinode boot starts one."
            )
            raise NodeError(f"there is no node {name!r}.{hint}")
        return node

    def current(self) -> Node | None:
        """Return the current node: the first booted, or the one that `use` chose."""
        return self.nodes.get(self._current) if self._current else None

    def use(self, name: str) -> Node:
        """Make a running node the current one."""
        node = self.node(name)
        self._current = node.name
        return node

    async def start(self, wanted: Sequence[str | packages.Package], on: list[Node]) -> None:
        """Install and start packages; what is wrong with any is told before anything starts.

        Names are found as `packages.find` does. Returns when the started processes wait for their
        first message, or have ended. Where an error ends one, nothing is started.
        """
        if not on:
            raise NodeError("no node is running to start it on: %kinode boot starts one")
        found = [
            packages.find(each) if isinstance(each, str) else each for each in wanted or (".",)
        ]
        self.notes += await starting.start(found, on)

    async def remove(self, names: "list[str] | tuple[str, ...]", on: list[Node]) -> None:
        """Uninstall packages; what is wrong with any is told before anything is removed."""
        if not on:
            raise NodeError("no node is running to remove it from: %kinode boot starts one")
        found: dict[tuple[str, PackageId], Node] = {}
        for name in names or (None,):
            found |= {(node.name, id_): node for node, id_ in _installed(name, on)}
        for (_, id_), node in found.items():
            node.installations.uninstall(id_)

    async def stop(self, *names: str) -> None:
        """Stop nodes (none named: all, which never complains) and remove temporary homes."""
        nodes = [self.known(name) for name in names] if names else list(self.nodes.values())
        for node in nodes:
            if node.status == "running":
                self.transfers.node_stopped(node.name)
                await node.stop()
                self._terminal_logs.close(node.name)
                self._homes.close(node.home)
        current = self.current()
        if current is None or current.status != "running":
            left = self.running()
            self._current = left[0].name if left else None

    async def close(self) -> None:
        """Stop all nodes and end what is being asked for."""
        await self.stop()
        if self._stopping:
            await asyncio.wait(self._stopping)
        for task in list(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)
        self.scheduler.close()

    def process_of(self, running: Running) -> tuple[Node, Process] | None:
        """Return the process that this runs, and its node; None when it was ended already."""
        return next(
            (
                (node, process)
                for node in list(self.nodes.values())
                for process in list(node.kernel.processes.values())
                if process.running is running
            ),
            None,
        )

    def forget(self, running: Running) -> None:
        """Kill the process that this runs, if it is there."""
        found = self.process_of(running)
        if found is not None:
            node, process = found
            node.lifecycle.kill(process)

    def abandon(self) -> None:
        """Remove the temporary homes of nodes that cannot be stopped; callable from any thread."""
        for node in self.running():
            self._terminal_logs.close(node.name)
            self._homes.close(node.home)

    def _explain(self, record: TransferRecord) -> str:
        node = self.nodes[record.requestor]
        return node.missing(record.provider, PackageId.parse(record.package))

    def _askers(self) -> list[Asker]:
        return [(node.kernel, each) for node in self.running() for each in node.askers()]

    def _note(self, note: str) -> None:
        self.notes.append(note)

    def keep(self, task: "asyncio.Task[None]") -> None:
        """Hold a task until it is done: asyncio itself does not."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _bootable(name: str) -> str:
    """Return the name of a new node; raises AddressError."""
    if not all(check_node_name(name).split(".")):
        raise AddressError(
            "NodeNotKimapSafe", f"Node ({name}) must have letters on both sides of each dot"
        )
    return name


def _installed(name: str | None, on: list[Node]) -> list[tuple[Node, PackageId]]:
    """Return which nodes have a package (None: that of the working folder); PackageError."""
    if name is not None:
        named = [(node, id_) for node in on if (id_ := node.installations.named(name))]
        if named:
            return named
    wanted = packages.id_in(name or ".")
    if wanted is None and name is None:
        raise PackageError(
            "remove needs a PACKAGE where the working folder is none: "
            "%kinode packages lists what is installed"
        )
    known = [(node, wanted) for node in on if wanted is not None and wanted in node.packages]
    if not known:
        raise _not_installed(str(wanted) if name is None else name, on)
    return known


def _not_installed(name: str, on: list[Node]) -> PackageError:
    known = {id_.package_name for node in on for id_ in node.packages}
    return PackageError(
        f"{name!r} is not installed on {', '.join(node.name for node in on)}."
        f"{nearest(name.replace('_', '-'), known)} %kinode packages lists what is"
    )


@cache
def _keep_freed_memory() -> None:
    """Teach glibc's malloc to keep what is freed, up to 64 MiB, rather than return each chunk.

    A transfer makes and frees a MiB at a time. By default malloc gives it back to the system and
    then touches every page anew, which costs as much as copying. Freeing one large block raises
    its thresholds (``mallopt(3)``, M_MMAP_THRESHOLD), for good; no page of the block is touched,
    which is true of the first such block only.
    """
    bytearray(31 << 20)
