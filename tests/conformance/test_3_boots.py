"""What a node keeps over a stop, and how packages are installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.types import PackageError
from kinode_nb.types.manifests import read_manifest, read_metadata
from tests.conformance.rules import rule
from tests.conformance.steps import ask, capabilities, get_state, set_state
from tests.conformance.world import HERE, World

BOOT = "3 Node boot"
MANIFEST = "3 Manifests"
INSTALL = "3 Install"


async def again(world: World, home: Path) -> None:
    """Stop the node, and boot it on the same home."""
    await world.net.stop(HERE)
    await world.boot(HERE, home=home)


@rule(BOOT, "a process with Restart starts again when its node boots, with state and capabilities")
async def test_persisted_processes(world: World, tmp_path: Path):
    await world.boot(HERE, home=tmp_path)
    b = await world.guest("b", on_exit="Restart", public=True)
    a = await world.guest("a", on_exit="Restart", may=["b"], public=True)
    before = await a.do(set_state("kept"), capabilities())
    assert b.messaging in before
    await again(world, tmp_path)
    assert a.alive
    state, after = await a.play(get_state(), capabilities())
    assert (state, after) == ("kept", before)


@rule(BOOT, "what was issued by a process that is not there again is revoked by the boot", "fixed")
async def test_the_word_of_forgotten_processes(world: World, tmp_path: Path):
    await world.boot(HERE, home=tmp_path)
    b = await world.guest("b")
    a = await world.guest("a", on_exit="Restart", may=["b"], public=True)
    assert b.messaging in await a.do(capabilities())
    await again(world, tmp_path)
    assert b.messaging not in await a.do(capabilities())


@rule(BOOT, "a process with None is forgotten when its node stops; its state is not")
async def test_forgotten_processes(world: World, tmp_path: Path):
    await world.boot(HERE, home=tmp_path)
    a = await world.guest("a")
    await a.do(set_state("kept"))
    await again(world, tmp_path)
    assert not a.alive
    assert await (await world.guest("a")).do(get_state()) == "kept"


@rule(BOOT, "the last Requests of a process are sent when its node boots again, before it starts")
async def test_last_requests_at_boot(world: World, tmp_path: Path):
    await world.boot(HERE, home=tmp_path)
    b = await world.guest("b", on_exit="Restart", public=True)
    request = {"inherit": False, "expects_response": None, "body": list(b"goodbye")}
    request |= {"metadata": None, "capabilities": []}
    await world.guest("a", on_exit={"Requests": [[b.address, request, None]]}, may=["b"])
    await again(world, tmp_path)
    await world.settle()
    assert [(got["source"], got["body"]) for got in b.idle] == [(f"{HERE}@a:a:test.os", "goodbye")]


@rule(BOOT, "of the last Requests at boot only those to whom the process may message are sent")
async def test_last_requests_at_boot_are_restricted(world: World, tmp_path: Path):
    await world.boot(HERE, home=tmp_path)
    b = await world.guest("b", on_exit="Restart", public=True)
    c = await world.guest("c", on_exit="Restart", public=True)
    request = {"inherit": False, "expects_response": None, "body": list(b"goodbye")}
    request |= {"metadata": None, "capabilities": []}
    words = [[b.address, request, None], [c.address, request, None]]
    await world.guest("a", on_exit={"Requests": words}, may=["c"])
    await again(world, tmp_path)
    await world.settle()
    assert (b.idle, [got["body"] for got in c.idle]) == ([], ["goodbye"])


@rule(BOOT, "a process whose file is gone is told at level 0, and forgotten")
async def test_a_file_that_is_gone(world: World, tmp_path: Path):
    await world.boot(HERE, home=tmp_path)
    a = await world.guest("a", on_exit="Restart")
    await world.net.stop(HERE)
    (tmp_path / "vfs" / a.package / "pkg" / world.host.guest.name).unlink()
    await world.boot(HERE, home=tmp_path)
    assert not a.alive
    assert any(a.id in each for each in world.prints())


# Manifests.

ENTRY: dict[str, Any] = {
    "process_name": "p",
    "process_wasm_path": "/p.wasm",
    "on_exit": "None",
    "request_networking": False,
    "request_capabilities": [],
    "grant_capabilities": [],
    "public": False,
}
PROPERTIES: dict[str, Any] = {
    "package_name": "p",
    "publisher": "test.os",
    "current_version": "0.1.0",
    "mirrors": [],
    "code_hashes": {"0.1.0": ""},
}


def package(folder: Path, entry: dict[str, Any], properties: dict[str, Any]) -> Path:
    (folder / "pkg").mkdir()
    (folder / "metadata.json").write_text(json.dumps({"properties": properties}))
    (folder / "pkg" / "manifest.json").write_text(json.dumps([entry]))
    return folder


@pytest.mark.parametrize("missing", [None, *ENTRY])
@rule(MANIFEST, "all seven fields of a manifest's entry are required")
def test_required_fields(tmp_path: Path, missing: str | None):
    entry = {key: value for key, value in ENTRY.items() if key != missing}
    folder = package(tmp_path, entry, PROPERTIES)
    if missing is None:
        assert len(read_manifest(folder)) == 1
    else:
        with pytest.raises(PackageError, match=missing):
            read_manifest(folder)


@pytest.mark.parametrize("missing", [None, *PROPERTIES])
@rule(MANIFEST, "of metadata.json only the properties, and five of them, are required")
def test_required_properties(tmp_path: Path, missing: str | None):
    properties = {key: value for key, value in PROPERTIES.items() if key != missing}
    folder = package(tmp_path, ENTRY, properties)
    if missing is None:
        assert str(read_metadata(folder).package_id) == "p:test.os"
    else:
        with pytest.raises(PackageError, match=missing):
            read_metadata(folder)


# Install.


@rule(INSTALL, "installing anew ends the old processes without their OnExit, and starts new ones")
async def test_reinstalling(world: World):
    b = await world.guest("b", public=True)
    request = {"inherit": False, "expects_response": None, "body": []}
    request |= {"metadata": None, "capabilities": []}
    a = await world.guest("a", on_exit={"Requests": [[b.address, request, None]]}, grants=["b"])
    assert a.messaging in await b.do(capabilities())
    await world.guest("a", public=True)
    assert not b.idle
    assert a.messaging not in await b.do(capabilities())


@rule(INSTALL, "workers outlive the installing of their package, and drives but pkg stay")
async def test_what_a_reinstall_leaves(world: World):
    a = await world.guest("a", may=["vfs:distro:sys"])
    worker = await a.child("worker")
    made = {"path": f"{a.package}/files", "action": "CreateDrive"}
    await a.do(ask("our@vfs:distro:sys", made))
    await world.guest("a", public=True)
    assert worker.alive
    assert (world.home() / "vfs" / a.package / "files").is_dir()
