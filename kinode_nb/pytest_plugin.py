"""For pytest: a fresh net of fake nodes for each test of a package.

    @pytest.mark.kinode(packages=["."], nodes=2)
    def test_they_chat(kinode_net, kinode_node):
        kinode_node.send("fake2.dev", "hello")

pytest loads this in every run of a person who has installed kinode_nb, so nothing of a net is
imported before a fixture is used. Options of a marker on the test go before those of its class and
module; an indirect parameter of ``kinode_net`` (a dict of them) goes before all.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kinode_nb.portal import FakeNet, Node

_MARKER = "kinode"
_LINES = 40  # of what a node's terminal has shown
_ROWS = 20  # of the message log
_BODY = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `pytest.mark.kinode` takes."""

    packages: Sequence[str | PathLike[str]] = ()
    """Started on every node: folders and zips below pytest's rootdir, or names of built-in ones."""
    nodes: int | Sequence[str] | None = None
    """How many are booted, or their names. Default: one where packages are named, else none."""
    seed: int = 0
    """Decides all ids and random names."""
    http: bool = False
    """Gives each node a port, the next free one; without it there is no HTTP."""
    verbosity: int = 0
    """How much the nodes' terminals show, from 0 to 3."""


_made = pytest.StashKey[tuple["FakeNet", Options]]()


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest know the marker."""
    names = ", ".join(each.name for each in fields(Options))
    config.addinivalue_line(
        "markers", f"{_MARKER}({names}): what the test's kinode_net is made with"
    )


@pytest.fixture
def kinode_net(request: pytest.FixtureRequest) -> "FakeNet":
    """Return a `kinode_nb.FakeNet` of the test's own, closed after it."""
    from kinode_nb.portal import FakeNet

    with _mistakes_in_one_line():
        options = _options(request)
        net = FakeNet(options.seed)
        request.addfinalizer(net.close)  # noqa: PT021 - a report tells of one that failed to start
        request.node.stash[_made] = net, options
        for name in _names(options):
            _boot(net, name, options)
        if options.packages:
            net.start(*(_place(each, request.config.rootpath) for each in options.packages))
    return net


@pytest.fixture
def kinode_node(request: pytest.FixtureRequest, kinode_net: "FakeNet") -> "Node":
    """Return the first node of `kinode_net`, booted if there is none yet."""
    with _mistakes_in_one_line():
        return kinode_net.current or _boot(kinode_net, None, request.node.stash[_made][1])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, where a test has failed, what its nodes have printed and sent."""
    report = yield
    made = item.stash.get(_made, None)
    if made is not None and report.failed:
        report.sections.extend(_told(made[0]))
    if made is not None and report.when == "teardown":
        del item.stash[_made]  # pytest keeps its items to the end
    return report


def _options(request: pytest.FixtureRequest) -> Options:
    """Return what the markers and the parameter say together; raises UsageError."""
    from kinode_nb.types import UsageError, nearest

    given: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):  # the closest comes last
        if marker.args:
            raise UsageError(f"the marker takes no plain values: write packages={[*marker.args]!r}")
        given |= marker.kwargs
    parameter = getattr(request, "param", {})
    if not isinstance(parameter, Mapping):
        raise UsageError(f"a parameter of kinode_net is a dict of options, not {parameter!r}")
    given |= parameter
    known = [each.name for each in fields(Options)]
    for name in given:
        if name not in known:
            hint = nearest(name, known) or f" There are {', '.join(known)}."
            raise UsageError(f"kinode_net has no option {name!r}.{hint}")
    return Options(**given)


def _names(options: Options) -> list[str | None]:
    """Return the names of the nodes to boot, None for the next free one; raises UsageError."""
    from kinode_nb.types import UsageError

    if isinstance(options.packages, str | PathLike):
        raise UsageError(f"packages is a list: write packages=[{options.packages!r}]")
    nodes = options.nodes
    if nodes is None:
        nodes = 1 if options.packages else 0
    if isinstance(nodes, int) and not isinstance(nodes, bool) and nodes >= 0:
        return [None] * nodes
    if isinstance(nodes, int | str):
        raise UsageError(f"nodes is how many, or a list of names, not {nodes!r}")
    return list(nodes)


def _boot(net: "FakeNet", name: str | None, options: Options) -> "Node":
    port = None if options.http else "none"
    return net.boot(name, port=port, verbosity=options.verbosity)


def _place(package: str | PathLike[str], root: Path) -> str:
    """Return what `start` finds the package by, wherever pytest was started."""
    place = root / package
    is_there = place.is_file() or (place / "metadata.json").is_file()
    return str(place if isinstance(package, PathLike) or is_there else package)


@contextmanager
def _mistakes_in_one_line() -> Iterator[None]:
    """Show what the person has to mend, and not how we came to know."""
    from kinode_nb.types import KinodeError

    try:
        yield
    except KinodeError as error:
        pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)


def _told(net: "FakeNet") -> Iterator[tuple[str, str]]:
    """Yield a section for each terminal that shows something, and one for the log."""
    for node in net.node_names():
        lines = net.terminal(node).splitlines()
        if lines:
            yield f"Terminal of {node}", "\n".join(lines[-_LINES:])
    rows = list(_messages(net))
    if rows:
        yield "Last messages", "\n".join(rows[-_ROWS:])


def _messages(net: "FakeNet") -> Iterator[str]:
    """Yield a line for each Request, Response and SendError of the log's last rows."""
    log: Any = net.log(last=_ROWS * 4)
    for row in log[log["kind"].isin(["request", "response", "send_error"])].itertuples():
        source = f"{row.source_node}@{row.source_process}"
        target = f"{row.target_node}@{row.target_process}"
        fate = f"{row.status}, {row.reason}" if isinstance(row.reason, str) else row.status
        body = str(row.body)
        shown = body if len(body) <= _BODY else f"{body[: _BODY - 1]}…"
        yield f"{row.seq} {row.kind} {source} → {target} ({fate}): {shown}"
