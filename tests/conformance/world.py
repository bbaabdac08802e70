"""Fake nodes in virtual time, with guests on them that tests tell what to do."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.process_lib import Our, Request
from kinode_nb.testing import MockClock
from kinode_nb.types import Event
from tests.conformance.hosts import Host
from tests.conformance.steps import DIRECTOR, Step, capability, spawn

PUBLISHER = "test.os"
HERE = "a.dev"
THERE = "b.dev"
_PATIENCE = 10_000  # virtual seconds that a script may take


class World:
    """A net of nodes, and the guests on them. All that tests learn comes by messages or prints."""

    def __init__(self, clock: MockClock, host: Host) -> None:
        self.clock = clock
        self.host = host
        self.net = Net(clock=clock)
        self.guests: dict[str, Guest] = {}
        """By address."""
        self._directors: dict[str, Our] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        self._runs = self._packages = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.net.close()
        shutil.rmtree(self._folder)

    # Nodes.

    async def node(self, name: str = HERE) -> Node:
        """Return a running node, booted if need be."""
        known = self.net.nodes.get(name)
        if known is not None and known.status == "running":
            return known
        return await self.boot(name)

    async def boot(self, name: str = HERE, **options: Any) -> Node:
        """Boot a node, by default one without a port, with a director on it."""
        node = await self.net.boot(name, **{"port": "none", **options})
        started = asyncio.Event()

        async def direct(our: Our) -> None:
            self._directors[name] = our
            started.set()
            async for message in our:
                if isinstance(message, Request):
                    self._heard(str(message.source), message.json())

        node.spawn(direct, DIRECTOR.partition(":")[0], public=True, capabilities=())
        await started.wait()
        return node

    def home(self, name: str = HERE) -> Path:
        return self.net.nodes[name].home

    def prints(self, verbosity: int = 0, node: str = HERE) -> list[str]:
        """Return what the node's terminal has shown at this verbosity alone, oldest first."""
        return [
            entry.body
            for entry in self.net.log.entries
            if isinstance(entry, Event)
            and entry.kind == "print"
            and entry.verbosity == verbosity
            and entry.source.node == node
        ]

    def alive(self) -> set[str]:
        """Return the addresses of the guests that exist."""
        return {
            f"{node.name}@{each}"
            for node in self.net.nodes.values()
            for each in node.kernel.processes
            if each.publisher_node == PUBLISHER
        }

    async def kill(self, guest: Guest) -> None:
        """End a process in the person's name."""
        node = self.net.nodes[guest.address.partition("@")[0]]
        await node.request("kernel:distro:sys", {"KillProcess": guest.id})
        await self.settle()

    # Guests.

    async def guest(
        self,
        name: str = "a",
        *,
        node: str = HERE,
        networking: bool = True,
        may: Sequence[Any] = (),
        grants: Sequence[Any] = (),
        on_exit: Any = "None",
        public: bool = False,
    ) -> Guest:
        """Start a guest as the one process of a package of its name.

        ``may`` and ``grants`` are a manifest's request and grant capabilities; a guest's bare name
        stands for its process id. Its director may always message it.
        """
        booted = await self.node(node)
        entry = {
            "process_name": name,
            "process_wasm_path": self.host.path,
            "on_exit": on_exit,
            "request_networking": networking,
            "request_capabilities": [process_id(each) for each in may],
            "grant_capabilities": [DIRECTOR, *(process_id(each) for each in grants)],
            "public": public,
        }
        await self.net.start([str(self._package(name, node, entry))], on=[booted])
        return self.known(f"{node}@{process_id(name)}")

    def known(self, address: str) -> Guest:
        """Return the guest at an address, such as one that was spawned by another."""
        if address not in self.guests:
            self.guests[address] = Guest(self, address)
        return self.guests[address]

    def _package(self, name: str, node: str, entry: dict[str, Any]) -> Path:
        folder = self._folder / f"{node}-{name}"
        (folder / "pkg").mkdir(parents=True, exist_ok=True)
        properties = {
            "package_name": name,
            "publisher": PUBLISHER,
            "current_version": "0.1.0",
            "mirrors": [],
            "code_hashes": {"0.1.0": ""},
            "wit_version": 1,
            "dependencies": [],
        }
        (folder / "metadata.json").write_text(json.dumps({"name": name, "properties": properties}))
        (folder / "pkg" / "manifest.json").write_text(json.dumps([entry]))
        self._packages += 1  # or a package that is the same as before would not be started anew
        (folder / "pkg" / "number").write_text(str(self._packages))
        shutil.copy(self.host.guest, folder / "pkg")
        return folder

    # Scripts.

    async def direct(self, address: str, steps: Sequence[Step]) -> Run:
        """Tell a guest what to do."""
        self._runs += 1
        run = Run(self._runs, address)
        self.known(address).runs[run.number] = run
        script = json.dumps({"run": run.number, "steps": steps}).encode()
        await self._directors[address.partition("@")[0]].send_request(
            address, script, metadata="script"
        )
        return run

    def _heard(self, source: str, report: dict[str, Any]) -> None:
        guest = self.known(source)
        if "idle" in report:
            guest.idle.append(report["idle"])
            return
        run = guest.runs[report["run"]]
        if "got" in report:
            run.got.append(report["got"])
        else:
            run.finished.set()

    async def settle(self) -> None:
        """Let everything go on that can; no time passes (but a nanosecond)."""
        await asyncio.sleep(1e-9)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
        await self.settle()


