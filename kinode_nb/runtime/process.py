"""A process as its kernel knows it."""

from collections.abc import Callable
from typing import Protocol

from kinode_nb.process_lib.syscalls import Program, Syscalls
from kinode_nb.runtime.mailbox import Mailbox
from kinode_nb.runtime.outstanding import Outstanding, OutstandingTable
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.types import Address, Capability, Message, OnExit, ProcessId
from kinode_nb.types.capabilities import canonical, messaging, networking


class Running(Protocol):
    """Code of a process that a host is running."""

    def stop(self) -> None:
        """End it as soon as may be; the host then reports its end as usual."""
        ...


class Host(Protocol):
    """What runs processes' code (architecture: ``hosts/``)."""

    language: str
    """What ``processes`` shows, such as ``python``."""

    def launch(
        self, program: Program, syscalls: Syscalls, ended: Callable[[BaseException | None], None]
    ) -> Running:
        """Begin to run; call ``ended`` once, with the error that ended it if there was one."""
        ...


class Line:
    """A standing permission to deliver to one process: what senders keep instead of asking again.

    It is closed, and replaced, when the process ends or anything changes that decides who may
    reach it.
    """

    __slots__ = ("mailbox", "open", "receiver")

    def __init__(self, receiver: "Process") -> None:
        """Lead to the receiver's mailbox."""
        self.receiver = receiver
        self.mailbox = receiver.mailbox
        self.open = True


class Process:
    """One process: its mailbox, what it may do, and what it waits for."""

    def __init__(
        self,
        scheduler: Scheduler,
        address: Address,
        *,
        on_timeout: Callable[["Process", Outstanding], None],
        public: bool = False,
        on_exit: OnExit = OnExit.NONE,
        program: Program | None = None,
    ) -> None:
        """Make a process that does not run yet; messages to it are queued."""
        self.address = address
        self.program = program
        self.public = public
        self.on_exit = on_exit
        self.mailbox = Mailbox(scheduler)
        self.outstanding = OutstandingTable(lambda entry: on_timeout(self, entry))
        self.capabilities: set[Capability] = set()
        self.networking = False
        """Holds the network capability: kept beside the set because every send asks for it."""
        self.messaging: set[ProcessId] = set()
        """Whom it may message: likewise."""
        self.issued_to: set[ProcessId] = set()
        """Who got a capability that this process issued; they lose it when it ends."""
        self.lines: dict[Address, Line] = {}
        """The targets that it was allowed to reach, while nothing has changed."""
        self.line = Line(self)
        """What senders keep of this process."""
        self.ended = False
        self.running: Running | None = None
        self.language = ""
        self.observer: Callable[[Message], None] | None = None
        """Told of each message that is delivered to this process."""
        self.system = False
        """Belongs to the node itself, and may message every local process."""
        self.sent = self.received = self.restarts = 0
        self.restart_after = 0.0
        self.backoff = 0
        self.spawned_by: ProcessId | None = None

    @property
    def id(self) -> ProcessId:
        """The process id."""
        return self.address.process

    def reopen(self, scheduler: Scheduler) -> None:
        """Take messages again after a restart, with an empty queue."""
        self.mailbox = Mailbox(scheduler)
        self.cut()

    def cut(self) -> None:
        """Let everyone who sends to this process, or gets from it, be authorised anew."""
        self.line.open = False
        self.line = Line(self)
        self.lines.clear()

    def grant(self, capability: Capability) -> None:
        """Let it hold a capability."""
        self.capabilities.add(canonical(capability))
        self._refresh()

    def revoke(self, capability: Capability) -> None:
        """Take a capability away, if it holds it."""
        self.capabilities.discard(canonical(capability))
        self._refresh()

    def revoke_issued_by(self, issuer: Address) -> None:
        """Take away all that one process issued."""
        self.capabilities = {held for held in self.capabilities if held.issuer != issuer}
        self._refresh()

    def holds(self, capability: Capability) -> bool:
        """Tell whether it holds a capability (its own word counts too)."""
        return capability.issuer == self.address or canonical(capability) in self.capabilities

    def _refresh(self) -> None:
        self.cut()
        self.networking = networking(self.address.node) in self.capabilities
        self.messaging = {
            held.issuer.process
            for held in self.capabilities
            if held == messaging(held.issuer) and held.issuer.node == self.address.node
        }
