"""A net of fake nodes, as a person holds it: every verb that acts on the net is a method."""

import atexit
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack, overload

from kinode_nb.fake_net import Net
from kinode_nb.portal import packaging, printing, words, written
from kinode_nb.portal.bridge import Portal
from kinode_nb.portal.net_tables import NetTables
from kinode_nb.portal.node import Node
from kinode_nb.portal.options import BootOptions, ProcessOptions
from kinode_nb.portal.transfer import Transfer
from kinode_nb.portal.watchdog import everything
from kinode_nb.process_lib.syscalls import Written
from kinode_nb.system.http_server import TIMEOUT
from kinode_nb.types import NodeError, StuckError, UsageError

if TYPE_CHECKING:
    from kinode_nb.fake_net.node import Node as CoreNode
    from kinode_nb.kit.building import BuildOptions, Built
    from kinode_nb.kit.new import NewOptions
    from kinode_nb.portal.test_results import Results

_open: "weakref.WeakSet[FakeNet]" = weakref.WeakSet()
_PATIENCE = 5  # seconds until a net that a process holds up is left to its fate


class FakeNet(NetTables):
    """Fake nodes that can reach each other. Safe from any thread; also a context manager."""

    def __init__(self, seed: int = 0, clock: str = "real") -> None:
        """Make a net with a thread of its own; ``seed`` decides all ids and random names."""
        if clock != "real":
            raise UsageError(f"clock {clock!r} is not there yet: use 'real'")
        self._seed = seed
        self.portal = Portal()
        self.core: Net = self.portal.do(lambda: Net(seed))
        self._introduce()
        _open.add(self)

    @overload
    def boot(
        self, name: str | None = None, *, count: None = None, **options: Unpack[BootOptions]
    ) -> Node: ...

    @overload
    def boot(
        self, name: str | None = None, *, count: int, **options: Unpack[BootOptions]
    ) -> list[Node]: ...

    def boot(
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
        """Boot a node; ``count`` of them give a list.

        The name is fake.dev, fake2.dev, … unless given; ``port`` is a number, None (8080 or the
        next free one) or ``"none"``. A home that is not named with ``home`` is private, and
        removed when the node stops unless ``persist``. A node that runs already is returned when
        the options are the same; ``fresh`` boots it anew. ``http_timeout`` is how many seconds
        an answer may take that a process owes to an HTTP client, ``password`` what logs in to
        its `authenticated` paths (None: any). Raises NodeError, AddressError, UsageError; then
        nothing was made.
        """
        many = 1 if count is None else count
        if many < 1 or (many > 1 and (name or home or isinstance(port, int))):
            raise UsageError("count is 1 or more, and above 1 without a name, home or port")
        if name is not None:
            name = words.new_node_name(name)
        options: BootOptions = {
            "port": port,
            "home": home,
            "persist": persist,
            "placement": placement,
            "verbosity": words.verbosity(verbosity),
            "fresh": fresh,
            "http_timeout": words.seconds("http_timeout", http_timeout),
            "password": None if password is None else words.text("a password", password),
        }
        nodes: list[Node] = []
        try:
            for _ in range(many):
                core = self.portal.call(self.core.boot(name, **options))
                nodes.append(Node(self, core))
        except BaseException:
            for node in nodes:
                self.stop(node.name)
            raise
        return nodes[0] if count is None else nodes

    @property
    def current(self) -> Node | None:
        """The current node: the first booted, or the one that `use` chose."""
        core = self.core.current()
        return Node(self, core) if core else None

    def use(self, name: str) -> Node:
        """Make a running node the current one; raises NodeError."""
        return Node(self, self.portal.do(lambda: self.core.use(name)))

    def node(self, name: str | None = None, port: int | None = None) -> Node:
        """Return a running node by name or port, or the current one; raises NodeError."""
        node = Node(self, self.core.node(name, port))
        if name is not None and port is not None and self.core.node(name).name != node.name:
            raise UsageError(
                f"two nodes are named: {name} by its name, {node.name} by its port {port}. Name one"
            )
        return node

    def start(self, *packages: str, node: str | None = None) -> None:
        """Install and start packages on all nodes, or on one.

        A package is the name of a built-in one, or a folder; none given: the working folder.
        Raises PackageError, NodeError.
        """
        on = self._nodes(node, "start it on")
        self.portal.call(self.core.start(packaging.found(self, packages, node), on))

    def build(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        node: str | None = None,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder; see `kinode_nb.kit.building`.

        An API that lies in no folder is asked of ``node`` (default: the current one), then of
        ``download_from``. Raises PackageError, AddressError; then nothing was written.
        """
        return packaging.build(self, folder, node, download_from, options)

    def build_start_package(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        node: str | None = None,
        download_from: str | None = None,
        **options: Unpack["BuildOptions"],
    ) -> "Built":
        """Build the package in a folder, and start it on all nodes, or on one."""
        on = self._nodes(node, "start it on")
        built = packaging.build(self, folder, node, download_from, options)
        self.portal.call(self.core.start([built.package], on))
        return built

    def _nodes(self, name: str | None, purpose: str) -> "list[CoreNode]":
        """Return the nodes that run, or the one that is named; raises NodeError for none."""
        on = self.core.running() if name is None else [self.core.node(name)]
        if not on:
            raise NodeError(f"no node is running to {purpose}: %kinode boot starts one")
        return on

    def new(self, directory: str | os.PathLike[str], **options: Unpack["NewOptions"]) -> Path:
        """Make a package's folder from a template, and return it; see `kinode_nb.kit.new`.

        Raises UsageError, PackageError, AddressError; then nothing was made.
        """
        from kinode_nb.kit.new import new

        return new(directory, **options)

    def process(
        self, name: str, source: str | Written, *nodes: str, **options: Unpack[ProcessOptions]
    ) -> list[written.Outcome]:
        """Run Python text as a process on each of the nodes (default: the current one).

        Options and errors are those of `Node.process`; what is wrong is told before any begins.
        """
        on = {core.name: core for core in map(self.core.node, nodes or (None,))}
        return written.begin_text(self.portal, list(on.values()), name, source, **options)

    def run_tests(
        self, path: str | os.PathLike[str] = ".", *, junit: str | os.PathLike[str] | None = None
    ) -> "Results":
        """Run tests of packages, on nets of their own, which are gone afterwards.

        See docs/run-tests.md. Raises UsageError for a tests.toml that cannot be used.
        """
        from kinode_nb.portal.test_groups import run_groups

        notes = self.portal.do(lambda: self.core.notes)  # which is refused inside a process
        return run_groups(FakeNet, path, junit, notes.append)

    def remove(self, *packages: str, node: str | None = None) -> None:
        """Uninstall packages on all nodes that have them, or on one.

        A package is named by its name, its id, or its folder; none given: the working folder.
        Its processes end and its ``pkg`` drive goes; other drives and saved states stay. Raises
        PackageError, NodeError.
        """
        self.portal.call(self.core.remove(packages, self._nodes(node, "remove it from")))

    def stop(self, *names: str) -> None:
        """Stop nodes (none named: all, which never complains); temporary homes are removed."""
        core = self.core
        stopped = {core.known(name).name for name in names} or set(core.nodes)
        self.portal.call(core.stop(*names), ends=lambda found: found.address.node in stopped)

    def close(self) -> None:
        """Stop all nodes and end the net's thread."""
        if self in _open:
            _open.discard(self)
            try:
                self.portal.call(self.core.close(), _PATIENCE, ends=everything)
                patience = _PATIENCE
            except (TimeoutError, StuckError) as error:
                self._abandon(error)
                patience = 0
            self.portal.close(patience)

    def _abandon(self, error: Exception) -> None:
        """Leave a process that cannot be ended to its fate, but not its node's home."""
        self.core.abandon()
        why = f": {error}" if isinstance(error, StuckError) else ""
        self.portal.say(f"a process could not be ended, and keeps its thread{why}")

    def reset(self, seed: int | None = None) -> None:
        """Stop all, clear the log, and start a new net."""
        self._seed = self._seed if seed is None else seed
        self.portal.call(self.core.close(), ends=everything)
        self.core = self.portal.do(lambda: Net(self._seed))
        self._introduce()

    def _introduce(self) -> None:
        """Let the portal know which processes there are."""
        core = self.core
        self.portal.forget = core.forget
        self.portal.is_dead = lambda running: core.process_of(running) is None

    def transfer(self, id: str) -> Transfer:
        """Return a transfer by its id; raises TransferError."""
        return Transfer(self.portal, self.core, self.core.transfers.get(id))

    def terminal(self, node: str, verbosity: int | None = None) -> str:
        """Return what one node's processes printed, up to a verbosity (default: the node's)."""
        return "\n".join(self.printed(node, verbosity)[0])

    def printed(
        self, node: str, verbosity: int | None = None, start: int = 0
    ) -> tuple[list[str], int]:
        """Return what one node printed from a place of the log on, and the place after it."""
        core = self.core.known(node)
        limit = core.verbosity if verbosity is None else words.verbosity(verbosity)
        return printing.printed(self.core, core.name, limit, start)

    def follow(self, show: Callable[[str], None]) -> None:
        """Show every line that a node's terminal shows from now on; from the net's own thread."""
        printing.follow(self.core, show)

    def nest(self) -> None:
        """Let ``asyncio.run(…)`` work inside cells (nest-asyncio2); asyncio gets slower."""
        import nest_asyncio2

        nest_asyncio2.apply()

    def take_notes(self) -> list[str]:
        """Return, once, what a person should know though nothing went wrong."""
        notes, self.core.notes = self.core.notes, []
        return notes

    def __enter__(self) -> Self:
        """Return the net; leaving closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the net."""
        self.close()

    def __repr__(self) -> str:
        """Return one line: the nodes that run."""
        return f"<FakeNet {', '.join(each.name for each in self.core.running()) or 'no nodes'}>"


@atexit.register
def close_all() -> None:
    """Close every net that is still open: homes go with the machine process."""
    for net in list(_open):
        net.close()


_notebook: list[FakeNet] = []


def fakenet() -> FakeNet:
    """Return the notebook's net, made at the first call."""
    if not _notebook or _notebook[0] not in _open:
        _notebook[:] = [FakeNet()]
    return _notebook[0]
