"""The same interface as coroutines, for callers with an event loop of their own.

``await net.boot()``, ``await node.send(…)``: names and arguments are those of `FakeNet` and
`Node`. Attributes that do not wait (``node.name``, ``transfer.status``) are the same objects'.
A process may use it too: each call goes through a thread, so nothing waits for itself.
"""

import asyncio
from pathlib import Path
from typing import Any, Self

from kinode_nb import portal
from kinode_nb.types import Address, Answer

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

    async def send(self, target: str, message: str, package: str | None = None) -> None:
        """Send a chat message."""
        await asyncio.to_thread(self.blocking.send, target, message, package)

    async def history(self, peer: str, package: str | None = None) -> Any:  # DataFrame
        """Return the chat with a node."""
        return await asyncio.to_thread(self.blocking.history, peer, package)

    async def put(
        self, *files: Any, data: bytes | None = None, package: str | None = None
    ) -> list[Path]:
        """Copy files into the package's drive."""
        return await asyncio.to_thread(self.blocking.put, *files, data=data, package=package)

    async def list_files(self, node: str | None = None, package: str | None = None) -> Any:
        """Return what a node offers (DataFrame)."""
        return await asyncio.to_thread(self.blocking.list_files, node, package)

    async def download(
        self, file: str, provider: str, overwrite: bool = False, package: str | None = None
    ) -> Transfer:
        """Begin to download a file; await the transfer for its end."""
        return await asyncio.to_thread(self.blocking.download, file, provider, overwrite, package)

    async def hi(self, node: str, message: str) -> str:
        """Greet a node."""
        return await asyncio.to_thread(self.blocking.hi, node, message)

    async def request(self, target: Any, body: Any, timeout: int = 5, blob: Any = None) -> Answer:
        """Send a Request and wait for its Response."""
        return await asyncio.to_thread(self.blocking.request, target, body, timeout, blob)

    async def spawn(self, init: Any, name: str | None = None, **options: Any) -> Address:
        """Run an async function as a process."""
        return await asyncio.to_thread(self.blocking.spawn, init, name, **options)

    async def start(self, *packages: str) -> None:
        """Install and start packages on this node."""
        await asyncio.to_thread(self.blocking.start, *packages)

    async def stop(self) -> None:
        """Stop the node."""
        await asyncio.to_thread(self.blocking.stop)

    async def terminal(self, verbosity: int | None = None) -> str:
        """Return what the node's processes printed."""
        return await asyncio.to_thread(self.blocking.terminal, verbosity)

    async def log(self, **filters: Any) -> Any:
        """Return the node's messages (DataFrame)."""
        return await asyncio.to_thread(self.blocking.log, **filters)

    async def processes(self) -> Any:
        """Return the node's processes (DataFrame)."""
        return await asyncio.to_thread(self.blocking.processes)

    async def packages(self) -> Any:
        """Return the node's packages (DataFrame)."""
        return await asyncio.to_thread(self.blocking.packages)

    def __repr__(self) -> str:
        """Return one line about the node."""
        return repr(self.blocking)


class FakeNet:
    """A net of fake nodes; see `kinode_nb.portal.FakeNet`. Also an async context manager."""

    def __init__(self, seed: int = 0, clock: str = "real") -> None:
        """Make a net with a thread of its own."""
        self.blocking = portal.FakeNet(seed, clock)

    async def boot(self, name: str | None = None, **options: Any) -> Any:  # Node or list of them
        """Boot a node, or ``count`` of them."""
        booted = await asyncio.to_thread(self.blocking.boot, name, **options)
        return [Node(each) for each in booted] if isinstance(booted, list) else Node(booted)

    def node(self, name: str | None = None, port: int | None = None) -> Node:
        """Return a running node, or the current one."""
        return Node(self.blocking.node(name, port))

    async def start(self, *packages: str, node: str | None = None) -> None:
        """Install and start packages."""
        await asyncio.to_thread(self.blocking.start, *packages, node=node)

    async def stop(self, *names: str) -> None:
        """Stop nodes, or all."""
        await asyncio.to_thread(self.blocking.stop, *names)

    async def reset(self, seed: int | None = None) -> None:
        """Stop all, clear the log, and start a new net."""
        await asyncio.to_thread(self.blocking.reset, seed)

    async def nodes(self) -> Any:
        """Return all nodes (DataFrame)."""
        return await asyncio.to_thread(self.blocking.nodes)

    async def processes(self) -> Any:
        """Return all processes (DataFrame)."""
        return await asyncio.to_thread(self.blocking.processes)

    async def packages(self) -> Any:
        """Return all packages (DataFrame)."""
        return await asyncio.to_thread(self.blocking.packages)

    async def transfers(self, id: str | None = None) -> Any:
        """Return all transfers, or one over time (DataFrame)."""
        return await asyncio.to_thread(self.blocking.transfers, id)

    async def log(self, **filters: Any) -> Any:
        """Return the message log (DataFrame)."""
        return await asyncio.to_thread(self.blocking.log, **filters)

    async def close(self) -> None:
        """Stop all nodes and end the net's thread."""
        await asyncio.to_thread(self.blocking.close)

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
    net = FakeNet.__new__(FakeNet)
    net.blocking = portal.fakenet()
    return net
