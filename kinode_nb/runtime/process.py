"""A process as its kernel knows it."""

from collections.abc import Callable
from typing import Protocol

from kinode_nb.process_lib.syscalls import Program, Syscalls
from kinode_nb.runtime.mailbox import Mailbox
from kinode_nb.runtime.outstanding import Entry, OutstandingTable
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.types import Address, Capability, Message, OnExit, ProcessId
from kinode_nb.types.capabilities import canonical, networking

_MESSAGING = '"messaging"'
_NETWORK = '"network"'


class Running(Protocol):
    """Code of a process that a host is running."""

    def stop(self) -> None:
        """End it as soon as may be; the host then reports its end as usual."""
        ...

    async def wait(self) -> None:
        """Wait until nothing of it runs any more."""
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


class Process:
    """One process: its mailbox, what it may do, and what it waits for."""

    __slots__ = (
        "_on_timeout",
        "_public",
        "address",
        "backoff",
        "capabilities",
        "ended",
        "incarnation",
        "issued",
        "language",
        "lines",
        "mailbox",
        "messaging",
        "networking",
        "observer",
        "on_exit",
        "outstanding",
        "program",
        "received",
        "restart_after",
        "restarts",
        "running",
        "senders",
        "sent",
        "spawned_by",
        "system",
    )

    def __init__(
        self,
        scheduler: Scheduler,
        address: Address,
        *,
        on_timeout: Callable[["Process", Entry], None],
        public: bool = False,
        on_exit: OnExit = OnExit.NONE,
        program: Program | None = None,
    ) -> None:
        """Make a process that does not run yet; messages to it are queued."""
        self.address = address
        self.program = program
        self.on_exit = on_exit
        self.mailbox = Mailbox(scheduler)
        self.outstanding = OutstandingTable()
        self.capabilities: set[Capability] = set()
        self.networking = False
        """Holds the network capability: kept beside the set because every send asks for it."""
        self.messaging: set[ProcessId] = set()
        """Whom it may message: likewise."""
        self.issued: dict[ProcessId, list[Capability]] = {}
        """What this process issued, by holder; they lose it when it ends."""
        self.lines: dict[Address, Process] = {}
        """Whom it was allowed to reach, while nothing has changed: asked for every message."""
        self.senders: set[Process] = set()
        """Those that have this process in their lines."""
        self._public = public
        self._on_timeout = on_timeout
        self.ended = False
        self.running: Running | None = None
        self.incarnation: object = None
        """Stands for one run of its code; a restart makes another one."""
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

    @property
    def public(self) -> bool:
        """Every process of the node may message it."""
        return self._public

    @public.setter
    def public(self, public: bool) -> None:
        self._public = public
        self.cut()

    def reopen(self, scheduler: Scheduler) -> None:
        """Take messages again after a restart, with an empty queue."""
        self.mailbox = Mailbox(scheduler)

    def connect(self, receiver: "Process", target: Address) -> None:
        """Keep that it may reach the receiver, until either is `cut`.

        Not kept of itself: what a process sends to itself is rare, and always looked at.
        """
        if receiver is not self:
            self.lines[target] = receiver
            receiver.senders.add(self)

    def cut(self) -> None:
        """Let everyone who sends to this process, or gets from it, be authorised anew."""
        for receiver in self.lines.values():
            receiver.senders.discard(self)
        self.lines.clear()
        for sender in self.senders:
            sender.lines.pop(self.address, None)
        self.senders.clear()

    def expire(self, now: int) -> int:
        """Give up the Requests that are overdue; returns the next deadline (NEVER: none)."""
        for entry in self.outstanding.overdue(now):
            self._on_timeout(self, entry)
        return self.outstanding.next_deadline()

    def grant(self, capability: Capability) -> None:
        """Let it hold a capability. What it was allowed to reach stays allowed."""
        if capability.params != _MESSAGING:  # which is canonical as it stands
            capability = canonical(capability)
        self.capabilities.add(capability)
        if self._is_messaging(capability):
            self.messaging.add(capability.issuer.process)
        elif capability.params == _NETWORK and capability == networking(self.address.node):
            self.networking = True

    def issue(self, holder: "Process", capability: Capability) -> None:
        """Let another process hold what this one issues, until this one ends."""
        holder.grant(capability)
        self.issued.setdefault(holder.id, []).append(capability)

    def revoke(self, capability: Capability) -> None:
        """Take a capability away, if it holds it."""
        capability = canonical(capability)
        if capability not in self.capabilities:
            return
        self.capabilities.discard(capability)
        if self._is_messaging(capability):
            self.messaging.discard(capability.issuer.process)
            receiver = self.lines.pop(capability.issuer, None)
            if receiver is not None:
                receiver.senders.discard(self)
        elif capability.params == _NETWORK and capability == networking(self.address.node):
            self.networking = False
            self.cut()

    def holds(self, capability: Capability) -> bool:
        """Tell whether it holds a capability (its own word counts too)."""
        return capability.issuer == self.address or canonical(capability) in self.capabilities

    def may_message(self, target: ProcessId) -> bool:
        """Tell whether it may message a process of its node that is not public."""
        return self.system or target in self.messaging

    def _is_messaging(self, capability: Capability) -> bool:
        issuer = capability.issuer
        return capability.params == _MESSAGING and issuer.node == self.address.node
