"""What a process sends and receives, by the rules of Kinode's host.

The host keeps for a process the message that it is handling (the *prompting* message), and the
last blobs (``kernel/standard_host_v1.rs``). Source addresses are stamped here, so no process can
forge one.
"""

from collections.abc import Awaitable, Generator, Sequence
from types import coroutine
from typing import Any, TypeVar

from msgspec.structs import replace

from kinode_nb.runtime.kernel import LONG, Kernel
from kinode_nb.runtime.outstanding import Outstanding, Waiter
from kinode_nb.runtime.process import Process
from kinode_nb.types import (
    Address,
    Capability,
    LazyLoadBlob,
    ProcessError,
    Received,
    Request,
    Response,
)
from kinode_nb.types.capabilities import canonical

_NONE: frozenset[Capability] = frozenset()
_NO_BLOB = LazyLoadBlob(b"")  # `has_blob` is told of it, but there is none
R = TypeVar("R", bound=Received)


class Correspondence:
    """The messages of one process."""

    def __init__(self, kernel: Kernel, process: Process) -> None:
        """Send and receive in the name of the process."""
        self._kernel = kernel
        self._process = process
        self._address = process.address
        self.rsvp: Address | None = process.address
        """Who gets the Response to a Request that expects one; None: whoever sends the Request."""
        self._lines = process.lines
        self._mailbox = process.mailbox
        self._queue = process.mailbox.queue
        self._outstanding = process.outstanding
        self._entries = process.outstanding.entries
        self._waiters = process.mailbox.waiters
        self._scheduler = kernel.scheduler
        self.crowded = kernel.scheduler.crowded
        """While this is not empty, `room` has to be asked before a Request is sent."""
        self._route = kernel.route
        self._issued = kernel.issued
        self._log = kernel.log
        self._now = kernel.scheduler.now
        self._bits = kernel.random.getrandbits
        self._prompting: Request | None = None
        self._cause = 0
        self._blob: LazyLoadBlob | None = None
        self._last_blob: LazyLoadBlob | None = None
        self._received_capabilities = _NONE
        if not process.ended:
            kernel.scheduler.deadlines[process] = None

    def our(self) -> Address:
        """Return the process's own address."""
        return self._address

    def has_blob(self) -> bool:
        """Tell whether the last received message has a blob."""
        return self._blob is not None

    def get_blob(self) -> LazyLoadBlob | None:
        """Return the blob of the last received message."""
        return None if self._blob is _NO_BLOB else self._blob

    def _answered_by_runtime(self, *, blob: bool) -> None:
        """Tell of a blob, or of none, as after a call that the host carries out by messages.

        Kinode's host restores the last blob then, but not whether the last message had one. So
        `get_blob` gives from now on the last blob ever, or none.
        """
        self._blob = (self._last_blob or _NO_BLOB) if blob else None

    def last_blob(self) -> LazyLoadBlob | None:
        """Return the last blob that was ever received."""
        return self._last_blob

    @coroutine
    def receive(self) -> Generator[Any, None, Received]:  # noqa: C901 - a step less is a call less
        """Wait for the next message, in the order of arrival."""
        queue = self._queue
        mailbox = self._mailbox
        while not queue or (mailbox.attention and mailbox.taking()):
            if queue:
                yield  # a turn for the others
                continue
            arrival = mailbox.arrival
            if mailbox.attended:
                yield from mailbox.line_up()
                continue
            mailbox.attended = True
            try:
                yield arrival
            except BaseException:
                mailbox.attended = False
                mailbox.next_in_line()
                raise
            mailbox.attended = False
        message, blob, entry = queue.popleft()
        self._blob = blob
        if blob is not None:
            self._last_blob = blob
        self._cause = seq = message.seq
        log, now = self._log, self._now
        if seq >= log.first:  # else the log was cleared since
            try:
                log.delivered[seq - log.first] = now()
            except IndexError:
                log.take(seq, now())
        if entry is not None:  # of a Response or a SendError
            self._prompting = entry.prompting
            if entry.context is not None and type(message) is Response:
                message = replace(message, context=entry.context)  # the log's own stays without
        elif message.rsvp is not None or message.expects_response is not None:
            self._prompting = message
        if message.capabilities:
            message = self._take_capabilities(message)
        return message  # type: ignore[no-any-return]  # the queue is untyped for speed

    def send_request(
        self,
        target: Address,
        body: bytes,
        expects_response: int | None,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        context: Any,
        blob: LazyLoadBlob | None,
    ) -> None:
        """Send a Request."""
        line = self._lines.get(target)
        if line is None:
            target = self._local(target)
        elif blob is not None or inherit or len(body) > LONG:
            line = None
        rsvp = None
        if inherit:
            blob, id_, rsvp = self._inherited(blob)
        else:
            bits = self._bits
            id_ = bits(64)
        if expects_response is not None:
            rsvp = self.rsvp
        log, now, route = self._log, self._now, self._route
        request = Request(
            self._address,
            target,
            id_,
            body,
            inherit,
            metadata,
            self._attached(capabilities, target) if capabilities else (),
            -1 if blob is None else len(blob.bytes),
            None if blob is None else blob.mime,
            log.first + len(log.entries),
            now(),
            self._cause,
            expects_response,
            rsvp,
        )
        if expects_response is not None:
            entry = Outstanding(request, blob, context, self._prompting)
            if inherit:
                self._outstanding.add(entry)
            else:
                self._entries[id_] = entry
            if expects_response < self._scheduler.patience:
                self._scheduler.arm(expects_response)
        route(request, blob, self._process, line)

    @coroutine
    def send_and_await_response(
        self,
        target: Address,
        body: bytes,
        timeout: int,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        blob: LazyLoadBlob | None,
    ) -> Generator[Any, None, Response]:
        """Send a Request and wait for its Response; raises SendError."""
        prompting = self._prompting
        waiter = self._await(target, body, timeout, inherit, metadata, capabilities, blob)
        try:
            if waiter.outcome is None:
                yield waiter
            else:  # refused at once
                yield  # a turn for the others, or a loop around it would never rest
        except BaseException:
            self._abandon(waiter)
            raise
        outcome = waiter.outcome
        waiter.outcome = None
        self._prompting = prompting
        self._blob = blob = waiter.blob
        if blob is not None:
            self._last_blob = blob
            waiter.blob = None
        self._waiters.append(waiter)
        self._cause = seq = outcome.seq  # type: ignore[union-attr]  # woken by its outcome only
        log, now = self._log, self._now
        if seq >= log.first:  # else the log was cleared since
            try:
                log.delivered[seq - log.first] = now()
            except IndexError:
                log.take(seq, now())
        if type(outcome) is not Response:
            raise outcome  # type: ignore[misc]
        if outcome.capabilities:
            return self._take_capabilities(outcome)
        return outcome

    def _await(
        self,
        target: Address,
        body: bytes,
        timeout: int,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        blob: LazyLoadBlob | None,
    ) -> Waiter:
        """Send a Request whose Response will be awaited.

        What `send_request` does, spelled out once more: this is the hot path.
        """
        line = self._lines.get(target)
        if line is None:
            target = self._local(target)
            if target == self._address:
                raise ProcessError("a process cannot await its own Response: use send_request")
        elif blob is not None or inherit or len(body) > LONG:
            line = None
        if inherit:
            blob, id_, _ = self._inherited(blob)
        else:
            bits = self._bits
            id_ = bits(64)
        log, now, route, waiters = self._log, self._now, self._route, self._waiters
        request = Request(
            self._address,
            target,
            id_,
            body,
            inherit,
            metadata,
            self._attached(capabilities, target) if capabilities else (),
            -1 if blob is None else len(blob.bytes),
            None if blob is None else blob.mime,
            log.first + len(log.entries),
            now(),
            self._cause,
            timeout,
            self.rsvp,
        )
        waiter = waiters.pop() if waiters else self._new_waiter()
        waiter.request = request
        waiter.blob = blob
        if inherit:
            self._outstanding.add(waiter)
        else:
            self._entries[id_] = waiter
        if timeout < self._scheduler.patience:
            self._scheduler.arm(timeout)
        route(request, blob, self._process, line)
        return waiter

    def _inherited(
        self, blob: LazyLoadBlob | None
    ) -> tuple[LazyLoadBlob | None, int, Address | None]:
        """Return the blob, the id and the rsvp of a Request that inherits."""
        if blob is None:
            blob = self._last_blob
        prompting = self._prompting
        if prompting is None:
            return blob, self._bits(64), None
        return blob, prompting.id, prompting.rsvp

    def _new_waiter(self) -> Waiter:
        self._mailbox.waiters_made += 1
        return Waiter(self._scheduler)

    def _abandon(self, waiter: Waiter) -> None:
        """Forget a Request whose task does not wait any more; the waiter is not used again."""
        self._mailbox.waiters_made -= 1
        self._outstanding.abandon(waiter)

    def room(self, target: Address, awaiting: bool = False) -> Awaitable[None] | None:
        """Return what to await before a Request is sent, or None when the target has room.

        ``awaiting`` tells that the Response will be awaited: then all may send to this process,
        since it does not receive meanwhile, and what is awaited could depend on them. Raises
        NeverYieldedError in a step that is to end.
        """
        self._scheduler.stepping.obey()
        own = self._mailbox
        if awaiting:
            own.release()
        mailbox = self._kernel.mailbox(self._local(target))
        if mailbox is None or mailbox is own or mailbox.has_room:
            return None
        return mailbox.room(own)

    def _local(self, target: Address) -> Address:
        return target if target.node != "our" else Address(self._address.node, target.process)

    def _attached(
        self, capabilities: Sequence[Capability], target: Address
    ) -> tuple[Capability, ...]:
        return self._issued.attached(self._process, capabilities, target)

    def _take_capabilities(self, message: R) -> R:
        """Know the capabilities of a message, but for those that are forged."""
        message = self._issued.without_forged(message)
        self._received_capabilities |= set(map(canonical, message.capabilities))
        return message

    def send_response(
        self,
        body: bytes,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        blob: LazyLoadBlob | None,
        to: Received | None,
    ) -> None:
        """Answer ``to``, or the Request that is being handled. Responses always fit."""
        prompting = self._prompting if to is None else to
        if prompting is None:
            self._kernel.print("kernel: need non-None prompting_message to handle Response", 0)
            return
        if not isinstance(prompting, Request):
            raise ProcessError("only a Request can be answered")
        if inherit:
            blob = self._last_blob  # even if there is another: so does Kinode's host
        target = prompting.rsvp or prompting.source
        line = self._lines.get(target)
        if blob is not None or len(body) > LONG:
            line = None
        log, now, route = self._log, self._now, self._route
        route(
            Response(
                self._address,
                target,
                prompting.id,
                body,
                inherit,
                metadata,
                self._attached(capabilities, target) if capabilities else (),
                -1 if blob is None else len(blob.bytes),
                None if blob is None else blob.mime,
                log.first + len(log.entries),
                now(),
                prompting.seq,
            ),
            blob,
            self._process,
            line,
        )

    def handling(self) -> Request | None:
        """Return the Request that is being handled."""
        return self._prompting

    def retire(self) -> None:
        """Lose from now on whatever is sent: its process runs again, with other system calls."""
        ghost = Process(self._scheduler, self._address, owner=self._kernel)
        ghost.ended = ghost.mailbox.closed = True
        self._process = ghost
        self._lines = ghost.lines
        self._outstanding = ghost.outstanding
        self._entries = ghost.outstanding.entries

    def fire(
        self,
        target: Address,
        body: bytes,
        metadata: str | None,
        blob: LazyLoadBlob | None,
        capabilities: Sequence[Capability] = (),
    ) -> None:
        """Send a Request at once, expecting nothing: for who has ended, or is no process."""
        self.send_request(target, body, None, False, metadata, capabilities, None, blob)
