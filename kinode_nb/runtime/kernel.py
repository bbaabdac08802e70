"""One node's kernel: authorises, records and delivers every message of the node.

`Kernel.route` is one plain synchronous function, so nothing can come between the three, there
are no locks, and the order is reproducible. The rules are those of Kinode's
``kernel/mod.rs``; what a process notices of them is in its host, ``kernel/standard_host_v1.rs``.
"""

import logging
from collections.abc import Callable
from random import Random
from typing import Protocol

from kinode_nb.runtime.issued import Issued
from kinode_nb.runtime.mailbox import CAPACITY, Mailbox
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.outstanding import Entry, Waiter
from kinode_nb.runtime.process import Line, Process
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.types import (
    Address,
    Capability,
    LazyLoadBlob,
    Message,
    ProcessId,
    Request,
    Response,
    SendError,
)
from kinode_nb.types.capabilities import KERNEL, STATE, VFS

LONG = 65_536
"""A body of more bytes is shown to the transport, which has its limits."""
OMNIPOTENT = (KERNEL, STATE, VFS)
"""The modules of the runtime that may message every local process."""
_SHOWN = 80  # bytes of a body that is printed


class Transport(Protocol):
    """How messages reach other nodes."""

    def carry(
        self, kernel: "Kernel", sender: Process, message: Message, blob: LazyLoadBlob | None
    ) -> None:
        """Bring a message to its node, or call `Kernel.undeliverable`."""
        ...

    def mailbox(self, target: Address) -> Mailbox | None:
        """Return the mailbox whose room a sender has to wait for, if there is one."""
        ...


class States(Protocol):
    """Where saved states are kept; a dict does it."""

    def get(self, process: ProcessId, /) -> bytes | None:
        """Return the state of a process, if it has saved one."""
        ...

    def __setitem__(self, process: ProcessId, state: bytes, /) -> None:
        """Keep the state of a process."""
        ...

    def pop(self, process: ProcessId, default: None, /) -> object:
        """Forget the state of a process."""
        ...


