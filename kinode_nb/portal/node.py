"""A node, as a person holds it: every verb that a node acts in is a method here."""

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from kinode_nb import frames
from kinode_nb.fake_net import exchange, injecting
from kinode_nb.fake_net.beginning import Wish, begin, checked
from kinode_nb.fake_net.node import Node as CoreNode
from kinode_nb.fake_net.node_rows import package_rows, process_rows
from kinode_nb.portal import packaging, words, written
from kinode_nb.portal.options import NodeLogFilters
from kinode_nb.portal.transfer import Transfer
from kinode_nb.portal.typing_lines import Typing
from kinode_nb.process_lib.syscalls import Written
from kinode_nb.types import (
    Address,
    Answer,
    Capability,
    LazyLoadBlob,
    NodeError,
    OnExit,
    ProcessId,
    SendError,
    UsageError,
    nearest,
)
from kinode_nb.types.injections import Injected

if TYPE_CHECKING:
    import pandas as pd

    from kinode_nb.kit.building import BuildOptions, Built
    from kinode_nb.portal.net import FakeNet

T = TypeVar("T")


class Node:
    """A fake node. Safe from any thread but the runtime's own."""

    def __init__(self, net: "FakeNet", core: CoreNode) -> None:
        """Hold a node of a net."""
        self._net = net
        self._core = core

    @property
    def name(self) -> str:
        """The node's name, such as ``fake.dev``."""
        return self._core.name

    @property
    def home(self) -> Path:
        """The folder of its files; drives are below ``vfs``."""
        return self._core.home

    @property
    def port(self) -> int | None:
        """Where it listens on 127.0.0.1; None without HTTP."""
        return self._core.port

    @property
    def status(self) -> str:
        """``running`` or ``stopped``."""
        return self._core.status

    @property
    def placement(self) -> str:
        """Where it runs: ``thread``."""
        return self._core.placement

    @property
    def pid(self) -> int | None:
        """The id of its subprocess; None for a node in a thread."""
        return self._core.pid

    def url(self, path: str = "/") -> str:
        """Return the address that a person's browser can open; raises NodeError without port."""
        if self.port is None:
            raise NodeError(f"{self.name} has no port: boot it with one to reach it by HTTP")
        path = "/" + path.lstrip("/")
        prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
        if prefix:
            return f"{prefix.rstrip('/')}/proxy/{self.port}{path}"
        return f"http://127.0.0.1:{self.port}{path}"

    def send(self, target: str, message: str, package: str | None = None) -> None:
        """Send a chat message; raises SendError (``Offline`` or ``Timeout``)."""
        target, message = self._node(target), words.text("a message", message)
        self._run(exchange.send(self._running(), target, message, package), target)

    def history(self, peer: str, package: str | None = None) -> "pd.DataFrame":
        """Return the chat with a node, oldest first."""
        known = self._net.core.known(self._node(peer)).name
        epoch = self._net.core.clock.epoch_ns
        return frames.history(self._run(exchange.history(self._running(), known, epoch, package)))

    def put(
        self,
        *files: str | os.PathLike[str],
        data: bytes | None = None,
        package: str | None = None,
    ) -> list[Path]:
        """Copy files of the machine into the package's ``files`` drive; returns their places.

        With ``data``, the one name given is that of a new file with these bytes.
        """
        words.files(files)
        if data is not None and not isinstance(data, bytes | bytearray | memoryview):
            raise UsageError(f"data must be bytes, not {type(data).__name__}")
        return self._run(exchange.put(self._running(), files, data, package))

    def list_files(self, node: str | None = None, package: str | None = None) -> "pd.DataFrame":
        """Return what a node (default: this one) offers."""
        node = None if node is None else self._node(node)
        rows = self._run(exchange.list_files(self._running(), node, package), node)
        return frames.files(rows)

    def download(
        self, file: str, provider: str, overwrite: bool = False, package: str | None = None
    ) -> Transfer:
        """Begin to download a file from a node; returns the transfer at once.

        A file that is there already is left when it is the same, and replaced only with
        ``overwrite``.
        """
        core, node = self._net.core, self._running()
        file, provider = words.text("a file's name", file), self._node(provider)

        def begin() -> Any:  # TransferRecord
            record, task = exchange.begin_download(
                node, core.transfers, file, provider, overwrite=overwrite, package=package
            )
            core.keep(task)
            return record

        return Transfer(self._net.portal, core, self._net.portal.do(begin))

    def hi(self, node: str, message: str) -> str:
        """Greet a node; returns what Kinode's terminal prints of it."""
        node, message = self._node(node), words.text("a message", message)
        said = self._run(self._running().hi(node, message))
        known = self._net.core.nodes
        hint = nearest(node, known) if node not in known else ""
        return f"{said}.{hint}" if hint else said

    def terminal(self, verbosity: int | None = None) -> str:
        """Return what the node's processes printed, up to a verbosity (default: the node's)."""
        return self._net.terminal(self.name, verbosity)

    def printed(self, verbosity: int | None = None, start: int = 0) -> tuple[list[str], int]:
        """Return what was printed from a place of the log on, and the place after it."""
        return self._net.printed(self.name, verbosity, start)

    def type_line(
        self,
        line: str,
        say: Callable[[str], None] | None = None,
        show: Callable[[Transfer], object] | None = None,
    ) -> str:
        """Type a line at the node's terminal; returns what was printed because of it.

        Waits until the script, and what it began to download, have ended; ``say`` is told of each
        text as it is printed, ``show`` of each transfer. Raises ScriptError, TransferError or
        UsageError when the line failed.
        """
        typed = Typing(self._net.portal, self._net.core, self._running())
        return typed.run(words.text("a line", line), say, show)

    def request(
        self,
        target: Address | ProcessId | str,
        body: Any,
        timeout: int = 5,
        blob: LazyLoadBlob | bytes | None = None,
    ) -> Answer:
        """Send a Request and wait for its Response; raises SendError.

        A body of bytes goes as it is; anything else, text too, becomes JSON: unlike in `inject`,
        text needs no quotes of JSON.
        """
        return self._run(self._running().request(target, body, timeout, blob))

    def inject(
        self,
        process: ProcessId | str,
        body: Any,
        *,
        node: str | None = None,
        blob: LazyLoadBlob | bytes | None = None,
        wait: bool = True,
    ) -> Injected | None:
        """Send a message in the name of the node's http-server, as kit's ``inject-message`` does.

        ``node`` is the target's (default: this one); a short name of a process will do where one
        process there has it. Text and bytes are the body's raw JSON (text as ``'"hi"'``, unlike
        in `request`); anything else becomes JSON. The repr of the Response is what kit prints;
        without ``wait`` nothing is awaited. Raises SendError, at once where no Response can come.
        """
        entry = self._running()
        at = entry.name if node is None else self._node(node)
        target = Address(at, words.process_at(process, self._net.core.nodes.get(at)))
        if isinstance(blob, bytes):
            blob = LazyLoadBlob(blob, "application/octet-stream")
        message = injecting.inject(entry, target, words.json_body(body), blob=blob, wait=wait)
        return self._run(message, target.node)

    def spawn(
        self,
        init: Callable[..., Any] | str | os.PathLike[str],
        name: str | None = None,
        public: bool = False,
        capabilities: Sequence[Capability] | None = None,
        on_exit: str | OnExit = "none",
        package: str | None = None,
    ) -> Address:
        """Run an async function ``init(our)`` as a process, of ``notebook:template.os``.

        A path is that of a .py file of the machine with such a function in it. ``on_exit`` is
        ``none``, ``restart`` or an OnExit; ``package`` the installed one that it belongs to.
        Raises UsageError for what is neither, AddressError and PackageError.
        """
        node = self._running()
        program = written.program(init)
        wish = Wish(
            name,
            package=package,
            public=public,
            capabilities=None if capabilities is None else tuple(capabilities),
            on_exit=written.read_on_exit(on_exit),
        )
        return self._net.portal.do(lambda: begin(node, program, checked(node, wish), wish).address)

    def process(
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
        """Run Python text as a process, as a ``%%kinode process`` cell does.

        It may use vfs, and the network unless not ``networking``, or what ``capabilities`` are
        given. ``given`` are names that the text finds, with values that are copied. Returns when
        it waits for its first message. Raises what `spawn` does, also for text that is no such
        process, and CrashError for one that an error has ended by then.
        """
        (outcome,) = written.begin_text(
            self._net.portal,
            [self._running()],
            words.text("a name", name),
            source if isinstance(source, Written) else words.text("a process's text", source),
            public=public,
            package=package,
            networking=networking,
            capabilities=capabilities,
            on_exit=on_exit,
            given=given,
        )
        return outcome.address

    def kill(self, process: Address | ProcessId | str) -> ProcessId:
        """End a process, also one that never yields; its OnExit is not honoured.

        A short name will do where one process has it; returns the whole. Raises UsageError for
        what is not there, and for a process that belongs to the node itself; StuckError for one
        that is in a call which Python cannot interrupt, and ends when that returns.
        """
        core = self._running()
        id_ = words.process(process, core)
        if id_.publisher_node == "sys":
            raise UsageError(
                f"{id_} belongs to {core.name} itself, which cannot do without it: "
                f"%kinode stop {core.name} stops the node"
            )
        target = Address(core.name, id_)
        self._net.portal.do(lambda: core.kill(id_), ends=lambda found: found.address == target)
        return id_

    def start(self, *packages: str) -> None:
        """Install and start packages on this node."""
        self._net.start(*packages, node=self.name)

    def build(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder, with APIs that this node has; see `FakeNet.build`."""
        return self._net.build(folder, node=self.name, download_from=download_from, **options)

    def build_start_package(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder, and start it on this node."""
        return self._net.build_start_package(
            folder, node=self.name, download_from=download_from, **options
        )

    @overload
    def view_api(self, package: None = None, *, download_from: str | None = None) -> list[str]: ...

    @overload
    def view_api(self, package: str, *, download_from: str | None = None) -> dict[str, str]: ...

    def view_api(
        self, package: str | None = None, *, download_from: str | None = None
    ) -> list[str] | dict[str, str]:
        """Return the WIT of an installed package, by its files' names; raises PackageError.

        Where this node has none, ``download_from`` is asked. Without a package, the ids of those
        that have an API.
        """
        if package is None:
            return packaging.installed(self).ids()
        package = words.text("a package's name", package)
        return packaging.texts(self._net, self, package, download_from)

    def remove(self, *packages: str) -> None:
        """Uninstall packages on this node."""
        self._net.remove(*packages, node=self.name)

    def stop(self) -> None:
        """Stop the node; a temporary home is removed."""
        self._net.stop(self.name)

    def processes(self) -> "pd.DataFrame":
        """Return the node's processes."""
        return frames.processes(
            self._net.portal.read(lambda blocking: process_rows(self._core, blocking))
        )

    def packages(self) -> "pd.DataFrame":
        """Return the node's packages."""
        return frames.packages(self._net.portal.read(lambda _: package_rows(self._core)))

    def log(
        self, *, save: str | os.PathLike[str] | None = None, **filters: Unpack[NodeLogFilters]
    ) -> "pd.DataFrame":
        """Return the messages whose source or target is this node (see `FakeNet.log`)."""
        return self._net.log(node=self.name, save=save, **filters)

    def _running(self) -> CoreNode:
        if self._core.status != "running":
            raise NodeError(f"{self.name} is stopped: boot it again")
        return self._core

    def _node(self, given: object) -> str:
        return self.name if given == "our" else words.node_name(given, self._net.core)

    def _run(self, work: Coroutine[Any, Any, T], target: str | None = None) -> T:
        try:
            return self._net.portal.call(work)
        except SendError as error:
            if target is not None and target not in self._net.core.nodes:
                hint = nearest(target, self._net.core.nodes)
                error.reason = f"{target} is offline or does not exist.{hint}"
            error.tell(self._net.core.crashes.story_in(error.reason))
            raise

    def __eq__(self, other: object) -> bool:
        """Two handles of one node are equal."""
        return isinstance(other, Node) and other._core is self._core

    def __hash__(self) -> int:
        """Hash as the node that it holds."""
        return hash(id(self._core))

    def __repr__(self) -> str:
        """Return one line; the home is left out, so that no notebook stores a machine's paths."""
        port = f"port {self.port}" if self.port else "no HTTP"
        return f"<Node {self.name}: {self.status}, {port}>"
