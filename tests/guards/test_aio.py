"""`kinode_nb.aio` is the blocking interface: name for name, parameter for parameter, type for type.

Who adds a method to `FakeNet`, `Node` or `Transfer` adds a coroutine of that name, with the same
parameters and defaults.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from importlib.util import find_spec
from pathlib import Path

import pytest

from kinode_nb import aio, portal

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [(portal.FakeNet, aio.FakeNet), (portal.Node, aio.Node), (portal.Transfer, aio.Transfer)]
WITHOUT_WAITING = {"FakeNet.node", "FakeNet.transfer", "Node.url", "Transfer.row"}
WITHOUT_WAITING |= {"Transfer.on_change"}
ONLY_HERE = {"of"}
SPECIAL = {"__init__", "__eq__", "__hash__", "__repr__"}


def members(cls: type) -> dict[str, object]:
    """Return what a class has of its own, or of ours that it is made of."""
    return {name: each for base in cls.__mro__[-2::-1] for name, each in vars(base).items()}


NAMES = [
    (blocking, awaited, name)
    for blocking, awaited in PAIRS
    for name in sorted(members(blocking))
    if (not name.startswith("_") or name in SPECIAL)
    and not inspect.iscoroutinefunction(getattr(blocking, name))
]


def shape(function: object) -> list[tuple[str, object, object, str]]:
    """Return what a caller can tell from a signature, whichever of the two worlds it is of."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    return [
        (each.name, each.kind, each.default, written(each.annotation))
        for each in signature.parameters.values()
    ]


def written(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:kinode_nb|collections|typing|os|pathlib)\.(?:\w+\.)*|['\"]", "", text)


def returned(function: object) -> str:
    return written(inspect.signature(function).return_annotation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("blocking", "awaited", "name"),
    NAMES,
    ids=[f"{each.__name__}.{name}" for each, _, name in NAMES],
)
def test_each_name_has_its_coroutine(blocking: type, awaited: type, name: str):
    theirs = members(blocking)[name]
    assert name in vars(awaited), f"add `async def {name}` to aio.{awaited.__name__}"
    ours = vars(awaited)[name]
    assert ours.__doc__, "it has no docstring"
    if isinstance(theirs, property):
        assert isinstance(ours, property)
        assert returned(ours.fget) == returned(theirs.fget)
        return
    if name == "__init__" and blocking is not portal.FakeNet:
        return  # nobody makes these but the net
    assert shape(ours) == shape(theirs)
    if not name.startswith("_"):
        waits = f"{blocking.__name__}.{name}" not in WITHOUT_WAITING
        assert inspect.iscoroutinefunction(ours) == waits
        assert returned(ours) == returned(theirs)
        assert [shape(each) for each in typing.get_overloads(ours)] == [
            shape(each) for each in typing.get_overloads(theirs)
        ]


@pytest.mark.parametrize(("blocking", "awaited"), PAIRS)
def test_nothing_is_here_alone(blocking: type, awaited: type):
    assert {name for name in vars(awaited) if not name.startswith("_")} - ONLY_HERE <= {
        *members(blocking)
    }


def test_the_notebooks_net_is_the_same():
    assert shape(aio.fakenet) == shape(portal.fakenet)
    assert returned(aio.fakenet) == returned(portal.fakenet)


USER = """
import kinode_nb as kn
from kinode_nb import aio


async def main(net: aio.FakeNet) -> None:
    reveal_type(await net.boot())  # kinode_nb.aio.node.Node
    reveal_type(await net.boot(count=2, port="none"))  # list[kinode_nb.aio.node.Node]
    node = net.node()
    reveal_type(node.port)  # int | None
    reveal_type(node.home)  # pathlib.Path
    reveal_type(await node.download("a", "b"))  # kinode_nb.aio.transfer.Transfer
    reveal_type(await (await node.download("a", "b")))  # kinode_nb.aio.transfer.Transfer
    reveal_type((await node.request("a:b:c", {"x": 1}, timeout=2)).blob)  # LazyLoadBlob | None
    reveal_type(await node.put("a", data=b""))  # list[pathlib.Path]
    reveal_type(await node.type_line("hi", say=print))  # str
    await net.boot(prot=1)  # error: "boot"
    await node.send("fake2.dev", 2)  # error: "send"
    await node.log(knid="request")  # error: "log"
    await node.spawn(main, publik=True)  # error: "spawn"
    node.nmae  # error: "nmae"
    node.send("fake2.dev", "hi").upper()  # error: "upper"


def blocking(net: kn.FakeNet) -> None:
    reveal_type(net.boot(count=2))  # list[kinode_nb.portal.node.Node]
    reveal_type(net.node().download("a", "b").wait())  # kinode_nb.portal.transfer.Transfer
    net.log(knid="request")  # error: "log"
"""


def test_a_strict_type_checker_knows_every_type(tmp_path: Path):
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed: pip install -e '.[check]'")
    (tmp_path / "user.py").write_text(USER)
    options = ["--strict", "--follow-imports=silent", "--no-error-summary", "--no-pretty"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--cache-dir", str(tmp_path / "cache"), "user.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    told: dict[int, str] = {}
    for line in done.stdout.splitlines():
        if found := re.match(r"user\.py:(\d+): (.*)", line):
            told[int(found[1])] = told.get(int(found[1]), "") + found[2]
    expected = {
        number: comment[1]
        for number, line in enumerate(USER.splitlines(), 1)
        if (comment := re.search(r"  # (.*)$", line))
    }
    assert set(told) == set(expected), done.stdout + done.stderr
    for number, words in expected.items():
        for word in words.split(": "):
            assert word in told[number]