class Kernel:
    """The message router of one node, and the table of its processes."""

    def __init__(
        self,
        node: str,
        *,
        scheduler: Scheduler,
        log: MessageLog,
        transport: Transport,
        random: Random,
    ) -> None:
        """Make the kernel of a node; processes are added by `lifecycle`."""
        self.node = node
        self.address = Address(node, KERNEL)
        self.scheduler = scheduler
        self.log = log
        self.transport = transport
        self.random = random
        self.processes: dict[ProcessId, Process] = {}
        self.restarting: dict[ProcessId, Process] = {}
        """Processes that will start again; until then they do not exist for senders."""
        self.states: States = {}
        """Saved states; they outlive their processes, as ``state:distro:sys`` keeps them."""
        self.issued = Issued(node)
        """Who holds what the node's processes have issued."""
        self.on_change: list[Callable[[Process], None]] = []
        """Told of every process that begins, or is changed in what a reboot has to know."""
        self.on_end: list[Callable[[Process, BaseException | None], None]] = []
        """Told of every process that has ended for good."""
        self.on_crash: list[Callable[[Process, BaseException, str], None]] = []
        """Told of every process that an error has ended, with its traceback, before it is lost."""
        self.closed = False
        self._ready = scheduler.ready
        self._entries = log.entries

    def route(  # noqa: C901, PLR0912 - one function on purpose: see above
        self,
        message: Message,
        blob: LazyLoadBlob | None,
        sender: Process | None = None,
        line: Line | None = None,
    ) -> None:
        """Authorise, record and deliver one message, sent here or arriving from another node.

        ``sender`` is the local process that sends it; it is None for what arrives, which the
        node that sent it has recorded. ``line`` is the sender's way to the target, for a message
        has no blob and at most `LONG` bytes: then nothing has to be looked at.
        """
        if sender is not None:
            self._entries.append(message)  # log.record, spelled out: this is the hot path
        if line is None:
            line = self._looked_at(message, blob, sender)
            if line is None:
                return
        line.count += 1
        if type(message) is Request:
            line.queue.append((message, blob, None))
        else:
            entry = line.entries.pop(message.id, None)
            if entry is None or entry.request.seq != message.parent:
                entry = self._answered(line.receiver, entry, message)  # type: ignore[arg-type]
                if entry is None:
                    return
            if type(entry) is Waiter:
                entry.outcome = message  # type: ignore[assignment]  # no Request, so a Response
                entry.blob = blob
                fiber = entry.fiber
                if fiber is not None:
                    entry.fiber = None
                    self._ready.append(fiber)
                    if not self.scheduler.awake:
                        self.scheduler.wake()
                return
            line.queue.append((message, blob, entry))
        arrival = line.arrival
        fiber = arrival.fiber
        if fiber is not None:
            arrival.fiber = None  # arrival.wake, spelled out likewise
            self._ready.append(fiber)
            if not self.scheduler.awake:
                self.scheduler.wake()
        elif len(line.queue) >= CAPACITY and type(message) is Request:
            line.mailbox.crowd()

    def _looked_at(
        self, message: Message, blob: LazyLoadBlob | None, sender: Process | None
    ) -> Line | None:
        """Return the way to the receiver, unless it was refused or has left the node."""
        return (
            self._admitted(message) if sender is None else self._authorised(sender, message, blob)
        )

    def _authorised(
        self, sender: Process, message: Message, blob: LazyLoadBlob | None
    ) -> Line | None:
        """Return the way to the local receiver of a message that its sender may send.

        None: it was refused, or goes to another node.
        """
        sender.sent_apart()
        if sender.ended:
            self.drop(message, f"its sender {message.source.process} has ended")
            self._give_up(sender, message, "Timeout", f"{message.source.process} has ended")
        elif message.target.node == self.node:
            return self._reachable(sender, message)
        elif sender.networking:
            self.transport.carry(self, sender, message, blob)
        else:
            self._deny(
                sender,
                message,
                f"{sender.id} may not use the network",
                f"process {sender.id} doesn't have capability to send networked messages",
            )
            held = ", ".join(sorted(map(str, sender.capabilities)))
            self.print(f"their capabilities: {held}", 0)
        return None

    def _reachable(self, sender: Process, message: Message) -> Line | None:
        """Local messages, Responses too, want a public target or the messaging capability."""
        target = message.target.process
        receiver = self.processes.get(target)
        if receiver is None:
            self._deny(
                sender, message, f"there is no process {target} on {self.node}", *_lost(message)
            )
        elif not (receiver.public or sender.may_message(message.target)):
            self._deny(
                sender,
                message,
                f"{sender.id} may not message {target}",
                f"process {sender.id} doesn't have capability to message process {target}",
            )
        elif target.process_name == KERNEL.process_name:  # of any package, as in Kinode
            return self._shown(self.processes.get(KERNEL, receiver), message)
        else:
            sender.connect(receiver, message.target)
            if receiver is sender:  # or a process that writes to itself would never rest
                receiver.mailbox.breathe()
            return self._shown(receiver, message)
        return None

    def _admitted(self, message: Message) -> Line | None:
        """Let in what comes from another node: any process that uses the network is reachable."""
        target = message.target.process
        receiver = self.processes.get(target)
        kind = type(message).__name__
        if receiver is None:
            self.log.end(message.seq, "dropped", f"there is no process {target} on {self.node}")
            self._loop(f"got {kind} from network for {target}, but process does not exist", 2)
        elif not receiver.networking:
            self.log.end(message.seq, "denied", f"{message.target} may not use the network")
            self._loop(
                f"process {target} got a message from over the network, but doesn't have "
                "capability to receive networked messages"
            )
        elif target == KERNEL:
            self.log.end(message.seq, "dropped", f"{KERNEL} takes no commands from other nodes")
            self._loop(_absent(message))
        else:
            return self._shown(receiver, message)
        return None

    def open_to(self, target: ProcessId) -> Process | None:
        """Return a process that other nodes reach, if there is one of that id."""
        receiver = self.processes.get(target)
        return receiver if receiver and receiver.networking and target != KERNEL else None

    def _shown(self, receiver: Process, message: Message) -> Line:
        """Tell the observer; one that fails is dismissed, and never hurts the observed."""
        if receiver.observer is not None:
            try:
                receiver.observer(message)
            except Exception:
                receiver.observer = None
                logging.getLogger(__name__).exception("an observer of %s failed", receiver.address)
        return receiver.line

    def _answered(self, receiver: Process, taken: Entry | None, response: Response) -> Entry | None:
        """Find the Request that a Response answers, where its cause is another one."""
        entry = receiver.outstanding.match(taken, response)
        if entry is None:
            self.drop(response, "its Request is not outstanding (any more)", 3)
        elif entry.request.seq != response.parent:
            self.log.answers[response.seq] = entry.request.seq
        return entry

    def _deny(
        self, sender: Process, message: Message, reason: str, told: str, verbosity: int = 0
    ) -> None:
        """Refuse a message of a local process: a waiting Request times out at once.

        Not one of the runtime's own: those get no SendErrors, and wait until their time is over.
        """
        self.log.end(message.seq, "denied", reason)
        self._loop(told, verbosity)
        if not sender.runtime:
            self._give_up(sender, message, "Timeout", reason)

    def _loop(self, text: str, verbosity: int = 0) -> None:
        """Print what Kinode's event loop does."""
        self.print(f"event loop: {text}", verbosity)

    def undeliverable(self, message: Message, reason: str) -> None:
        """Take back what the transport could not bring to its node (Kinode: Offline)."""
        self.log.end(message.seq, "offline", reason)
        sender = self.processes.get(message.source.process)
        if sender is not None and not sender.runtime:
            self._give_up(sender, message, "Offline", reason)

    def drop(self, message: Message, reason: str, verbosity: int = 2) -> None:
        """Lose a message, as the real node does: its sender learns nothing."""
        self.log.end(message.seq, "dropped", reason)
        self._loop(f"dropped a message to {message.target.process}: {reason}", verbosity)

    def _give_up(self, sender: Process, message: Message, kind: str, reason: str) -> None:
        if isinstance(message, Request):
            entry = sender.outstanding.withdraw(message)
            if entry is not None:
                self.fail(sender, entry, kind, reason)

    def timed_out(self, sender: Process, entry: Entry) -> None:
        """Tell a process that nobody answered its Request in time."""
        seq = entry.request.seq
        if seq not in self.log.outcomes:  # denied or dropped at the other end says more
            self.log.end(seq, "timeout", "")
        self.fail(sender, entry, "Timeout", "")

    def fail(self, sender: Process, entry: Entry, kind: str, reason: str) -> None:
        """Hand a SendError to the sender of a Request; it always fits in the mailbox."""
        request = entry.request
        event = self.log.event(
            self.scheduler.now(),
            "send_error",
            self.address,
            sender.address,
            kind,
            parent=request.seq,
            id_=request.id,
            reason=reason,
        )
        if isinstance(entry, Waiter):
            error = SendError(kind, request, entry.blob, None, reason)
            error.seq = event.seq
            entry.resolve(error, None)
        else:
            error = SendError(kind, request, entry.blob, entry.context, reason)
            error.seq = event.seq
            if not sender.mailbox.closed:
                sender.mailbox.put((error, None, entry))

    def send(self, target: Process, body: bytes) -> None:
        """Send a process of the node a Request in the kernel's own name; nothing is expected."""
        request = Request(
            self.address, target.address, self.random.getrandbits(64), body, False, None, (), -1,
            None, self.log.next_seq, self.scheduler.now(), 0,
        )  # fmt: skip
        self.log.record(request)
        self.route(request, None, None, target.line)

    def granted(self, process: Process, capability: Capability) -> None:
        """Note that a process holds a capability from now on."""
        self.issued.note(process.id, capability)
        self.changed(process)

    def changed(self, process: Process) -> None:
        """Tell that a process is not any more what it was."""
        for tell in self.on_change:
            tell(process)

    def print(
        self, text: str, verbosity: int, source: Address | None = None, parent: int = 0
    ) -> None:
        """Print on the node's terminal (0: always shown, 3: every event)."""
        source = source or self.address
        self.log.event(
            self.scheduler.now(), "print", source, source, text, parent=parent, verbosity=verbosity
        )

    def mailbox(self, target: Address) -> Mailbox | None:
        """Return the mailbox that a Request to the target would end in, if it is known."""
        if target.node != self.node:
            return self.transport.mailbox(target)
        process = self.processes.get(target.process)
        return process.mailbox if process is not None else None


def _lost(message: Message) -> tuple[str, int]:
    """Return how Kinode tells of a local target that is not there, and at which verbosity."""
    source, target = message.source.process, message.target.process
    if source in OMNIPOTENT:  # they are not asked whether they may, nor whether there is one
        return _absent(message), 0
    return f"process {source} sent message to non-existing {target}; dropping message", 2


def _absent(message: Message) -> str:
    """Return how Kinode tells that a message was let through and found nobody."""
    kind, source, target = type(message).__name__, message.source.process, message.target.process
    return (
        f"got {kind} from {source} for {target}, but target doesn't exist "
        f"(perhaps it terminated): {message.body[:_SHOWN]!r}"
    )
