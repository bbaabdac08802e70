"""One node's kernel: authorises, records and delivers every message of the node.

`Kernel.route` is one plain synchronous function, so nothing can come between the three, there
are no locks, and the order is reproducible. The rules are those of Kinode's
``kernel/mod.rs``; what a process notices of them is in its host, ``kernel/standard_host_v1.rs``.
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

from kinode_nb.runtime.mailbox import Mailbox
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.outstanding import Outstanding
from kinode_nb.runtime.process import Process
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.types import (
    Address,
    LazyLoadBlob,
    Message,
    ProcessId,
    Request,
    Response,
    SendError,
)
from kinode_nb.types.capabilities import KERNEL, messaging


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
        self.states: dict[ProcessId, bytes] = {}
        """Saved states; they outlive their processes, as ``state:distro:sys`` keeps them."""
        self.on_end: list[Callable[[Process, BaseException | None], None]] = []
        """Told of every process that has ended for good."""
        self.closed = False

    def route(
        self, message: Message, blob: LazyLoadBlob | None, sender: Process | None = None
    ) -> None:
        """Authorise, record and deliver one message, sent here or arriving from another node.

        ``sender`` is the local process that sends it; it is None for what arrives.
        """
        if sender is None:
            self._arrive(message, blob)
            return
        log = self.log
        log.entries.append(message)  # log.record, spelled out: this is the hot path
        log.delivered.append(0)
        sender.sent += 1
        line = sender.lines.get(message.target)
        if line is not None and line.open and blob is None:
            self.deliver(line.receiver, message, blob)
        elif message.target.node == self.node:
            self._route_here(sender, message, blob)
        elif sender.ended:
            self.drop(message, f"its sender {message.source.process} has ended")
        elif sender.networking:
            self.transport.carry(self, sender, message, blob)
        else:
            self._deny(message, f"{message.source.process} may not use the network")

    def _route_here(self, sender: Process, message: Message, blob: LazyLoadBlob | None) -> None:
        """Local messages, Responses too, want a public target or the messaging capability."""
        target = message.target.process
        receiver = self.processes.get(target)
        if receiver is None:
            self._deny(message, f"there is no process {target} on {self.node}", 2)
        elif receiver.public or sender.system or target in sender.messaging:
            sender.lines[message.target] = receiver.line
            self.deliver(receiver, message, blob)
        else:
            self._deny(message, f"{sender.id} may not message {target}")

    def _arrive(self, message: Message, blob: LazyLoadBlob | None) -> None:
        """Let in what comes from another node: any process that uses the network is reachable."""
        receiver = self.processes.get(message.target.process)
        if receiver is None:
            self.drop(message, f"there is no process {message.target.process} on {self.node}", 2)
        elif not receiver.networking:
            self.log.end(message.seq, "denied", f"{message.target} may not use the network")
            self.print(f"event loop: {message.target.process} may not use the network", 0)
        else:
            self.deliver(receiver, message, blob)

    def deliver(self, receiver: Process, message: Message, blob: LazyLoadBlob | None) -> None:
        """Put an authorised message where its receiver finds it."""
        receiver.received += 1
        if receiver.observer is not None:
            receiver.observer(message)
        if type(message) is Request:
            receiver.mailbox.put((message, blob, None))
            return
        entry = receiver.outstanding.entries.pop(message.id, None)
        if entry is None:
            self.drop(message, "its Request is not outstanding (any more)", 3)
            return
        if entry.request.seq != message.parent:
            self.log.answers[message.seq] = entry.request.seq
        waiter = entry.waiter
        if waiter is not None:
            waiter.outcome = (message, blob)
            if waiter.waiting:
                waiter.waiting = False
                self.scheduler.push(waiter)
        else:
            receiver.mailbox.put((message, blob, entry))

    def _deny(self, message: Message, reason: str, verbosity: int = 0) -> None:
        """Refuse a message of a local process: a waiting Request times out at once."""
        self.log.end(message.seq, "denied", reason)
        self.print(f"event loop: {reason}", verbosity)
        self._give_up(message, "Timeout", reason)

    def undeliverable(self, message: Message, reason: str) -> None:
        """Take back what the transport could not bring to its node (Kinode: Offline)."""
        self.log.end(message.seq, "offline", reason)
        self._give_up(message, "Offline", reason)

    def drop(self, message: Message, reason: str, verbosity: int = 2) -> None:
        """Lose a message, as the real node does: its sender learns nothing."""
        self.log.end(message.seq, "dropped", reason)
        self.print(f"event loop: dropped a message to {message.target.process}: {reason}", verbosity)

    def _give_up(self, message: Message, kind: str, reason: str) -> None:
        sender = self.processes.get(message.source.process)
        if sender is None or isinstance(message, Response):
            return
        entry = sender.outstanding.entries.get(message.id)
        if entry is not None and entry.request is message:
            del sender.outstanding.entries[message.id]
            self.fail(sender, entry, kind, reason)

    def timed_out(self, sender: Process, entry: Outstanding) -> None:
        """Tell a process that nobody answered its Request in time."""
        self.log.end(entry.request.seq, "timeout", "")
        self.fail(sender, entry, "Timeout", "")

    def fail(self, sender: Process, entry: Outstanding, kind: str, reason: str) -> None:
        """Hand a SendError to the sender of a Request; it always fits in the mailbox."""
        request = entry.request
        error = SendError(kind, request, entry.blob, entry.context, reason)
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
        error.seq = event.seq
        if entry.waiter is not None:
            entry.waiter.resolve(error)
        else:
            sender.mailbox.put((error, None, entry))

    def print(self, text: str, verbosity: int, source: Address | None = None) -> None:
        """Print on the node's terminal (0: always shown, 3: every event)."""
        source = source or self.address
        self.log.event(
            self.scheduler.now(), "print", source, source, text, verbosity=verbosity
        )

    def mailbox(self, target: Address) -> Mailbox | None:
        """Return the mailbox that a Request to the target would end in, if it is known."""
        if target.node != self.node:
            return self.transport.mailbox(target)
        process = self.processes.get(target.process)
        return process.mailbox if process is not None else None

    def may_message(self, source: Process, target: ProcessId) -> bool:
        """Tell whether a local process may message another one."""
        receiver = self.processes.get(target)
        return bool(receiver and receiver.public) or source.holds(
            messaging(Address(self.node, target))
        )
