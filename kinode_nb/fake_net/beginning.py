"""Processes that a person begins: from a function, a file or a cell, in a package's name.

A process that has the name already is replaced. Its saved state stays, and what the others hold
of it; what was queued for it is lost, and who waits for its answer times out, as on a real node
whose kernel kills a process and begins another in its place.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kinode_nb.fake_net.attending import attends
from kinode_nb.fake_net.crashes import Crash
from kinode_nb.hosts.written import WrittenProgram
from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.process import Process
from kinode_nb.types import (
    Address,
    Capability,
    CrashError,
    OnExit,
    PackageError,
    PackageId,
    ProcessId,
    UsageError,
    nearest,
)
from kinode_nb.types.capabilities import KERNEL, VFS, drive, messaging, networking
from kinode_nb.types.manifests import process_id

if TYPE_CHECKING:
    from kinode_nb.fake_net.node import Node

OWN_PACKAGE = PackageId("notebook", "template.os")
"""The package of the processes that are made in a notebook."""
_SETTLE_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """How a process is to be begun, on whichever node."""

    name: str | None = None
    package: str | None = None
    """The id or the name of an installed package; None: that of the notebook."""
    public: bool = False
    networking: bool = True
    capabilities: tuple[Capability, ...] | None = None
    """None: the network, unless it is not wanted, and vfs."""
    on_exit: OnExit = OnExit.NONE


@dataclass(frozen=True, slots=True)
class Begun:
    """A process that was begun on a node."""

    node: "Node"
    process: Process
    replaced: bool
    """Whether another one had its name, and was ended."""

    @property
    def stands_in(self) -> bool:
        """Whether it has the name of one that its package's manifest begins."""
        package = self.node.packages.get(self.process.id.package_id)
        return package is not None and any(
            process_id(entry, package.id) == self.process.id for entry in package.manifest
        )

    @property
    def address(self) -> Address:
        """The address of the process."""
        return self.process.address


def checked(node: "Node", wish: Wish) -> ProcessId:
    """Return the id that a process would get; raises AddressError, PackageError, UsageError."""
    package = OWN_PACKAGE if wish.package is None else _installed(node, wish.package)
    name = wish.name
    if name is None:
        name = str(node.kernel.random.getrandbits(64))
    id_ = ProcessId(name.replace("_", "-"), package.package_name, package.publisher_node).check()
    if id_.process_name == KERNEL.process_name:
        raise UsageError(
            f"a process cannot be called {id_.process_name}: whatever is sent to that name, of any "
            "package, goes to the node's own kernel"
        )
    return id_


def begin(node: "Node", program: Program, id_: ProcessId, wish: Wish) -> Begun:
    """Begin a process, in place of the one that has its name."""
    if isinstance(program, WrittenProgram) and id_.package_id != OWN_PACKAGE:
        folder = node.home / "vfs" / str(id_.package_id) / "pkg"
        program = replace(program, beside=folder / f"{id_.process_name.replace('-', '_')}.py")
    capabilities = wish.capabilities
    if capabilities is None:
        capabilities = tuple(_usual(node, id_, wish))
    old = node.kernel.processes.get(id_) or node.kernel.restarting.get(id_)
    if old is not None:
        node.lifecycle.kill(old, revoke=False)
    process = node.lifecycle.initialize(
        id_, program, public=wish.public, capabilities=capabilities, on_exit=wish.on_exit
    )
    node.made.add(id_)
    node.lifecycle.run(process)
    return Begun(node, process, old is not None)


def _usual(node: "Node", id_: ProcessId, wish: Wish) -> Iterable[Capability]:
    """Yield what a process may do unless it is told."""
    yield messaging(Address(node.name, VFS))
    if wish.networking:
        yield networking(node.name)
    if id_.package_id != OWN_PACKAGE:  # as app-store gives it to all of a package
        for kind in ("read", "write"):
            yield drive(node.name, kind, id_.package_id, "pkg")


def _installed(node: "Node", name: str) -> PackageId:
    if name.replace("_", "-") in (str(OWN_PACKAGE), OWN_PACKAGE.package_name):
        return OWN_PACKAGE
    found = node.installations.named(name)
    if found is None:
        known = [id_.package_name for id_ in node.packages]
        raise PackageError(
            f"{name!r} is not installed on {node.name}.{nearest(name.replace('_', '-'), known)} "
            f"%kinode start installs it; %kinode packages lists what is"
        )
    return found


async def settle(begun: Begun) -> None:
    """Wait until a process waits for its first message, or has ended; half a second at most.

    Raises CrashError when an error has ended it by then.
    """
    process, clock = begun.process, begun.node.kernel.scheduler.clock
    if not await attends(process, clock, _SETTLE_NS):
        return
    crash = begun.node.crashes.of(process)
    if crash is not None:
        raise CrashError(_told(begun, crash), crash.story)


def _told(begun: Begun, crash: Crash) -> str:
    address = begun.address
    told = f"{address} ended with an error as soon as it began: {crash.gist}"
    if begun.process.on_exit.kind != "Restart":
        return told
    return (
        f"{told}. Its OnExit begins it again and again: "
        f"%kinode kill {address.process} -n {address.node} ends that"
    )
