"""A process as its kernel knows it."""

from collections.abc import Callable
from typing import Protocol

from kinode_nb.process_lib.syscalls import Program, Syscalls
from kinode_nb.runtime.mailbox import Mailbox
from kinode_nb.runtime.outstanding import Entry, OutstandingTable
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.types import Address, Capability, Message, OnExit, ProcessId
from kinode_nb.types.capabilities import canonical, networking
from kinode_nb.types.persisted import PersistedProcess

LATEST_WIT = 1
"""The version of Kinode's interface that this runtime offers, as manifests count."""
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

    def take(self, program: Program) -> Program:
        """Return the program as it is now: a process that restarts runs what it ran before."""
        ...

    def launch(
        self, program: Program, syscalls: Syscalls, ended: Callable[[BaseException | None], None]
    ) -> Running:
        """Begin to run; call ``ended`` once, with the error that ended it if there was one."""
        ...


class Owner(Protocol):
    """What a process belongs to: its node's kernel."""

    def timed_out(self, process: "Process", entry: Entry) -> None:
        """Tell the process that nobody answered its Request in time."""
        ...

    def granted(self, process: "Process", capability: Capability) -> None:
        """Note that it holds a capability from now on."""
        ...

    def changed(self, process: "Process") -> None:
        """Note that it is not any more what it was: what it holds, or what it does at its end."""
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
        "_on_exit",
        "_owner",
        "_public",
        "_received",
        "_sent",
        "address",
        "backoff",
        "capabilities",
        "ended",
        "handle",
        "incarnation",
        "incoming",
        "language",
        "line",
        "lines",
        "mailbox",
        "networking",
        "outstanding",
        "program",
        "restart_after",
        "restarts",
        "running",
        "runtime",
        "system",
        "wit_version",
    )

    def __init__(
        self,
        scheduler: Scheduler,
        address: Address,
        *,
        owner: Owner,
        public: bool = False,
        on_exit: OnExit = OnExit.NONE,
        program: Program | None = None,
        handle: str = "",
        wit_version: int | None = LATEST_WIT,
    ) -> None:
        """Make a process that does not run yet; messages to it are queued."""
        self.address = address
        self.program = program
        self.handle = handle
        """The vfs path of its code (Kinode: ``wasm_bytes_handle``); empty where it has no file."""
        self.wit_version = wit_version
        self._on_exit = on_exit
        self.mailbox = Mailbox(scheduler)
        self.outstanding = OutstandingTable()
        self.capabilities: set[Capability] = set()
        self.networking = False
        """Holds the network capability: kept beside the set because every send asks for it."""
        self.line = Line(self)
        """The way here for all that is looked at before it is let in."""
        self.lines: dict[Address, Line] = {}
        """The ways to those whom it was allowed to reach, while nothing has changed."""
        self.incoming: dict[Line, Process] = {}
        """The lines that lead here, and whose they are."""
        self._sent = self._received = 0  # by no line, or by one that was cut
        self._public = public
        self._owner = owner
        self.ended = False
        self.running: Running | None = None
        self.incarnation: object = None
        """Stands for one run of its code; a restart makes another one."""
        self.language = ""
        self._observer: Callable[[Message], None] | None = None
        self.system = False
        """Belongs to the node itself, and may message every local process."""
        self.runtime = False
        """Is a module of Kinode's runtime: nobody ends it, and no SendError comes to it at once."""
        self.restarts = 0
        self.restart_after = 0.0
        self.backoff = 0

    @property
    def id(self) -> ProcessId:
        """The process id."""
        return self.address.process

    @property
    def on_exit(self) -> OnExit:
        """What becomes of it when it ends."""
        return self._on_exit

    @on_exit.setter
    def on_exit(self, on_exit: OnExit) -> None:
        self._on_exit = on_exit
        self._owner.changed(self)

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

    def persisted(self) -> PersistedProcess:
        """Return what a reboot has to know of it."""
        return PersistedProcess(
            handle=self.handle,
            wit_version=self.wit_version,
            on_exit=self.on_exit,
            capabilities=tuple(sorted(self.capabilities, key=str)),
            public=self.public,
        )

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
            self._owner.timed_out(self, entry)
        return self.outstanding.next_deadline()

    def grant(self, capability: Capability) -> None:
        """Let it hold a capability. What it was allowed to reach stays allowed."""
        if capability.params != _MESSAGING:  # which is canonical as it stands
            capability = canonical(capability)
        if capability in self.capabilities:
            return
        self.capabilities.add(capability)
        if capability.params == _NETWORK and capability == networking(self.address.node):
            self.networking = True
        self._owner.granted(self, capability)

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
        self._owner.changed(self)

    def revoke_all(self, issuer: Address) -> None:
        """Take away all that one process issued."""
        for capability in [each for each in self.capabilities if each.issuer == issuer]:
            self.revoke(capability)

    def holds(self, capability: Capability) -> bool:
        """Tell whether it holds a capability.

        Its own word counts too; as in Kinode only the process of the issuer is compared, not the
        node. A node does not believe what only claims to be its own (`Kernel.genuine`).
        """
        own = capability.issuer.process == self.address.process
        return own or canonical(capability) in self.capabilities

    def may_message(self, target: Address) -> bool:
        """Tell whether it may message a process of its node that is not public."""
        return self.system or Capability(target, _MESSAGING) in self.capabilities
