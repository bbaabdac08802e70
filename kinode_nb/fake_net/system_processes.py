"""The processes that come with a node, and what each may do (Kinode: ``state.rs``, ``main.rs``)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kinode_nb.fake_net import terminal_package
from kinode_nb.fake_net.installations import Installations
from kinode_nb.fake_net.scripts import Scripts
from kinode_nb.process_lib import Our
from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.kernel import OMNIPOTENT, Kernel
from kinode_nb.runtime.kernel_commands import KernelCommands
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.system import app_store, http_server, kv, sqlite, state, tester, timer, vfs
from kinode_nb.system import net as net_process
from kinode_nb.types import Address, Capability, OnExit, ProcessId, Request
from kinode_nb.types.capabilities import (
    APP_STORE,
    HTTP_SERVER,
    KERNEL,
    KV,
    NET,
    SQLITE,
    STATE,
    TERMINAL,
    TESTER,
    TIMER,
    VFS,
    drive,
    messaging,
    networking,
    vfs_root,
)

RUNTIME = (KERNEL, NET, VFS, STATE, TIMER, KV, SQLITE, HTTP_SERVER)
"""Kinode's runtime modules. Each may use the network and message all the others; only the
`OMNIPOTENT` may message other processes, so the rest can answer those who let them."""

NOTEBOOK = ProcessId("notebook", "distro", "sys")
"""In whose name a person's cells send: it may message every process."""


@dataclass(frozen=True)
class Parts:
    """What a node is made of, for those of its processes that need more than messages."""

    node: str
    home: Path
    kernel: Kernel
    lifecycle: Lifecycle
    files: vfs.Vfs
    peers: net_process.Peers
    packages: Installations
    web: http_server.HttpServer
    scripts: Scripts
    commands: KernelCommands


@dataclass(frozen=True)
class Module:
    """A process that comes with a node."""

    id: ProcessId
    init: Program
    held: tuple[Capability, ...] = ()
    """What it holds beyond that which every runtime module does."""
    public: bool = False
    on_exit: OnExit = OnExit.NONE
    drives: tuple[str, ...] = ()
    """Drives of its package, which are made before it starts."""


def modules(parts: Parts) -> Iterator[Module]:
    """Yield a node's own processes, in the order in which they start."""
    rights, bits = Rights(parts.kernel), parts.kernel.random.getrandbits
    yield Module(KERNEL, parts.commands)
    yield Module(VFS, parts.files)
    yield Module(STATE, state.State(parts.kernel.states))
    yield Module(TIMER, timer.init, public=True)
    yield Module(KV, kv.process(parts.home, rights, bits))
    yield Module(SQLITE, sqlite.process(parts.home, rights, bits))
    yield Module(NET, net_process.Net(parts.peers))
    # kit writes tests through http-server; Kinode's tester grants it that when it starts
    tests = [drive(parts.node, "write", tester.PACKAGE, each) for each in tester.DRIVES]
    yield Module(HTTP_SERVER, parts.web, (*_messaging(parts.node, APP_STORE), *tests))
    yield Module(
        APP_STORE,
        app_store.AppStore(parts.packages),
        # what the manifest of Kinode's app-store requests, of what there is here
        (
            networking(parts.node),
            vfs_root(parts.node),
            *_messaging(parts.node, KERNEL, VFS, NET, HTTP_SERVER, TERMINAL),
        ),
    )
    yield Module(
        TERMINAL,
        parts.scripts.terminal,
        tuple(terminal_package.capabilities(parts.node)),
        on_exit=OnExit.RESTART,
    )
    yield Module(
        TESTER,
        tester.init,
        # what the manifest of Kinode's tester requests, of what there is here
        (
            networking(parts.node),
            *_messaging(parts.node, HTTP_SERVER, KERNEL, KV, SQLITE, STATE, TERMINAL, TIMER, VFS),
        ),
        public=True,
        on_exit=OnExit.RESTART,
        drives=tester.DRIVES,
    )
    yield Module(NOTEBOOK, _inbox, (networking(parts.node), vfs_root(parts.node)), public=True)


def _messaging(node: str, *targets: ProcessId) -> tuple[Capability, ...]:
    return tuple(messaging(Address(node, target)) for target in targets)


def start(module: Module, parts: Parts) -> Process:
    """Start one of them."""
    held = module.held
    if module.id in RUNTIME:
        held += networking(parts.node), *_messaging(parts.node, *RUNTIME)
    package = parts.home / "vfs" / str(module.id.package_id)
    for folder in (package, *(package / name for name in module.drives)):
        if module.drives:
            folder.mkdir(exist_ok=True)
    process = parts.lifecycle.initialize(
        module.id,
        module.init,
        on_exit=module.on_exit,
        public=module.public,
        capabilities=held,
    )
    process.runtime = module.id in RUNTIME
    process.system = module.id in OMNIPOTENT or module.id == NOTEBOOK
    parts.lifecycle.run(process)
    return process


class Rights:
    """What vfs, kv and sqlite may know and decide of other processes' capabilities."""

    def __init__(self, kernel: Kernel) -> None:
        """Look into one kernel's table."""
        self._kernel = kernel

    def holds(self, source: ProcessId, capability: Capability) -> bool:
        """Tell whether a process holds a capability."""
        process = self._kernel.processes.get(source)
        return process is not None and process.holds(capability)

    def grant(self, holder: ProcessId, capability: Capability) -> None:
        """Let a process hold a capability."""
        process = self._kernel.processes.get(holder)
        if process is not None:
            process.grant(capability)


async def _inbox(our: Our) -> None:
    """Show what is sent to the person, who answers nothing."""
    async for message in our:
        if isinstance(message, Request):
            text = message.body.decode(errors="replace")
            our.print_to_terminal(0, f"{message.source}: {text}")
