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
    """Started on every node: folders and zips, or names of built-in ones.

    A relative path is one from the package that the test's file lies in, else from pytest's
    rootdir, else from where pytest was started.
    """
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


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the code of packages: a process may be called like a test's file, and is none."""
    is_pkg = collection_path.name == "pkg" and (collection_path / "manifest.json").is_file()
    return True if is_pkg and (collection_path.parent / "metadata.json").is_file() else None


@pytest.fixture
def kinode_net(request: pytest.FixtureRequest) -> "FakeNet":
    """Return a `kinode_nb.FakeNet` of the test's own, closed after it."""
    from kinode_nb.portal import FakeNet

    with _mistakes_in_one_line():
        options = _options(request)
        places = [_place(each, request) for each in options.packages]
        net = FakeNet(options.seed)
        request.addfinalizer(net.close)  # noqa: PT021 - a report tells of one that failed to start
        request.node.stash[_made] = net, options
        for name in _names(options):
            _boot(net, name, options)
        if places:
            net.start(*places)
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
    options = Options(**given)
    _check(options)
    return options


def _check(options: Options) -> None:
    """Raise UsageError for a value that is of another type than the option."""
    from kinode_nb.types import UsageError

    packages: object = options.packages
    if isinstance(packages, str | PathLike):
        raise UsageError(f"packages is a list: write packages=[{packages!r}]")
    is_list = isinstance(packages, Sequence)
    if not is_list or not all(isinstance(each, str | PathLike) for each in options.packages):
        raise UsageError(f"packages is a list of folders, zips and names, not {packages!r}")
    if type(options.seed) is not int:
        raise UsageError(f"seed is a whole number, not {options.seed!r}")
    if type(options.http) is not bool:
        raise UsageError(f"http is True or False, not {options.http!r}")


def _names(options: Options) -> list[str | None]:
    """Return the names of the nodes to boot, None for the next free one; raises UsageError."""
    from kinode_nb.types import UsageError

    nodes: object = options.nodes
    if nodes is None:
        nodes = 1 if options.packages else 0
    if isinstance(nodes, int) and not isinstance(nodes, bool) and nodes >= 0:
        return [None] * nodes
    names: list[str | None] = [None]
    if isinstance(nodes, Sequence) and not isinstance(nodes, str):
        names = list(nodes)
    if not all(isinstance(each, str) for each in names):
        raise UsageError(f"nodes is how many, or a list of names, not {nodes!r}")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"nodes has {name!r} twice: each node has a name of its own")
    return names


def _boot(net: "FakeNet", name: str | None, options: Options) -> "Node":
    port = None if options.http else "none"
    return net.boot(name, port=port, verbosity=options.verbosity)


def _place(package: str | PathLike[str], request: pytest.FixtureRequest) -> str:
    """Return what `start` finds the package by, wherever pytest was started; raises UsageError."""
    from kinode_nb.types import UsageError

    bases = (
        *_package_around(request.path),
        request.config.rootpath,
        request.config.invocation_params.dir,
    )
    places = list(dict.fromkeys((base / package).resolve() for base in bases))
    for place in places:
        if (place / "metadata.json").is_file() or (place.suffix == ".zip" and place.is_file()):
            return str(place)
    if isinstance(package, str) and "/" not in package and package.strip("."):
        return package
    looked = ", ".join(map(str, places))
    raise UsageError(
        f"there is no package {str(package)!r}: no metadata.json, nor a zip, at {looked}"
    )


def _package_around(file: Path) -> list[Path]:
    """Return the folder of the package that a file lies in, if it is in one."""
    return [each for each in file.parents if (each / "metadata.json").is_file()][:1]


@contextmanager
def _mistakes_in_one_line() -> Iterator[None]:
    """Show what the person has to mend, and not how we came to know."""
    from kinode_nb.types import KinodeError

    try:
        yield
    except KinodeError as error:
        mistake = f"{type(error).__name__}: {error}"
        raise pytest.fail.Exception(mistake, pytrace=False) from None


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