class Run:
    """A script that a guest is doing."""

    def __init__(self, number: int, address: str) -> None:
        self.number = number
        self.address = address
        self.got: list[Any] = []
        """What the steps that are done have reported."""
        self.finished = asyncio.Event()

    @property
    def done(self) -> bool:
        return self.finished.is_set()

    async def results(self) -> list[Any]:
        """Wait for the end; returns what every step has reported."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.finished.wait()
        except TimeoutError:
            reason = f"{self.address} did not come to an end; its steps so far: {self.got}"
            raise AssertionError(reason) from None
        return self.got


class Guest:
    """A process that does what it is told."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self.idle: list[dict[str, Any]] = []
        """What it received while it had nothing to do."""
        self.runs: dict[int, Run] = {}

    def __str__(self) -> str:
        return self.address

    @property
    def id(self) -> str:
        """Its process id."""
        return self.address.partition("@")[2]

    @property
    def package(self) -> str:
        return self.id.partition(":")[2]

    @property
    def alive(self) -> bool:
        return self.address in self.world.alive()

    @property
    def path(self) -> str:
        """The vfs path of the program that it runs, for spawning another one like it."""
        return f"{self.package}/pkg{self.world.host.path}"

    async def child(self, name: str = "child", grants: Sequence[Any] = (), **more: Any) -> Guest:
        """Let it spawn a guest, which it can then be told what to do; the spawn must succeed."""
        given = [(DIRECTOR, "messaging"), *grants]
        got = await self.do(spawn(name, self.path, given, **more))
        return self.world.known(f"{self.address.partition('@')[0]}@{got['Ok']}")

    @property
    def messaging(self) -> dict[str, str]:
        """The capability to message it."""
        return capability(self.address)

    async def begin(self, *steps: Step) -> Run:
        """Tell it to do these steps, and let it go as far as it can now."""
        run = await self.world.direct(self.address, steps)
        await self.world.settle()
        return run

    async def play(self, *steps: Step) -> list[Any]:
        """Return what each of these steps reported, when all are done."""
        return await (await self.begin(*steps)).results()

    async def do(self, *steps: Step) -> Any:
        """Return what the last of these steps reported."""
        return (await self.play(*steps))[-1]

    async def serve(self, **answer: Any) -> Self:
        """Let it answer every Request from now on, with its own body or what is given."""
        await self.begin({"do": "serve", "times": None, "answer": answer})
        return self

    async def end(self, *steps: Step) -> list[Any]:
        """Let it do steps that it does not survive; returns what those before have reported."""
        run = await self.begin(*steps)
        assert not run.done, "it has survived"
        return run.got


def process_id(name: Any) -> Any:
    """Return the process id of the guest of a name; anything else as it is."""
    if isinstance(name, str) and ":" not in name:
        return f"{name}:{name}:{PUBLISHER}"
    return name
