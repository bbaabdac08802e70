"""A small net of bare kernels in virtual time, for tests of the runtime.

`in_lab` runs an async test in one. A test that would wait for ever fails at once, since time then
jumps to the end of its patience; and after each test nothing of its processes may be left.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

from kinode_nb.hosts.python import PythonHost
from kinode_nb.process_lib import Our, SendError
from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.kernel_commands import KernelCommands
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.process import Process
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.transports.loopback import Loopback
from kinode_nb.types import (
    Address,
    Capability,
    Event,
    OnExit,
    ProcessId,
    Request,
    Response,
    SpawnError,
)
from kinode_nb.types.capabilities import KERNEL, messaging, networking

PATIENCE = 100_000  # virtual seconds

Init = Callable[[Our], Awaitable[None]]


class Files:
    """Finds programs by path among those that a test has put there; runs all of them."""

    def __init__(self) -> None:
        self.programs: dict[str, Any] = {}
        self.python = PythonHost()

    def find(self, parent: Process, path: str) -> Path:
        if path not in self.programs:
            raise SpawnError("NoFileAtPath", f"no file at {path}")
        return self.programs[path]

    def place(self, handle: str, process: ProcessId) -> Path:
        return Path("nowhere") / f"{process.process_name}.py"

    def host(self, program: Program) -> PythonHost:
        if isinstance(program, Path) and program.suffix != ".py":
            raise SpawnError("NoFileAtPath", f"nothing runs {program.name}")
        return self.python


class Lab:
    """Nodes on one loopback; use it inside `in_lab`."""

    def __init__(self, clock: MockClock, *nodes: str, seed: int = 0) -> None:
        self.clock = clock
        self.loop = asyncio.get_running_loop()
        self.scheduler = Scheduler(self.loop, clock)
        self.log = MessageLog()
        self.net = Loopback()
        self.files = Files()
        self.ended: dict[ProcessId, BaseException | None] = {}
        self.kernels: dict[str, Kernel] = {}
        self.lifecycles: dict[str, Lifecycle] = {}
        self.trouble: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.trouble.append(context))
        for node in nodes:
            self.boot(node, seed)

    def boot(self, node: str, seed: int = 0) -> Kernel:
        kernel = Kernel(
            node,
            scheduler=self.scheduler,
            log=self.log,
            transport=self.net,
            random=Random(f"{seed}/{node}"),
        )
        kernel.on_end.append(lambda process, error: self.ended.update({process.id: error}))
        self.net.nodes[node] = self.kernels[node] = kernel
        self.lifecycles[node] = Lifecycle(kernel, self.files)
        return kernel

    def add(
        self,
        address: str,
        init: Any = None,
        *,
        networked: bool = True,
        public: bool = True,
        may: Iterable[Capability | str] = (),
        on_exit: OnExit = OnExit.NONE,
    ) -> Process:
        """Initialise a process without running it; ``may`` names whom it may message."""
        own = Address.parse(address)
        held = [
            messaging(Address(own.node, ProcessId.parse(each))) if isinstance(each, str) else each
            for each in may
        ]
        if networked:
            held.append(networking(own.node))
        return self.lifecycles[own.node].initialize(
            own.process, init, public=public, capabilities=held, on_exit=on_exit
        )

    def start(self, address: str, init: Any, **options: Any) -> Process:
        """Start a process."""
        process = self.add(address, init, **options)
        self.lifecycles[process.address.node].run(process)
        return process

    def command(self, node: str, shutdown: Callable[[], None] = lambda: None) -> Process:
        """Start a node's ``kernel:distro:sys``."""
        kernel, lifecycle = self.kernels[node], self.lifecycles[node]
        commands = KernelCommands(kernel, lifecycle, self.files, shutdown)
        process = self.add(f"{node}@{KERNEL}", commands, public=False)
        process.runtime = process.system = True
        lifecycle.run(process)
        return process

    async def play(
        self, address: str, init: Callable[[Our], Awaitable[Any]], **options: Any
    ) -> Any:
        """Run a process to its end; returns what ``init`` returned, or raises what it raised."""
        results: list[Any] = []

        async def main(our: Our) -> None:
            results.append(await init(our))

        process = self.start(address, main, **options)
        await self.until(lambda: process.ended)
        error = self.ended[process.id]
        if error is not None:
            raise error
        return results[0]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, a millisecond at a time, until something has happened."""
        while not condition():  # noqa: ASYNC110 - a condition with no event of its own
            await asyncio.sleep(0.001)

    async def idle(self) -> None:
        """Let everything go on that can, without time passing (except a nanosecond)."""
        await asyncio.sleep(1e-9)

    def kill(self, process: Process) -> None:
        self.lifecycles[process.address.node].kill(process)

    def find(self, body: bytes) -> Request | Response:
        """Return the one message with this body."""
        (found,) = (e for e in self.log.entries if not isinstance(e, Event) and e.body == body)
        return found

    def outcome(self, body: bytes) -> tuple[str, str] | None:
        """Return what the log says of the message with this body: (status, reason)."""
        return self.log.outcomes.get(self.find(body).seq)

    def status(self, body: bytes) -> str:
        outcome = self.outcome(body)
        return outcome[0] if outcome else ""

    def events(self, kind: str) -> list[Event]:
        return [e for e in self.log.entries if isinstance(e, Event) and e.kind == kind]

    def prints(self, verbosity: int = 0) -> list[str]:
        return [e.body for e in self.events("print") if e.verbosity == verbosity]

    async def close(self) -> None:
        """End all processes, and check that nothing of them is left."""
        alive = []
        for kernel in self.kernels.values():
            kernel.closed = True
            for process in [*kernel.processes.values(), *kernel.restarting.values()]:
                alive.append(process)
                self.lifecycles[kernel.node].kill(process)
        await self.idle()
        assert not [each.address for each in alive if not each.ended]
        assert not self.scheduler.deadlines, "deadlines of processes that have ended"
        assert not self.scheduler.crowded, "mailboxes of processes that have ended"
        assert not self.scheduler.ready
        for process in alive:
            assert not process.lines
            assert not process.incoming
            assert not process.outstanding.entries
            assert not process.mailbox.queue
            assert process.mailbox.waiters_made == len(process.mailbox.waiters)
            assert process.mailbox.patient == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}, "tasks that outlive their process"
        self.scheduler.close()
        self.files.python.close()
        assert not self.trouble, self.trouble


def in_lab(
    test: Callable[..., Awaitable[None]] | None = None, *, nodes: Iterable[str] = ("a.dev", "b.dev")
) -> Any:
    """Make an async test, whose first parameter is a `Lab`, one that pytest can run."""
    if test is None:
        return functools.partial(in_lab, nodes=nodes)

    async def within(lab_test: Callable[[Lab], Awaitable[None]], clock: MockClock) -> None:
        async with asyncio.timeout(PATIENCE):
            lab = Lab(clock, *nodes)
            await lab_test(lab)
            await lab.close()

    def run(**arguments: Any) -> None:
        clock = MockClock()
        with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
            runner.run(within(lambda lab: test(lab, **arguments), clock))

    # pytest asks for the test's parameters; the lab is none of its fixtures.
    signature = inspect.signature(test)
    run.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


async def echo(our: Our) -> None:
    """Answer every Request with its own body."""
    async for message in our:
        if isinstance(message, Request):
            await our.send_response(message.body)


async def sink(our: Our) -> None:
    """Take everything, answer nothing."""
    async for _ in our:
        pass


def collector(received: list[Any]) -> Init:
    """Return a process that keeps all it receives."""

    async def init(our: Our) -> None:
        async for message in our:
            received.append(message)  # noqa: PERF401 - one after the other

    return init


async def failure(awaitable: Awaitable[Any]) -> SendError:
    """Return the SendError that is raised."""
    try:
        await awaitable
    except SendError as error:
        return error
    raise AssertionError("no SendError was raised")
