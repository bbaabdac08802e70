"""A package that is installed again and again: what runs, and what is left."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from pathlib import Path
from types import ModuleType

import pytest

from kinode_nb.portal import FakeNet, Node

ID = "parrot:me.os"
MAIN = f"parrot:{ID}"
WORDS = "class Word: ...\nVERSION = {version}\n"
KEEPS = "heard = []\n"  # state: so each process has modules of its own
PARROT = """
from .words import VERSION, Word
async def init(our):
    async for message in our:
        if message.json() == "Spawn":
            await our.spawn("parrot:me.os/pkg/worker.wasm", name="worker", public=True)
        await our.send_response(VERSION)
"""
WORKER = """
async def init(our):
    async for message in our:
        from .words import VERSION
        await our.send_response(VERSION)
"""


def package(folder: Path, version: int, words: str = "") -> str:
    """Write a version of the package; returns its folder."""
    properties = {
        "package_name": "parrot",
        "publisher": "me.os",
        "current_version": f"0.{version}.0",
        "mirrors": [],
        "code_hashes": {},
        "dependencies": [],
    }
    entry = {
        "process_name": "parrot",
        "process_wasm_path": "/parrot.wasm",
        "on_exit": "Restart",
        "request_networking": False,
        "request_capabilities": ["vfs:distro:sys"],
        "grant_capabilities": [],
        "public": True,
    }
    files = {
        "metadata.json": json.dumps({"name": "parrot", "properties": properties}),
        "pkg/manifest.json": json.dumps([entry]),
        "pkg/parrot.py": PARROT,
        "pkg/worker.py": WORKER,
        "pkg/words.py": WORDS.format(version=version) + words,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def modules() -> list[ModuleType]:
    """Return the modules of all trees, and of all processes."""
    return [each for name, each in sys.modules.items() if name.startswith("_kinode_")]


def classes() -> list[type]:
    """Return the ``Word`` of each tree that is loaded."""
    return [each.Word for each in modules() if each.__name__.endswith(".words")]


def test_an_old_worker_and_a_new_main_process_run_side_by_side(net: FakeNet, tmp_path: Path):
    node = net.boot("a.dev", port="none")
    node.start(package(tmp_path, 1))
    assert node.request(MAIN, "Spawn").json() == 1
    node.start(package(tmp_path, 2))
    assert node.request(MAIN, "").json() == 2
    assert node.request(f"worker:{ID}", "").json() == 1


def test_two_versions_on_two_nodes(net: FakeNet, tmp_path: Path):
    nodes = [net.boot(name, port="none") for name in ("a.dev", "b.dev")]
    for version, node in enumerate(nodes):
        node.start(package(tmp_path / str(version), version))
    assert [node.request(MAIN, "").json() for node in nodes] == [0, 1]
    assert len(set(classes())) == 2


@pytest.mark.parametrize("words", ["", KEEPS], ids=["shared", "each its own"])
def test_nothing_is_left_of_a_hundred_versions(net: FakeNet, tmp_path: Path, words: str):
    node = net.boot("a.dev", port="none")
    gone: list[weakref.ref[type | ModuleType]] = []
    for version in range(100):
        node.start(package(tmp_path, version, words))
        assert node.request(MAIN, "").json() == version
        gone += [weakref.ref(each) for each in (*classes(), *modules())]
    assert len(classes()) == 1
    node.remove(ID)
    until_nothing_runs(node)
    gc.collect()
    assert modules() == []
    assert [each for each in gone if each() is not None] == []


def until_nothing_runs(node: Node) -> None:
    """Wait for a turn of the runtime's loop, in which what was killed has ended."""
    node.hi(node.name, "still there")
