"""A node, for those who wait in an event loop."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from kinode_nb import portal
from kinode_nb.aio.transfer import Transfer
from kinode_nb.portal import awaited
from kinode_nb.portal.options import NodeLogFilters
from kinode_nb.process_lib.syscalls import Written
from kinode_nb.types import Address, Answer, Capability, LazyLoadBlob, OnExit, ProcessId
from kinode_nb.types.injections import Injected

if TYPE_CHECKING:
    import pandas as pd

    from kinode_nb.kit.building import BuildOptions, Built


class Node:
    """A fake node; see `kinode_nb.portal.Node` for what the methods do and raise."""

    def __init__(self, blocking: portal.Node) -> None:
        """Wrap the blocking handle of a node."""
        self.blocking = blocking

    @property
    def name(self) -> str:
        """The node's name, such as ``fake.dev``."""
        return self.blocking.name

    @property
    def home(self) -> Path:
        """The folder of its files; drives are below ``vfs``."""
        return self.blocking.home

    @property
    def port(self) -> int | None:
        """Where it listens on 127.0.0.1; None without HTTP."""
        return self.blocking.port

    @property
    def status(self) -> str:
        """``running`` or ``stopped``."""
        return self.blocking.status

    @property
    def placement(self) -> str:
        """Where it runs: ``thread``."""
        return self.blocking.placement

    @property
    def pid(self) -> int | None:
        """The id of its subprocess; None for a node in a thread."""
        return self.blocking.pid

    def url(self, path: str = "/") -> str:
        """Return the address that a person's browser can open; raises NodeError without port."""
        return self.blocking.url(path)

    async def send(self, target: str, message: str, package: str | None = None) -> None:
        """Send a chat message; raises SendError (``Offline`` or ``Timeout``)."""
        await awaited(self.blocking.send, target, message, package)

    async def history(self, peer: str, package: str | None = None) -> "pd.DataFrame":
        """Return the chat with a node, oldest first."""
        return await awaited(self.blocking.history, peer, package)

    async def put(
        self,
        *files: str | os.PathLike[str],
        data: bytes | None = None,
        package: str | None = None,
    ) -> list[Path]:
        """Copy files of the machine into the package's ``files`` drive; returns their places.

        With ``data``, the one name given is that of a new file with these bytes.
        """
        return await awaited(self.blocking.put, *files, data=data, package=package)

    async def list_files(
        self, node: str | None = None, package: str | None = None
    ) -> "pd.DataFrame":
        """Return what a node (default: this one) offers."""
        return await awaited(self.blocking.list_files, node, package)

    async def download(
        self, file: str, provider: str, overwrite: bool = False, package: str | None = None
    ) -> Transfer:
        """Begin to download a file from a node; await the transfer for its end."""
        return Transfer(await awaited(self.blocking.download, file, provider, overwrite, package))

    async def hi(self, node: str, message: str) -> str:
        """Greet a node; returns what Kinode's terminal prints of it."""
        return await awaited(self.blocking.hi, node, message)

    async def terminal(self, verbosity: int | None = None) -> str:
        """Return what the node's processes printed, up to a verbosity (default: the node's)."""
        return await awaited(self.blocking.terminal, verbosity)

    async def printed(self, verbosity: int | None = None, start: int = 0) -> tuple[list[str], int]:
        """Return what was printed from a place of the log on, and the place after it."""
        return await awaited(self.blocking.printed, verbosity, start)

    async def type_line(
        self,
        line: str,
        say: Callable[[str], None] | None = None,
        show: Callable[[Transfer], object] | None = None,
    ) -> str:
        """Type a line at the node's terminal; returns what was printed because of it.

        ``say`` and ``show`` are called from another thread.
        """
        shown = None if show is None else lambda transfer: show(Transfer(transfer))
        return await awaited(self.blocking.type_line, line, say, shown)

    async def request(
        self,
        target: Address | ProcessId | str,
        body: Any,
        timeout: int = 5,
        blob: LazyLoadBlob | bytes | None = None,
    ) -> Answer:
        """Send a Request and wait for its Response; raises SendError.

        A body of bytes goes as it is; anything else, text too, becomes JSON.
        """
        return await awaited(self.blocking.request, target, body, timeout, blob)

    async def inject(
        self,
        process: ProcessId | str,
        body: Any,
        *,
        node: str | None = None,
        blob: LazyLoadBlob | bytes | None = None,
        wait: bool = True,
    ) -> Injected | None:
        """Send a message in http-server's name, as kit does; text is the body's raw JSON."""
        return await awaited(self.blocking.inject, process, body, node=node, blob=blob, wait=wait)

    async def spawn(
        self,
        init: Callable[..., Any] | str | os.PathLike[str],
        name: str | None = None,
        public: bool = False,
        capabilities: Sequence[Capability] | None = None,
        on_exit: str | OnExit = "none",
        package: str | None = None,
    ) -> Address:
        """Run an async function ``init(our)`` as a process, of ``notebook:template.os``."""
        return await awaited(
            self.blocking.spawn, init, name, public, capabilities, on_exit, package
        )

    async def process(
        self,
        name: str,
        source: str | Written,
        *,
        public: bool = True,
        package: str | None = None,
        networking: bool = True,
        capabilities: Sequence[Capability] | None = None,
        on_exit: str | OnExit = "none",
        given: Mapping[str, Any] | None = None,
    ) -> Address:
        """Run Python text as a process, as a ``%%kinode process`` cell does."""
        return await awaited(
            self.blocking.process,
            name,
            source,
            public=public,
            package=package,
            networking=networking,
            capabilities=capabilities,
            on_exit=on_exit,
            given=given,
        )

    async def kill(self, process: Address | ProcessId | str) -> ProcessId:
        """End a process, also one that never yields; its OnExit is not honoured."""
        return await awaited(self.blocking.kill, process)

    async def start(self, *packages: str) -> None:
        """Install and start packages on this node."""
        await awaited(self.blocking.start, *packages)

    async def build(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder, with APIs that this node has."""
        return await awaited(
            lambda: self.blocking.build(folder, download_from=download_from, **options)
        )

    async def build_start_package(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder, and start it on this node."""
        return await awaited(
            lambda: self.blocking.build_start_package(
                folder, download_from=download_from, **options
            )
        )

    @overload
    async def view_api(
        self, package: None = None, *, download_from: str | None = None
    ) -> list[str]: ...

    @overload
    async def view_api(
        self, package: str, *, download_from: str | None = None
    ) -> dict[str, str]: ...

    async def view_api(
        self, package: str | None = None, *, download_from: str | None = None
    ) -> list[str] | dict[str, str]:
        """Return the WIT of an installed package; without one, the ids of those with an API."""
        if package is None:
            return await awaited(lambda: self.blocking.view_api(download_from=download_from))
        return await awaited(lambda: self.blocking.view_api(package, download_from=download_from))

    async def remove(self, *packages: str) -> None:
        """Uninstall packages on this node."""
        await awaited(self.blocking.remove, *packages)

    async def stop(self) -> None:
        """Stop the node; a temporary home is removed."""
        await awaited(self.blocking.stop)

    async def processes(self) -> "pd.DataFrame":
        """Return the node's processes."""
        return await awaited(self.blocking.processes)

    async def packages(self) -> "pd.DataFrame":
        """Return the node's packages."""
        return await awaited(self.blocking.packages)

    async def log(
        self, *, save: str | os.PathLike[str] | None = None, **filters: Unpack[NodeLogFilters]
    ) -> "pd.DataFrame":
        """Return the messages whose source or target is this node (see `FakeNet.log`)."""
        return await awaited(lambda: self.blocking.log(save=save, **filters))

    def __eq__(self, other: object) -> bool:
        """Two handles of one node are equal."""
        return isinstance(other, Node) and other.blocking == self.blocking

    def __hash__(self) -> int:
        """Hash as the node that it holds."""
        return hash(self.blocking)

    def __repr__(self) -> str:
        """Return one line about the node."""
        return repr(self.blocking)
