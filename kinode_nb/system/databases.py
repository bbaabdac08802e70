"""What kv and sqlite have in common: a service over databases that are files of the node.

Requests for one database are carried out in the order in which they came, in threads; those for
several databases at the same time. Transactions are buffered here until they are committed: their
numbers are random, and belong to neither a database nor a process, as in Kinode.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from kinode_nb.process_lib import LazyLoadBlob, Our, Request
from kinode_nb.system.database_lanes import Lane, Lanes, Opener, Reply
from kinode_nb.system.database_requests import Grammar, Job
from kinode_nb.system.database_rights import Gate
from kinode_nb.system.refusals import Refused, answer
from kinode_nb.system.vfs_rights import Rights

OK: Reply = (b'"Ok"', None)
_MIME = "application/octet-stream"
_MOST_TURNS = 256  # then Requests wait in the mailbox, and their senders for room in it
_MOST_BYTES = 64 << 20
_MOST_THREADS = 16


class Engine(Opener, Protocol):
    """What makes one module of it: kv or sqlite."""

    name: str
    grammar: Grammar

    def step(self, job: Job) -> Any:
        """Return what a `Database` is to carry out; raises Refused for what makes no sense."""
        ...


class Databases:
    """The program of such a module: call it with a process's `Our`, as ``init(our)``."""

    def __init__(
        self, engine: Engine, home: Path, rights: Rights, bits: Callable[[int], int]
    ) -> None:
        """Serve the databases under ``home``; ``bits`` gives that many random bits, as a number."""
        self._engine = engine
        self._home = home
        self._rights = rights
        self._bits = bits

    async def __call__(self, our: Our) -> None:
        """Serve until the process is ended; what runs then is interrupted."""
        lanes = Lanes(self._home / self._engine.name, self._engine)
        lanes.prepare()
        gate = Gate(our.address, self._rights)
        service = _Service(our, self._engine, lanes, gate, self._bits)
        try:
            await service.serve()
        finally:
            await service.close()


class _Service:
    """One run of the process."""

    def __init__(
        self, our: Our, engine: Engine, lanes: Lanes, gate: Gate, bits: Callable[[int], int]
    ) -> None:
        self._our = our
        self._engine = engine
        self._lanes = lanes
        self._gate = gate
        self._bits = bits
        self._transactions: dict[int, list[Any]] = {}
        self._executor = ThreadPoolExecutor(_MOST_THREADS, f"kinode-{engine.name}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads: set[asyncio.Future[Any]] = set()
        self._turns = self._bytes = 0
        self._room = asyncio.Event()
        self._closed = False

    async def serve(self) -> None:
        """Take Requests, each into the lane of its database."""
        our, name = self._our, self._engine.name
        async for message in our:
            if not isinstance(message, Request):
                continue
            if message.source.node != our.node:
                text = f"{name}: got request from {message.source.node}"
                our.print_to_terminal(1, f"{text}, but they must come from {our.node}")
                continue
            blob = our.get_blob()
            data = None if blob is None else blob.bytes
            try:
                job = self._engine.grammar.read(message.source.process, message.body, data)
            except Refused as error:
                await self._answer(message, answer(error))
                continue
            self._enter(message, job)
            while self._turns >= _MOST_TURNS or self._bytes >= _MOST_BYTES:
                self._room.clear()
                await self._room.wait()

    async def close(self) -> None:
        """Interrupt what runs and wait for it, so that nothing is written any more."""
        self._closed = True
        self._lanes.interrupt()
        if self._threads:
            await asyncio.wait(self._threads)
        if self._lanes:
            await self._in_thread(self._lanes.close)
        self._executor.shutdown()

    def _enter(self, request: Request, job: Job) -> None:
        lane = self._lanes.lane(job)
        lane.turns.append((request, job))
        self._turns += 1
        self._bytes += len(job.data or b"")
        if not lane.busy:
            self._begin(self._drain(lane), lane)

    def _begin(self, work: Any, lane: Lane) -> None:
        lane.busy = True
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, lane: Lane) -> None:
        """Do what is in a lane, until it is empty."""
        while lane.turns:
            request, job = lane.turns.popleft()
            await self._make_room(lane)
            outcome = await self._outcome(lane, job)
            if self._closed:
                return
            await self._answer(request, outcome)
            self._turns -= 1
            self._bytes -= len(job.data or b"")
            self._room.set()
        lane.busy = False
        self._lanes.rest(lane)

    async def _make_room(self, lane: Lane) -> None:
        """Close the databases that were not used for longest, if this one would be too many."""
        while (other := self._lanes.surplus(lane)) is not None:
            other.busy = True
            with contextlib.suppress(Exception):  # whatever it is, the next who asks is told
                await self._in_thread(other.shut)
            self._begin(self._drain(other), other)

    async def _outcome(self, lane: Lane, job: Job) -> Reply | bytes:
        """Return a reply, or the body of an error."""
        try:
            self._gate.check(job)
            return await self._act(lane, job)
        except Exception as error:  # noqa: BLE001 - one bad job must not end them all
            return answer(error)

    async def _act(self, lane: Lane, job: Job) -> Reply:
        if job.action == "Open":
            await self._in_thread(lane.make)
            self._gate.grant(job)
            return OK
        if not lane.exists():
            raise job.no_db()
        if job.action == "RemoveDb":
            await self._in_thread(partial(lane.remove, self._lanes.aside()))
            return OK
        if job.action == "BeginTx":
            number = self._bits(64)
            self._transactions[number] = []
            return msgspec.json.encode({"BeginTx": {"tx_id": number}}), None
        if job.action == "Commit":
            await self._commit(lane, job)
            return OK
        step = self._engine.step(job)
        if job.tx_id is not None:
            self._steps(job).append(step)
            return OK
        work = partial(lane.run, step, self._gate.may_write(job))
        return await self._in_thread(work)  # type: ignore[no-any-return]  # a Reply

    async def _commit(self, lane: Lane, job: Job) -> None:
        """Commit a transaction; one that fails is there still, to be committed again."""
        steps = self._steps(job)
        del self._transactions[job.value.tx_id]  # or another database could take it meanwhile
        try:
            await self._in_thread(partial(lane.commit, steps))
        except Exception:
            self._transactions[job.value.tx_id] = steps
            raise

    def _steps(self, job: Job) -> list[Any]:
        steps = self._transactions.get(job.value.tx_id)
        if steps is None:
            raise Refused({"NoTx": job.tx_id})
        return steps

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        """Run work in a thread; when the task is cancelled it goes on, and `close` waits for it."""
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        self._threads.add(future)
        future.add_done_callback(self._came_back)
        return await asyncio.shield(future)

    def _came_back(self, future: asyncio.Future[Any]) -> None:
        self._threads.discard(future)
        future.exception()  # looked at: who waited for it may be gone, and asyncio would complain

    async def _answer(self, request: Request, outcome: Reply | bytes) -> None:
        """Answer as Kinode does: errors in any case, success to those who wait for it."""
        if isinstance(outcome, bytes):
            await self._our.send_response(outcome, to=request)
        elif request.expects_response is not None or request.rsvp is not None:
            body, data = outcome
            await self._our.send_response(
                body,
                metadata=request.metadata,
                blob=None if data is None else LazyLoadBlob(data, _MIME),
                to=request,
            )
