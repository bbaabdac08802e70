"""A node with a real kernel and real kv, sqlite and timer over a temporary folder."""

import asyncio
import json
from pathlib import Path
from random import Random

from kinode_nb.hosts.python import PythonHost
from kinode_nb.process_lib import LazyLoadBlob, PackageId
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.system import kv, sqlite, timer
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.transports.loopback import Loopback
from kinode_nb.types import Address, ProcessId, SpawnError
from kinode_nb.types.capabilities import KV, SQLITE, TIMER, database, messaging, networking

NODE = "fake.dev"
APP = "main:app:tester.os"
SIBLING = "second:app:tester.os"
STRANGER = "main:stranger:tester.os"
PACKAGE = PackageId("app", "tester.os")
PACKAGE_JSON = {"package_name": "app", "publisher_node": "tester.os"}
OK = "Ok"
MALFORMED = {"Err": "MalformedRequest"}
NO_READ = {"Err": "NoReadCap"}
NO_WRITE = {"Err": "NoWriteCap"}
MISMATCH = {"Err": "MismatchingPackageId"}


def no_db(db="db"):
    return {"Err": {"NoDb": [PACKAGE_JSON, db]}}


def capability(module, kind, db="db"):
    return database(Address(NODE, module), kind, PACKAGE, db)


class Hosting:
    """Python for everything."""

    def __init__(self):
        self.python = PythonHost()

    def find(self, parent, path):
        raise SpawnError("NoFileAtPath", path)

    def host(self, program):
        return self.python


class KernelRights:
    """What a composition root supplies: the capabilities that the kernel knows of."""

    def __init__(self, kernel):
        self.kernel = kernel

    def holds(self, source, capability):
        process = self.kernel.processes.get(source)
        return process is not None and process.holds(capability)

    def grant(self, holder, capability):
        process = self.kernel.processes.get(holder)
        if process is not None:
            process.grant(capability)


class Node:
    """Runs programs as processes of one node, in virtual time, until they all have returned."""

    def __init__(self, home: Path):
        self.home = home
        self.held = {}
        """More capabilities, by process id."""
        self.private = False
        """Whether the programs' processes are not public."""
        self.rights = KernelRights
        self.prints = []
        self.trouble = []
        """What asyncio complained of."""
        self.clock = None

    def run(self, program, others=None, remote=None):
        """Return what the program returns as process APP, and what others do by their ids."""
        self.clock = MockClock()
        with asyncio.Runner(loop_factory=lambda: virtual_loop(self.clock)) as runner:
            runner.get_loop().set_exception_handler(lambda _, told: self.trouble.append(told))
            return runner.run(self._run({APP: program, **(others or {})}, remote))

    async def _run(self, programs, remote):
        scheduler = Scheduler(asyncio.get_running_loop(), self.clock)
        transport, log = Loopback(), MessageLog()
        log.observers.append(lambda event: self.prints.append((event.verbosity, event.body)))
        self._lifecycles = {}
        for name in (NODE, "other.dev"):
            kernel = transport.nodes[name] = Kernel(
                name, scheduler=scheduler, log=log, transport=transport, random=Random(0)
            )
            self._lifecycles[name] = Lifecycle(kernel, Hosting())
        self.kernel = kernel = transport.nodes[NODE]
        rights, bits = self.rights(kernel), kernel.random.getrandbits
        servers = [
            self._server(KV, kv.process(self.home, rights, bits)),
            self._server(SQLITE, sqlite.process(self.home, rights, bits)),
            self._server(TIMER, timer.init, public=True),
        ]
        results = [self.start(id_, program) for id_, program in programs.items()]
        if remote is not None:
            results.append(self.start(APP, remote, "other.dev"))
        try:
            values = await asyncio.gather(*results)
        finally:
            alive = not any(server.ended for server in servers)
            serving = [server.running for server in servers]
            for server in servers:
                self._lifecycles[NODE].kill(server)
            for running in filter(None, serving):
                await running.wait()
            scheduler.close()
        assert alive, "a system process ended by itself"
        return values[0] if len(values) == 1 else values

    def _server(self, id_, program, public=False):
        lifecycle = self._lifecycles[NODE]
        server = lifecycle.initialize(id_, program, public=public, capabilities=[networking(NODE)])
        lifecycle.run(server)
        return server

    def start(self, id_, program, node=NODE):
        """Start a process; returns a future of what it returns."""
        future = asyncio.get_running_loop().create_future()

        async def init(our):
            try:
                result = await program(our)
            except BaseException as error:
                future.set_exception(error)
                raise
            future.set_result(result)

        id_ = ProcessId.parse(id_)
        held = [networking(node), *self.held.get(str(id_), ())]
        process = self._lifecycles[node].initialize(
            id_, init, public=not self.private, capabilities=held
        )
        for module in (KV, SQLITE):
            process.grant(messaging(Address(NODE, module)))
        self._lifecycles[node].run(process)
        return future


def body(action, db="db", package=None):
    """Return a Request's body."""
    return {"package_id": package or PACKAGE_JSON, "db": db, "action": action}


class Asker:
    """Sends raw Requests to one module; returns its answers."""

    def __init__(self, module):
        self.address = Address(NODE, module)

    async def ask(self, our, action, data=None, db="db", package=None, **more):
        """Return the answer, with the blob's bytes if there is one."""
        blob = None if data is None else LazyLoadBlob(data)
        text = json.dumps(body(action, db, package)).encode()
        response = await our.send_and_await_response(self.address, text, blob=blob, **more)
        got = our.get_blob()
        return response.json() if got is None else (response.json(), got.bytes)

    def asking(self, *steps, db="db", opened=True):
        """Return a program that asks these (action[, data]), and returns the answers."""

        async def program(our):
            if opened:
                assert await self.ask(our, "Open", db=db) == OK
            return [
                await self.ask(our, *(step if isinstance(step, tuple) else (step,)), db=db)
                for step in steps
            ]

        return program
