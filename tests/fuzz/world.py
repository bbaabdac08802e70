"""One node that lives through many examples, and is looked at after each of them.

It lives on a virtual loop, as does whoever talks to it: a timeout takes no time, and what is never
answered is known at once. With one thread on both ends of a socket that holds for HTTP too.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from kinode_nb.fake_net import Net
from kinode_nb.fake_net.system_processes import RUNTIME
from kinode_nb.process_lib import Our
from kinode_nb.runtime.process import Process
from kinode_nb.runtime.system_calls import ProcessCalls
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.types import Address, Event, ProcessId
from kinode_nb.types.capabilities import APP_STORE, VFS, messaging, networking
from tests.fuzz.surroundings import build, listing, restore

SIGN_OF_LIFE = b'{"path": "notebook:template.os/alive", "action": "CreateDrive"}'


class World:
    """A node, its surroundings, and another node.

    ``app`` and ``far_app`` are handles of plain processes, one on each.
    """

    def __init__(self, root: Path, *own: str) -> None:
        """Boot it; files may appear below ``own`` (from ``root``) and nowhere else."""
        self.root = root
        self.own = tuple(root / each for each in own or ("home",))
        build(root)
        self._before = (Path.cwd(), tempfile.tempdir)
        os.chdir(root / "work")
        tempfile.tempdir = str(root / "temp")
        self.problems: list[str] = []
        self.signs_of_life: list[tuple[ProcessId, bytes, bytes]] = [
            (VFS, SIGN_OF_LIFE, b'"Ok"'),
        ]
        """What has to be answered after every example: target, body, and the answer."""
        self._records = _Records(self.problems)
        logging.getLogger().addHandler(self._records)
        self.loop = virtual_loop(MockClock())
        self.loop.set_exception_handler(self._loop_complains)
        self.loop.run_until_complete(self._boot())
        self.look_around()

    async def _boot(self) -> None:
        self.net = Net(clock=self.loop.clock)
        self.node = await self.net.boot("fake.dev", home=self.root / "home")
        self.far = await self.net.boot("far.dev", port="none", home=self.root / "far")
        self.vfs = Address("fake.dev", VFS)
        self.app = self.handle(self.node, "app")
        self.far_app = self.handle(self.far, "app")
        self._own = {*self.node.kernel.processes, *self.far.kernel.processes}
        for node in (self.node, self.far):
            node.kernel.on_end.append(self._ended)
        self.net.log.observers.append(self._printed)
        await self._is_well()

    def address(self, process: ProcessId) -> Address:
        """Return the address of a process of the node."""
        return Address(self.node.name, process)

    def look_around(self) -> None:
        """Take what lies around now for what has to stay as it is."""
        self._around = listing(self.root, *self.own)

    def handle(self, node: Any, name: str) -> Our:
        """Return the handle of a new process that may message what comes with the node."""
        rights = [messaging(Address(node.name, target)) for target in (*RUNTIME, APP_STORE)]
        address = node.spawn(
            _wait, name=name, public=True, capabilities=[networking(node.name), *rights]
        )
        process = node.kernel.processes[address.process]
        return Our(ProcessCalls(node.kernel, process, node.lifecycle))

    def run(self, example: Coroutine[Any, Any, Any]) -> Any:
        """Run one example; raises AssertionError when the node is not well after it."""
        self.problems.clear()
        self.net.log.clear()
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                result = self.loop.run_until_complete(self._lived(example))
        finally:
            strays = restore(self.root, self._around, *self.own)
        assert strays == [], strays
        assert not said.getvalue(), said.getvalue()
        assert self.problems == [], list(self.problems)
        return result

    async def _lived(self, example: Coroutine[Any, Any, Any]) -> Any:
        result = await example
        await self._is_well()
        return result

    async def _is_well(self) -> None:
        for target, body, expected in self.signs_of_life:
            answer = await self.app.send_and_await_response(target, body)
            assert answer.body == expected

    def close(self) -> None:
        """Stop the node; nothing that the examples began may still go on."""
        try:
            self.loop.run_until_complete(self.net.close())
            assert asyncio.all_tasks(self.loop) == set()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            logging.getLogger().removeHandler(self._records)
            os.chdir(self._before[0])
            tempfile.tempdir = self._before[1]

    def _loop_complains(self, loop: Any, context: dict[str, Any]) -> None:
        self.problems.append(f"unhandled in the loop: {context}")

    def _ended(self, process: Process, error: BaseException | None) -> None:
        if process.id in self._own:
            self.problems.append(f"{process.id} ended: {error!r}")

    def _printed(self, event: Event) -> None:
        if event.kind == "print" and (
            "Traceback" in event.body or "ended with error" in event.body
        ):
            self.problems.append(event.body)


class _Records(logging.Handler):
    """Takes log records of errors for problems: where nothing is set up they go to a cell."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__()
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            self._problems.append(self.format(record))


async def _wait(our: Our) -> None:
    async for _ in our:
        pass
