"""Lines: whatever is typed, the line ends, and what a person did wrong is said in our own words."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kinode_nb.notebook import cell
from kinode_nb.notebook.commands import VERBS
from kinode_nb.notebook.line import run_line
from kinode_nb.notebook.terminal_line import filled
from kinode_nb.notebook.values import expander
from kinode_nb.notebook.words import quote, split
from kinode_nb.types import KinodeError, NodeError
from tests.fuzz.bodies import mostly
from tests.fuzz.vfs_bodies import PATHS
from tests.fuzz.world import World
from tests.notebook.pretend_net import Listener, PretendNet, PretendNode, PretendTransfer

PACKAGE = "chat-with-file-transfer"
_TEXT = st.text(max_size=8)
_NODES = mostly(
    st.sampled_from(["fake.dev", "far.dev", "our", "no.dev"]),
    st.sampled_from(["", "@", "a@b", "é.dev", "FAKE.dev", "a" * 300, "\0"]),
    _TEXT,
)
_PROCESSES = mostly(
    st.sampled_from(["app:notebook:template.os", "vfs:distro:sys", "no:such:process"]),
    st.sampled_from(["terminal:terminal:sys", "kernel:distro:sys", "a:b", "a_b:c:d", "::", "our"]),
    _TEXT,
)
# The terminal can end itself, and every process of a package: then it would be gone for the next.
_VICTIMS = mostly(
    st.sampled_from(["prey:notebook:template.os", "vfs:distro:sys", "net:distro:sys"]),
    st.sampled_from(["no:such:process", "kernel:distro:sys", "a:b", "::", ""]),
    _TEXT,
)
_SECONDS = mostly(
    st.sampled_from(["1", "5"]),
    st.sampled_from(["0", "-1", "1.5", "", "²", "9" * 30, "9" * 500, "9" * 5000]),
    _TEXT,
)
_BODIES = mostly(
    st.sampled_from(['\'{"Debug": "ProcessMap"}\'', "'\"hi\"'", '{"a":1}', "''"]),
    st.sampled_from(["'", '"', "'{", "'a' 'b'", '\'{"KillProcess": "vfs:distro:sys"}\'']),
    _TEXT,
)
_FILES = mostly(st.sampled_from(["my_file.txt", "no.txt", "../x", "/etc/passwd"]), PATHS, _TEXT)


def _words(*strategies: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*strategies).map(" ".join)


_SCRIPTS = (
    _words(st.just("hi"), _NODES, _TEXT),
    _words(st.just("m"), st.tuples(_NODES, _PROCESSES).map("@".join), _BODIES),
    _words(st.just("m"), st.tuples(_NODES, _PROCESSES).map("@".join), _BODIES, st.just("-a"))
    .flatmap(lambda line: _SECONDS.map(lambda seconds: f"{line} {seconds}")),
    _words(st.just("cat"), _FILES),
    _words(st.just("kill"), _VICTIMS),
    _words(st.just("top"), mostly(_PROCESSES, st.just("-c"), _TEXT)),
    _words(st.just("alias"), mostly(st.sampled_from(["x", "hi"]), _TEXT), _PROCESSES),
    _words(st.sampled_from(["echo", "peer", "peers", "help", "net-diagnostics", "kfetch"]), _TEXT),
    _words(st.just(f"send:{PACKAGE}:template.os"), _NODES, _TEXT),
    _words(st.just(f"download:{PACKAGE}:template.os"), _FILES, _NODES),
    _words(st.just("list_files:file_transfer:template.os"), _NODES),
    _words(_PROCESSES, _TEXT),
)  # fmt: skip
LINES = mostly(
    st.one_of(_SCRIPTS),
    st.one_of(_SCRIPTS).map(lambda line: line.replace(" ", "  ")),
    st.one_of(_SCRIPTS).map(lambda line: line.split(" ")[0]),
    _TEXT,
    st.just(" " * 1000),
)


@pytest.fixture(scope="module")
def world(worlds):
    world = worlds("home", "far")
    world.run(world.net.start([PACKAGE, "file-transfer"], on=world.net.running()))
    drive = world.root / "far" / "vfs" / f"{PACKAGE}:template.os" / "files"
    (drive / "my_file.txt").write_bytes(b"to be had")
    return world


async def typed(world: World, text: str) -> None:
    """Type a line, and wait for the end of all that it began."""
    world.handle(world.node, "prey")
    line = world.node.scripts.type(text, world.net.transfers, 0)
    try:
        async with asyncio.timeout(3600):
            while await line.news() is not None:
                pass
        failure = line.failure()
        assert failure is None or isinstance(failure, KinodeError)
        assert "ended with an error" not in str(failure), failure
    except TimeoutError:
        raise AssertionError(f"{text!r} does not end") from None
    finally:
        line.close()


@given(line=LINES)
@example(line=f"send:{PACKAGE}:template.os our it was sent again and again")
@example(line="m our@vfs:distro:sys '{}' -a " + "9" * 500)
@example(line="m our@vfs:distro:sys '{}' -a " + "9" * 5000)
def test_a_line_ends_whatever_it_says(world, line):
    world.run(typed(world, line))


# ---------------------------------------------------------------- the notebook's own grammar

_NAMES = {"x": 1, "name": "fake.dev", "body": {"Send": 1}, "nothing": None, "data": b"\xff"}
_PIECES = st.sampled_from(
    [
        *("'", '"', "\\", "$", "${", "{", "}", "{{", "}}", ";", "#", " ", "  ", "\n", "\t", "\r"),
        *("$x", "${x}", "{x}", "$name.dev", "{body}", "{1/0}", "{x + 1}", "{no_such}", "{nothing}"),
        *(
            "a",
            "-n",
            "--",
            "--node",
            "-p",
            "=",
            "hi",
            "kit",
            "é",
            "\0",
            "\u2028",
            "\ud800",
            "{data}",
        ),
    ]
)
TEXTS = st.lists(mostly(_PIECES, _TEXT), max_size=12).map("".join)


@given(text=TEXTS)
@example(text="{" * 30 + "}" * 30)
@example(text="\\\n ")
def test_words_are_split_or_the_mistake_is_ours_to_tell(text):
    with contextlib.suppress(KinodeError):
        split(text, expander(_NAMES))
    with contextlib.suppress(KinodeError):
        filled(text, expander(_NAMES))
    for line in cell.lines(text):
        assert line.text.strip()
    word = split(quote(text))
    assert [each.text for each in word] == [text]


_FLAGS = sorted({name for verb in VERBS for flag in verb.flags for name in flag.names})
_VALUES = mostly(
    st.sampled_from(["fake.dev", "fake2.dev", "chat", "my_file.txt", "1", "8081", "t1", "a:b:c"]),
    st.sampled_from(
        ["", "-", "--", "-1", "nan", "1e400", "9" * 5000, "{}", "'{\"a\":1}'", "\ud800"]
    ),
    _TEXT,
)
ARGUMENTS = st.lists(
    mostly(
        _VALUES,
        st.sampled_from(_FLAGS),
        st.builds("{}={}".format, st.sampled_from(_FLAGS), _VALUES),
    ),
    max_size=5,
)
# These reach for what is no part of the net: the machine's files, the Jupyter kernel's event loop.
_NOT_HERE = {"put", "nest", "new", "build", "build-start-package", "run-tests"}
_NAMES_OF_VERBS = sorted(
    {name for verb in VERBS if verb.name not in _NOT_HERE for name in verb.names}
)


class Net(PretendNet):
    """One that has other ports than two, and no node at them."""

    def node(self, name: str | None = None, port: int | None = None) -> PretendNode:
        if port not in {None, 8080, 8081}:
            raise NodeError(f"no node listens on port {port}")
        return super().node(name, port)


@given(verb=st.sampled_from(_NAMES_OF_VERBS), arguments=ARGUMENTS, kit=st.booleans())
def test_a_verb_does_something_or_tells_the_mistake(verb, arguments, kit):
    listener = Listener()
    listener.net = Net(transfers_to_come=[PretendTransfer("t1") for _ in range(9)])
    line = " ".join([verb, *(quote(each) for each in arguments)])
    with contextlib.suppress(KinodeError):
        if kit:
            cell.run_cell("", f"kit {line}", listener.context, _NAMES, lambda shown: None)
        else:
            run_line(line, listener.context, _NAMES)
