"""A node with a real kernel and a real vfs over a temporary folder, for tests of vfs."""

import asyncio
import errno
import json
import os
from pathlib import Path
from random import Random

from kinode_nb.hosts.python import PythonHost
from kinode_nb.process_lib import LazyLoadBlob
from kinode_nb.runtime.clock import SystemClock
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.system import vfs
from kinode_nb.transports.loopback import Loopback
from kinode_nb.types import Address, ProcessId, SpawnError
from kinode_nb.types.capabilities import VFS, messaging, networking

NODE = "fake.dev"
APP = "main:app:tester.os"
DRIVE = "app:tester.os/files"
SERVER = Address(NODE, VFS)


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
        self.kernel.processes[holder].grant(capability)


class Node:
    """Runs programs as processes of one node until they all have returned."""

    def __init__(self, home: Path, descriptors=None):
        self.home = home
        self.descriptors = vfs.Descriptors(64) if descriptors is None else descriptors
        self.held = {}
        """More capabilities, by process id."""
        self.rights = KernelRights
        self.prints = []
        self.kernel = self.vfs = None

    @property
    def root(self) -> Path:
        return self.home / "vfs"

    @property
    def drive(self) -> Path:
        """The folder of the drive that most tests use; made when it is missing."""
        folder = self.root / DRIVE
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def run(self, program, others=None, remote=None):
        """Return what the program returns as process APP, and what others do by their ids."""
        return asyncio.run(self._run({APP: program, **(others or {})}, remote))

    async def _run(self, programs, remote):
        scheduler = Scheduler(asyncio.get_running_loop(), SystemClock())
        transport = Loopback()
        log = MessageLog()
        log.observers.append(lambda event: self.prints.append(event.body))
        self._lifecycles = {}
        for name in (NODE, "other.dev"):
            kernel = transport.nodes[name] = Kernel(
                name, scheduler=scheduler, log=log, transport=transport, random=Random(0)
            )
            self._lifecycles[name] = Lifecycle(kernel, Hosting())
        self.kernel = transport.nodes[NODE]
        self.vfs = vfs.process(self.home, self.rights(self.kernel), self.descriptors)
        self.kernel.on_end.append(lambda process, _error: self.vfs.forget(process.id))
        lifecycle = self._lifecycles[NODE]
        server = lifecycle.initialize(VFS, self.vfs, capabilities=[networking(NODE)])
        server.system = True
        lifecycle.run(server)
        results = [self.start(id_, program) for id_, program in programs.items()]
        if remote is not None:
            results.append(self.start(APP, remote, "other.dev"))
        try:
            values = await asyncio.gather(*results)
        finally:
            alive, serving = not server.ended, server.running
            lifecycle.kill(server)
            if serving is not None:
                await serving.wait()
            scheduler.close()
        assert alive, "vfs ended by itself"
        assert not len(self.descriptors), "vfs left files open"
        return values[0] if len(values) == 1 else values

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
        process = self._lifecycles[node].initialize(id_, init, public=True, capabilities=held)
        process.grant(messaging(SERVER))
        self._lifecycles[node].run(process)
        return future


async def ask(our, path, action, data=None, **more):
    """Send one raw Request to vfs; return its answer, with the blob's bytes if there is one."""
    blob = None if data is None else LazyLoadBlob(data)
    body = json.dumps({"path": path, "action": action}).encode()
    response = await our.send_and_await_response(SERVER, body, blob=blob, **more)
    got = our.get_blob()
    return response.json() if got is None else (response.json(), got.bytes)


async def tell(our, path, action, data=None):
    """Send one raw Request that wants no answer."""
    blob = None if data is None else LazyLoadBlob(data)
    await our.send_request(SERVER, {"path": path, "action": action}, blob=blob)


def asking(*steps):
    """Return a program that asks these (path, action[, data]), and returns the answers."""

    async def program(our):
        return [await ask(our, *step) for step in steps]

    return program


def os_error(code):
    return {"Err": {"IOError": f"{os.strerror(code)} (os error {code})"}}


MISSING = os_error(errno.ENOENT)
EXISTS = os_error(errno.EEXIST)
NOT_A_FOLDER = os_error(errno.ENOTDIR)
IS_A_FOLDER = os_error(errno.EISDIR)
INVALID = os_error(errno.EINVAL)
TOO_LONG = os_error(errno.ENAMETOOLONG)
NOT_EMPTY = os_error(errno.ENOTEMPTY)
EARLY_EOF = {"Err": {"IOError": "early eof"}}
MALFORMED = {"Err": "MalformedRequest"}
NO_READ = {"Err": "NoReadCap"}
NO_WRITE = {"Err": "NoWriteCap"}
NO_BLOB = {"Err": "NoBlob"}
