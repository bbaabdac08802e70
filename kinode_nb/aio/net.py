"""A net of fake nodes, for those who wait in an event loop."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack, overload

from kinode_nb import portal
from kinode_nb.aio.node import Node
from kinode_nb.aio.transfer import Transfer
from kinode_nb.portal import awaited
from kinode_nb.portal.options import BootOptions, LogFilters, ProcessOptions
from kinode_nb.portal.written import Outcome
from kinode_nb.process_lib.syscalls import Written
from kinode_nb.system.http_server import TIMEOUT

if TYPE_CHECKING:
    import pandas as pd

    from kinode_nb.kit.building import BuildOptions, Built
    from kinode_nb.kit.new import NewOptions
    from kinode_nb.portal.test_results import Results


class FakeNet:
    """A net of fake nodes; see `kinode_nb.portal.FakeNet`. Also an async context manager."""

    def __init__(self, seed: int = 0, clock: str = "real") -> None:
        """Make a net with a thread of its own."""
        self.blocking = portal.FakeNet(seed, clock)

    @classmethod
    def of(cls, blocking: portal.FakeNet) -> Self:
        """Return the coroutines of a net that is there already, such as a test's `kinode_net`."""
        net = cls.__new__(cls)
        net.blocking = blocking
        return net

    @overload
    async def boot(
        self, name: str | None = None, *, count: None = None, **options: Unpack[BootOptions]
    ) -> Node: ...

    @overload
    async def boot(
        self, name: str | None = None, *, count: int, **options: Unpack[BootOptions]
    ) -> list[Node]: ...

    async def boot(
        self,
        name: str | None = None,
        *,
        port: int | str | None = None,
        home: str | os.PathLike[str] | None = None,
        persist: bool = False,
        count: int | None = None,
        placement: str = "thread",
        verbosity: int = 0,
        fresh: bool = False,
        http_timeout: float = TIMEOUT,
        password: str | None = None,
    ) -> Node | list[Node]:
        """Boot a node, or ``count`` of them, which give a list."""
        options: BootOptions = {
            "port": port,
            "home": home,
            "persist": persist,
            "placement": placement,
            "verbosity": verbosity,
            "fresh": fresh,
            "http_timeout": http_timeout,
            "password": password,
        }
        if count is None:
            return Node(await awaited(lambda: self.blocking.boot(name, **options)))
        nodes = await awaited(lambda: self.blocking.boot(name, count=count, **options))
        return [Node(each) for each in nodes]

    @property
    def current(self) -> Node | None:
        """The current node: the first booted, or the one that `use` chose."""
        current = self.blocking.current
        return Node(current) if current else None

    async def use(self, name: str) -> Node:
        """Make a running node the current one."""
        return Node(await awaited(self.blocking.use, name))

    def node(self, name: str | None = None, port: int | None = None) -> Node:
        """Return a running node, or the current one."""
        return Node(self.blocking.node(name, port))

    async def start(self, *packages: str, node: str | None = None) -> None:
        """Install and start packages."""
        await awaited(self.blocking.start, *packages, node=node)

    async def build(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        node: str | None = None,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder."""
        return await awaited(
            lambda: self.blocking.build(folder, node=node, download_from=download_from, **options)
        )

    async def build_start_package(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        node: str | None = None,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder, and start it on all nodes, or on one."""
        return await awaited(
            lambda: self.blocking.build_start_package(
                folder, node=node, download_from=download_from, **options
            )
        )

    async def new(self, directory: str | os.PathLike[str], **options: Unpack["NewOptions"]) -> Path:
        """Make a package's folder from a template, and return it."""
        return await awaited(lambda: self.blocking.new(directory, **options))

    async def process(
        self, name: str, source: str | Written, *nodes: str, **options: Unpack[ProcessOptions]
    ) -> list[Outcome]:
        """Run Python text as a process on each of the nodes (default: the current one)."""
        return await awaited(lambda: self.blocking.process(name, source, *nodes, **options))

    async def run_tests(
        self, path: str | os.PathLike[str] = ".", *, junit: str | os.PathLike[str] | None = None
    ) -> "Results":
        """Run tests of packages, on nets of their own; cancelling it stops them."""
        return await awaited(self.blocking.run_tests, path, junit=junit)

    async def remove(self, *packages: str, node: str | None = None) -> None:
        """Uninstall packages."""
        await awaited(self.blocking.remove, *packages, node=node)

    async def follow(self, show: Callable[[str], None]) -> None:
        """Show every line that a node's terminal shows from now on."""
        await awaited(self.blocking.follow, show)

    async def stop(self, *names: str) -> None:
        """Stop nodes, or all."""
        await awaited(self.blocking.stop, *names)

    async def reset(self, seed: int | None = None) -> None:
        """Stop all, clear the log, and start a new net."""
        await awaited(self.blocking.reset, seed)

    async def nodes(self) -> "pd.DataFrame":
        """Return all nodes."""
        return await awaited(self.blocking.nodes)

    async def processes(self) -> "pd.DataFrame":
        """Return all processes."""
        return await awaited(self.blocking.processes)

    async def packages(self) -> "pd.DataFrame":
        """Return all packages."""
        return await awaited(self.blocking.packages)

    async def transfers(self, id: str | None = None) -> "pd.DataFrame":
        """Return all transfers, or one over time."""
        return await awaited(self.blocking.transfers, id)

    async def log(
        self, *, save: str | os.PathLike[str] | None = None, **filters: Unpack[LogFilters]
    ) -> "pd.DataFrame":
        """Return the message log, one row a message."""
        return await awaited(lambda: self.blocking.log(save=save, **filters))

    def transfer(self, id: str) -> Transfer:
        """Return a transfer by its id."""
        return Transfer(self.blocking.transfer(id))

    async def terminal(self, node: str, verbosity: int | None = None) -> str:
        """Return what one node's processes printed."""
        return await awaited(self.blocking.terminal, node, verbosity)

    async def printed(
        self, node: str, verbosity: int | None = None, start: int = 0
    ) -> tuple[list[str], int]:
        """Return what one node printed from a place of the log on, and the place after it."""
        return await awaited(self.blocking.printed, node, verbosity, start)

    async def nest(self) -> None:
        """Let ``asyncio.run(…)`` work inside cells; it makes all of asyncio slower."""
        self.blocking.nest()

    async def started_packages(self) -> set[tuple[str, str, str]]:
        """Return what is started where: package, node, digest."""
        return await awaited(self.blocking.started_packages)

    async def take_notes(self) -> list[str]:
        """Return, once, what a person should know though nothing went wrong."""
        return await awaited(self.blocking.take_notes)

    async def node_names(self) -> list[str]:
        """Return the names of all nodes."""
        return await awaited(self.blocking.node_names)

    async def package_names(self) -> list[str]:
        """Return the names of the built-in packages."""
        return await awaited(self.blocking.package_names)

    async def installed_packages(self) -> list[str]:
        """Return the names of the packages that are installed."""
        return await awaited(self.blocking.installed_packages)

    async def process_names(self) -> list[str]:
        """Return the addresses of all processes of running nodes."""
        return await awaited(self.blocking.process_names)

    async def script_names(self) -> list[str]:
        """Return what a line at the terminal may begin with."""
        return await awaited(self.blocking.script_names)

    async def transfer_ids(self) -> list[str]:
        """Return the ids of all transfers."""
        return await awaited(self.blocking.transfer_ids)

    async def offered_files(self, node: str | None = None) -> list[str]:
        """Return the names of the files in ``files`` drives."""
        return await awaited(self.blocking.offered_files, node)

    async def close(self) -> None:
        """Stop all nodes and end the net's thread."""
        await awaited(self.blocking.close)

    async def __aenter__(self) -> Self:
        """Return the net; leaving closes it."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the net."""
        await self.close()

    def __repr__(self) -> str:
        """Return one line about the net."""
        return repr(self.blocking)


def fakenet() -> FakeNet:
    """Return the notebook's net."""
    return FakeNet.of(portal.fakenet())
