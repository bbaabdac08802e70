"""The same interface as coroutines, for callers with an event loop of their own.

``await net.boot()``, ``await node.send(…)``: names and arguments are those of `FakeNet` and
`Node`. Attributes that do not wait (``node.name``, ``transfer.status``) are the same objects'.
A process may use it too: each call goes through a thread, so nothing waits for itself. An
interrupt, or a cancellation, ends the waiting and what was waited for.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack, overload

from kinode_nb import portal
from kinode_nb.portal import awaited
from kinode_nb.portal.net import BootOptions
from kinode_nb.types import Address, Answer, ProcessId
from kinode_nb.types.injections import Injected

if TYPE_CHECKING:
    import pandas as pd

    from kinode_nb.kit.new import NewOptions

Transfer = portal.Transfer
"""A transfer is awaitable as it is: ``await transfer``."""


class Node:
    """A fake node; see `kinode_nb.portal.Node` for what the methods do and raise."""

    def __init__(self, blocking: portal.Node) -> None:
        """Wrap the blocking handle of a node."""
        self.blocking = blocking

    def __getattr__(self, name: str) -> Any:
        """Give what does not wait, such as ``name``, ``home``, ``port``, ``status`` and ``url``."""
        if name in ("name", "home", "port", "status", "placement", "pid", "url"):
            return getattr(self.blocking, name)
        raise AttributeError(f"a node has no {name!r}")

    def __eq__(self, other: object) -> bool:
        """Two handles of one node are equal."""
        return isinstance(other, Node) and other.blocking == self.blocking

    def __hash__(self) -> int:
        """Hash as the node that it holds."""
        return hash(self.blocking)

    async def send(self, target: str, message: str, package: str | None = None) -> None:
        """Send a chat message."""
        await awaited(self.blocking.send, target, message, package)

    async def history(self, peer: str, package: str | None = None) -> "pd.DataFrame":
        """Return the chat with a node."""
        return await awaited(self.blocking.history, peer, package)

    async def put(
        self, *files: Any, data: bytes | None = None, package: str | None = None
    ) -> list[Path]:
        """Copy files into the package's drive."""
        return await awaited(self.blocking.put, *files, data=data, package=package)

    async def list_files(
        self, node: str | None = None, package: str | None = None
    ) -> "pd.DataFrame":
        """Return what a node offers."""
        return await awaited(self.blocking.list_files, node, package)

    async def download(
        self, file: str, provider: str, overwrite: bool = False, package: str | None = None
    ) -> Transfer:
        """Begin to download a file; await the transfer for its end."""
        return await awaited(self.blocking.download, file, provider, overwrite, package)

    async def hi(self, node: str, message: str) -> str:
        """Greet a node."""
        return await awaited(self.blocking.hi, node, message)

    async def type_line(self, line: str, say: Any = None, show: Any = None) -> str:
        """Type a line at the node's terminal; return what was printed because of it."""
        return await awaited(self.blocking.type_line, line, say, show)

    async def request(self, target: Any, body: Any, timeout: int = 5, blob: Any = None) -> Answer:
        """Send a Request and wait for its Response; a body that is no bytes becomes JSON."""
        return await awaited(self.blocking.request, target, body, timeout, blob)

    async def inject(
        self,
        process: Any,
        body: Any,
        *,
        node: str | None = None,
        blob: Any = None,
        wait: bool = True,
    ) -> Injected | None:
        """Send a message in http-server's name, as kit does; text is the body's raw JSON."""
        return await awaited(self.blocking.inject, process, body, node=node, blob=blob, wait=wait)

    async def spawn(self, init: Any, name: str | None = None, **options: Any) -> Address:
        """Run an async function as a process."""
        return await awaited(self.blocking.spawn, init, name, **options)

    async def kill(self, process: Address | ProcessId | str) -> ProcessId:
        """End a process, also one that never yields."""
        return await awaited(self.blocking.kill, process)

    async def start(self, *packages: str) -> None:
        """Install and start packages on this node."""
        await awaited(self.blocking.start, *packages)

    async def remove(self, *packages: str) -> None:
        """Uninstall packages on this node."""
        await awaited(self.blocking.remove, *packages)

    async def stop(self) -> None:
        """Stop the node."""
        await awaited(self.blocking.stop)

    async def terminal(self, verbosity: int | None = None) -> str:
        """Return what the node's processes printed."""
        return await awaited(self.blocking.terminal, verbosity)

    async def printed(self, verbosity: int | None = None, start: int = 0) -> tuple[list[str], int]:
        """Return what was printed from a place of the log on, and the place after it."""
        return await awaited(self.blocking.printed, verbosity, start)

    async def log(self, **filters: Any) -> "pd.DataFrame":
        """Return the node's messages."""
        return await awaited(self.blocking.log, **filters)

    async def processes(self) -> "pd.DataFrame":
        """Return the node's processes."""
        return await awaited(self.blocking.processes)

    async def packages(self) -> "pd.DataFrame":
        """Return the node's packages."""
        return await awaited(self.blocking.packages)

    def __repr__(self) -> str:
        """Return one line about the node."""
        return repr(self.blocking)


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

    async def boot(self, name: str | None = None, **options: Any) -> Node | list[Node]:
        """Boot a node, or ``count`` of them, which give a list."""
        booted: portal.Node | list[portal.Node] = await awaited(
            lambda: self.blocking.boot(name, **options)
        )
        return [Node(each) for each in booted] if isinstance(booted, list) else Node(booted)

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

    async def new(self, directory: str | os.PathLike[str], **options: Unpack["NewOptions"]) -> Path:
        """Make a package's folder from a template, and return it."""
        return await awaited(self.blocking.new, directory, **options)

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

    async def log(self, **filters: Any) -> "pd.DataFrame":
        """Return the message log."""
        return await awaited(self.blocking.log, **filters)

    def transfer(self, id: str) -> Transfer:
        """Return a transfer by its id."""
        return self.blocking.transfer(id)

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
