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


class Line:
    """A way to one process, with how many messages went there.

    A process keeps one for each target that it was allowed to reach, so that nothing has to be
    asked again until something changes; then it is taken from it.
    """

    __slots__ = ("arrival", "count", "entries", "mailbox", "queue", "receiver")

    def __init__(self, receiver: "Process") -> None:
        """Lead to the receiver's mailbox, and to its outstanding Requests."""
        self.receiver = receiver
        self.mailbox = receiver.mailbox
        self.queue = receiver.mailbox.queue
        self.arrival = receiver.mailbox.arrival
        self.entries = receiver.outstanding.entries
        self.count = 0


class Process:
    """One process: its mailbox, what it may do, and what it waits for."""

    __slots__ = (
        "_observer",
        "_on_timeout",
        "_public",
        "_received",
        "_sent",
        "address",
        "backoff",
        "capabilities",
        "ended",
        "incarnation",
        "incoming",
        "issued",
        "language",
        "line",
        "lines",
        "mailbox",
        "networking",
        "on_exit",
        "outstanding",
        "program",
        "restart_after",
        "restarts",
        "running",
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
        self.issued: dict[ProcessId, list[Capability]] = {}
        """What this process issued, by holder; they lose it when it ends."""
        self.line = Line(self)
        """The way here for all that is looked at before it is let in."""
        self.lines: dict[Address, Line] = {}
        """The ways to those whom it was allowed to reach, while nothing has changed."""
        self.incoming: dict[Line, Process] = {}
        """The lines that lead here, and whose they are."""
        self._sent = self._received = 0  # by no line, or by one that was cut
        self._public = public
        self._on_timeout = on_timeout
        self.ended = False
        self.running: Running | None = None
        self.incarnation: object = None
        """Stands for one run of its code; a restart makes another one."""
        self.language = ""
        self._observer: Callable[[Message], None] | None = None
        self.system = False
        """Belongs to the node itself, and may message every local process."""
        self.restarts = 0
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

    @property
    def observer(self) -> Callable[[Message], None] | None:
        """Told of each message that is delivered to this process."""
        return self._observer

    @observer.setter
    def observer(self, observer: Callable[[Message], None] | None) -> None:
        self._observer = observer
        self.cut()

    @property
    def sent(self) -> int:
        """How many messages it has sent."""
        return self._sent + sum(line.count for line in self.lines.values())

    @property
    def received(self) -> int:
        """How many messages were delivered to it."""
        return self._received + self.line.count + sum(line.count for line in self.incoming)

    def reopen(self, scheduler: Scheduler) -> None:
        """Take messages again after a restart, with an empty queue."""
        self.mailbox = Mailbox(scheduler)
        self._received += self.line.count
        self.line = Line(self)

    def sent_apart(self) -> None:
        """Count a message that was sent by no line."""
        self._sent += 1

    def connect(self, receiver: "Process", target: Address) -> None:
        """Keep a line to a receiver that it may reach, until either is `cut`.

        Not to itself, which is rare, and not to one that is observed: those messages are always
        looked at.
        """
        if receiver is not self and receiver.observer is None and target not in self.lines:
            line = self.lines[target] = Line(receiver)
            receiver.incoming[line] = self

    def cut(self) -> None:
        """Let everyone who sends to this process, or gets from it, be authorised anew."""
        for target in list(self.lines):
            self.disconnect(target)
        for sender in list(self.incoming.values()):
            sender.disconnect(self.address)

    def disconnect(self, target: Address) -> None:
        """Take the line to a target away, and count what went over it."""
        line = self.lines.pop(target, None)
        if line is not None:
            line.receiver.lose(line)
            self._sent += line.count

    def lose(self, line: Line) -> None:
        """Count what came over a line that is taken away."""
        del self.incoming[line]
        self._received += line.count

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
        if capability.params == _NETWORK and capability == networking(self.address.node):
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
        if capability.params == _MESSAGING:
            self.disconnect(capability.issuer)
        elif capability.params == _NETWORK and capability == networking(self.address.node):
            self.networking = False
            self.cut()

    def holds(self, capability: Capability) -> bool:
        """Tell whether it holds a capability (its own word counts too)."""
        return capability.issuer == self.address or canonical(capability) in self.capabilities

    def may_message(self, target: Address) -> bool:
        """Tell whether it may message a process of its node that is not public."""
        return self.system or Capability(target, _MESSAGING) in self.capabilities
