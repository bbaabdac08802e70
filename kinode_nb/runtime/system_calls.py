"""A process's system calls, carried out by its kernel.

What Kinode's host keeps for a process is here too: the message it is handling (the *prompting*
message), and the last blobs (``kernel/standard_host_v1.rs``). Source addresses are stamped
here, so no process can forge one.
"""

from collections.abc import Generator, Sequence
from types import coroutine
from typing import Any, Protocol

from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.outstanding import Outstanding, Waiter
from kinode_nb.runtime.process import Process
from kinode_nb.types import (
    Address,
    Capability,
    LazyLoadBlob,
    OnExit,
    ProcessError,
    ProcessId,
    Received,
    Request,
    Response,
    SendError,
)

_SECOND = 1_000_000_000


class Spawner(Protocol):
    """What starts a process's children: the node's `Lifecycle`."""

    def spawn(
        self,
        parent: Process,
        name: str | None,
        program: Program | str,
        *,
        on_exit: OnExit,
        requested: Sequence[Capability],
        grants: Sequence[tuple[ProcessId, str]],
        public: bool,
    ) -> ProcessId:
        """Start a child in the parent's package; raises SpawnError or ProcessError."""
        ...


class ProcessCalls:
    """The `Syscalls` of one process."""

    def __init__(self, kernel: Kernel, process: Process, spawner: Spawner) -> None:
        """Act for the process on its node."""
        self._spawner = spawner
        self._kernel = kernel
        self._process = process
        self._address = process.address
        self._mailbox = process.mailbox
        self._queue = process.mailbox.queue
        self._arrival = process.mailbox.arrival
        self._entries = process.outstanding.entries
        self._scheduler = kernel.scheduler
        self.crowded = kernel.scheduler.crowded
        """While this is not empty, `room` has to be awaited before a Request is sent."""
        self._route = kernel.route
        self._lines = process.lines
        self._log = kernel.log
        self._now = kernel.scheduler.now
        self._bits = kernel.random.getrandbits
        self._prompting: Request | None = None
        self._cause = 0
        self._waiters: list[Waiter] = []  # to be used again: making one is dear
        self._blob: LazyLoadBlob | None = None
        self._last_blob: LazyLoadBlob | None = None
        self._received_capabilities: set[Capability] = set()
        kernel.scheduler.deadlines[process.outstanding] = None

    def our(self) -> Address:
        """Return the process's own address."""
        return self._address

    def print_to_terminal(self, verbosity: int, text: str) -> None:
        """Print on the node's terminal."""
        self._kernel.print(text, verbosity, self._address)

    def get_on_exit(self) -> OnExit:
        """Return what becomes of the process when it ends."""
        return self._process.on_exit

    def set_on_exit(self, on_exit: OnExit) -> None:
        """Choose what becomes of the process when it ends."""
        self._process.on_exit = on_exit

    def get_state(self) -> bytes | None:
        """Return the saved state."""
        return self._kernel.states.get(self._process.id)

    def set_state(self, state: bytes) -> None:
        """Save the state."""
        self._kernel.states[self._process.id] = state

    def clear_state(self) -> None:
        """Forget the saved state."""
        self._kernel.states.pop(self._process.id, None)

    async def spawn(
        self,
        name: str | None,
        program: Program | str,
        on_exit: OnExit,
        request_capabilities: Sequence[Capability],
        grant_capabilities: Sequence[tuple[ProcessId, str]],
        public: bool,
    ) -> ProcessId:
        """Start a process of the same package; raises SpawnError or ProcessError."""
        return self._spawner.spawn(
            self._process,
            name,
            program,
            on_exit=on_exit,
            requested=request_capabilities,
            grants=grant_capabilities,
            public=public,
        )

    def save_capabilities(self, capabilities: Sequence[Capability]) -> None:
        """Keep capabilities that were received in a message, or are self-issued.

        The real host stores whatever it is given; one that was neither received nor issued here
        is refused, since capabilities could otherwise be forged (docs/differences.md).
        """
        for capability in capabilities:
            own = capability.issuer == self._address
            if not own and capability not in self._received_capabilities:
                raise ProcessError(f"{capability} was never received, so it cannot be saved")
            self._process.grant(capability)

    def drop_capabilities(self, capabilities: Sequence[Capability]) -> None:
        """Give capabilities up."""
        for capability in capabilities:
            self._process.revoke(capability)

    def our_capabilities(self) -> tuple[Capability, ...]:
        """Return all capabilities held."""
        return tuple(sorted(self._process.capabilities, key=str))

    def has_blob(self) -> bool:
        """Tell whether the last received message has a blob."""
        return self._blob is not None

    def get_blob(self) -> LazyLoadBlob | None:
        """Return the blob of the last received message."""
        return self._blob

    def last_blob(self) -> LazyLoadBlob | None:
        """Return the last blob that was ever received."""
        return self._last_blob

    @coroutine
    def receive(self) -> Generator[Any, None, Received]:
        """Wait for the next message, in the order of arrival."""
        queue = self._queue
        while not queue:
            self._arrival.check()
            self._arrival._asyncio_future_blocking = True
            yield self._arrival
        message, blob, entry = queue.popleft()
        if self._mailbox.crowded:
            self._mailbox.taken()
        self._blob = blob
        if blob is not None:
            self._last_blob = blob
        self._cause = seq = message.seq
        log = self._log
        log.delivered[seq - log.first] = self._now()
        if entry is not None:
            return self._settle(message, entry)
        if message.expects_response is not None or message.rsvp is not None:
            self._prompting = message
        if message.capabilities:
            self._received_capabilities.update(message.capabilities)
        return message  # type: ignore[no-any-return]  # the queue is untyped for speed

    def _settle(self, message: Any, entry: Outstanding) -> Received:  # Response or SendError
        """Give a Response its context back, and the process the message it was handling."""
        self._prompting = entry.prompting
        if isinstance(message, SendError) or entry.context is None:
            return message  # type: ignore[no-any-return]
        return with_context(message, entry.context)

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
        self._request(
            target, body, expects_response, inherit, metadata, capabilities, context, blob, None
        )

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
        if target not in self._lines and target == self._address:
            raise ProcessError("a process cannot await its own Response: use send_request")
        waiters = self._waiters
        waiter = waiters.pop() if waiters else Waiter(self._scheduler)
        request = self._request(
            target, body, timeout, inherit, metadata, capabilities, None, blob, waiter
        )
        if waiter.outcome is None:
            waiter._asyncio_future_blocking = True
            try:
                yield waiter
            except BaseException:
                self._entries.pop(request.id, None)
                raise
        outcome = waiter.outcome
        waiter.outcome = None
        waiters.append(waiter)
        if type(outcome) is tuple:
            response, self._blob = outcome
            log = self._log
            log.delivered[response.seq - log.first] = self._now()
            if self._blob is not None:
                self._last_blob = self._blob
            self._cause = response.seq
            return response
        self._blob = None
        self._cause = outcome.seq
        raise outcome

    async def room(self, target: Address) -> None:
        """Wait until the target's mailbox has room for a Request."""
        mailbox = self._kernel.mailbox(self._local(target))
        if mailbox is not None and mailbox.full and mailbox is not self._mailbox:
            await mailbox.room(self._mailbox)

    def _local(self, target: Address) -> Address:
        return target if target.node != "our" else Address(self._address.node, target.process)

    def _request(
        self,
        target: Address,
        body: bytes,
        expects_response: int | None,
        inherit: bool,
        metadata: str | None,
        capabilities: Sequence[Capability],
        context: Any,
        blob: LazyLoadBlob | None,
        waiter: Waiter | None,
    ) -> Request:
        """Build one Request by Kinode's rules for ids, rsvp, blobs and capabilities; route it."""
        prompting = self._prompting
        if target.node == "our":
            target = self._local(target)
        id_ = rsvp = None
        if inherit:
            blob = self._last_blob if blob is None else blob
            if prompting is not None:
                id_ = prompting.id
                rsvp = prompting.rsvp
        if expects_response is not None:
            rsvp = self._address
        now = self._now()
        log = self._log
        request = Request(
            self._address,
            target,
            self._bits(64) if id_ is None else id_,
            body,
            inherit,
            metadata,
            self._attached(capabilities) if capabilities else (),
            -1 if blob is None else len(blob.bytes),
            None if blob is None else blob.mime,
            log.first + len(log.entries),
            now,
            self._cause,
            expects_response,
            rsvp,
        )
        if expects_response is not None:
            deadline = now + expects_response * _SECOND
            self._entries[request.id] = Outstanding(
                request, blob, context, prompting, deadline, waiter
            )
            if deadline < self._scheduler.armed:
                self._scheduler.arm(deadline)
        self._route(request, blob, self._process)
        return request

    def _attached(self, capabilities: Sequence[Capability]) -> tuple[Capability, ...]:
        """Keep what the sender issued or holds; the rest vanishes silently, as in Kinode."""
        return tuple(each for each in capabilities if self._process.holds(each))

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
        if inherit and blob is None:
            blob = self._last_blob
        log = self._log
        self._route(
            Response(
                self._address,
                prompting.rsvp or prompting.source,
                prompting.id,
                body,
                inherit,
                metadata,
                self._attached(capabilities) if capabilities else (),
                -1 if blob is None else len(blob.bytes),
                None if blob is None else blob.mime,
                log.first + len(log.entries),
                self._now(),
                prompting.seq,
            ),
            blob,
            self._process,
        )

    def fire(
        self, target: Address, body: bytes, metadata: str | None, blob: LazyLoadBlob | None
    ) -> None:
        """Send a Request at once, expecting nothing: for processes that have ended."""
        self._request(target, body, None, False, metadata, (), None, blob, None)

    def close(self) -> None:
        """Give up what is outstanding: nobody will read the answers."""
        self._entries.clear()
        self._scheduler.deadlines.pop(self._process.outstanding, None)


def with_context(response: Response, context: object) -> Response:
    """Return a copy for its receiver: the log's own must not hold a process's objects."""
    fields = [getattr(response, name) for name in response.__struct_fields__]
    fields[response.__struct_fields__.index("context")] = context
    return type(response)(*fields)


