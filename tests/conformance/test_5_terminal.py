"""terminal:terminal:sys: lines, and the scripts that they start."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import capabilities, capability, get_on_exit, send
from tests.conformance.world import HERE, THERE, Guest, World

LINES = "5 terminal: lines"
SCRIPTS = "5 terminal: scripts"
TERMINAL = "terminal:terminal:sys"
CALLING = "error calling script: "
NAME = "tool:tools:test.os"


async def typed(world: World, line: str, seconds: float = 0.1) -> list[str]:
    """Return what is printed at level 0 because of a line, within some time."""
    node = await world.node()
    before = len(world.prints())
    node.scripts.type(line, world.net.transfers, 0).close()
    await world.sleep(seconds)
    return world.prints()[before:]


async def script(world: World, manifest: Any = None, **entry: Any) -> None:
    """Put a guest as a script into a package of its own."""
    await world.node()
    drive = world.home() / "vfs" / "tools:test.os" / "pkg"
    drive.mkdir(parents=True, exist_ok=True)
    code = world.host.guest
    (drive / f"tool{code.suffix}").write_bytes(code.read_bytes())
    whole = {"root": False, "public": True, "request_networking": False, **entry}
    text = manifest if manifest is not None else json.dumps({"tool.wasm": whole})
    (drive / "scripts.json").write_text(text)


async def started(world: World, line: str = NAME) -> Guest:
    """Type a line, and return the script that it started."""
    known = {*world.guests}
    await typed(world, line)
    (address,) = (each for each in world.guests if each not in known)
    return world.known(address)


# Lines.


@pytest.mark.parametrize("word", ["nothing", "a:b", "A:b:c"])
@rule(LINES, "a first word that is neither an alias nor a process id calls nothing, and is told")
async def test_unknown_words(world: World, word: str):
    said = f"{CALLING}'{word}' not found, either as an alias or process ID"
    assert any(said in each for each in await typed(world, f"{word} x"))


@rule(LINES, "a script that cannot be called is told, with what is missing")
async def test_what_is_missing(world: World):
    for manifest, said in (
        (None, "no scripts manifest in package"),
        ("{", "could not parse scripts.json file"),
        ("{}", "script not in scripts.json file"),
    ):
        if manifest is not None:
            await script(world, manifest)
        assert any(CALLING + said in each for each in await typed(world, NAME))


@rule(LINES, "an empty line does nothing")
async def test_an_empty_line(world: World):
    assert await typed(world, "") == []


@rule(LINES, "lines are taken from the terminal itself alone")
async def test_only_its_own_lines(world: World):
    a = await world.guest("a", may=[TERMINAL])
    before = world.prints()
    await a.do(send(f"our@{TERMINAL}", "echo hello"))
    await world.sleep(1)
    assert [each for each in world.prints() if "hello" in each and each not in before] == []


@rule(LINES, "a script runs under a random number in its package, with None, and gets its text")
async def test_how_a_script_runs(world: World):
    await script(world)
    tool = await started(world, f"{NAME} some  text")
    name, _, package = tool.id.partition(":")
    assert name.isdigit()
    assert package == "tools:test.os"
    (got,) = tool.idle
    assert (got["source"], got["body"]) == (f"{HERE}@{TERMINAL}", "some  text")
    assert got["expects"] is None


@rule(LINES, "a script without text gets an empty body")
async def test_no_text(world: World):
    await script(world)
    assert (await started(world)).idle[0]["body"] == ""


@rule(LINES, "a script holds what it asks for and the terminal holds; the rest is dropped and told")
async def test_what_a_script_holds(world: World):
    await world.guest("app")
    await script(world, request_capabilities=["vfs:distro:sys", "app:app:test.os"])
    tool = await started(world)
    listed = await tool.do(capabilities())
    assert capability(f"{HERE}@vfs:distro:sys") in listed
    assert capability(f"{HERE}@{TERMINAL}") in listed
    assert capability(f"{HERE}@app:app:test.os") not in listed
    assert any("app:app:test.os" in each for each in world.prints())


@rule(LINES, "a script may message an app that granted the terminal messaging")
async def test_what_an_app_granted(world: World):
    await world.guest("app", grants=[TERMINAL])
    await script(world, request_capabilities=["app:app:test.os"])
    tool = await started(world)
    assert capability(f"{HERE}@app:app:test.os") in await tool.do(capabilities())


@pytest.mark.parametrize("networking", [False, True])
@rule(LINES, "a script uses the network where scripts.json says so")
async def test_networking(world: World, networking: bool):
    await script(world, request_networking=networking)
    tool = await started(world)
    network = capability(f"{HERE}@kernel:distro:sys", "network")
    assert (network in await tool.do(capabilities())) == networking


@rule(LINES, "a script with root holds all that the terminal holds")
async def test_root(world: World):
    await script(world, root=True)
    tool = await started(world)
    listed = await tool.do(capabilities())
    assert capability(f"{HERE}@kernel:distro:sys", "network") in listed
    assert capability(f"{HERE}@vfs:distro:sys", {"root": True}) in listed


@rule(LINES, "a process that a script grants to holds the script's word")
async def test_grants(world: World):
    app = await world.guest("app")
    await script(world, grant_capabilities=[app.id])
    tool = await started(world)
    assert tool.messaging in await app.do(capabilities())


@rule(LINES, "a script that ends is gone")
async def test_on_exit(world: World):
    await script(world)
    assert await (await started(world)).do(get_on_exit()) == "None"


# Scripts.


@rule(SCRIPTS, "hi prints the answer, that it timed out, or that the node is offline")
async def test_hi(world: World):
    await world.node(THERE)
    assert await typed(world, f"hi {THERE} hello") == [f"response from {THERE}: ack"]
    assert await typed(world, "hi x.dev hello") == ["x.dev is offline or does not exist"]


@rule(SCRIPTS, "echo prints its text, cat a file")
async def test_echo_and_cat(world: World):
    a = await world.guest("a")
    assert await typed(world, "echo some text") == ["some text"]
    (said,) = await typed(world, f"cat /{a.package}/pkg/manifest.json")
    assert json.loads(said)[0]["process_name"] == "a"


@rule(SCRIPTS, "m sends a message; with -a it waits some seconds, and prints the body that comes")
async def test_m(world: World):
    a = await world.guest("a", public=True, grants=[TERMINAL])
    assert await typed(world, f"m our@{a.id} 'one two'") == []
    assert [got["body"] for got in a.idle] == ["one two"]
    await a.serve(body="answered")
    said = await typed(world, f"m our@{a.id} 'three' -a 3", 4)
    assert said[0] == "Awaiting response for 3s"
    assert "answered" in said[1]


@rule(SCRIPTS, "kill ends a process, and says so")
async def test_kill(world: World):
    a = await world.guest("a")
    assert await typed(world, f"kill {a.id}") == [
        f"kernel: killing process {a.id}",
        f"killed process {a.id}",
    ]
    assert not a.alive


@rule(SCRIPTS, "alias gives a script a name, or takes it away")
async def test_alias(world: World):
    await script(world)
    assert f"alias x set for {NAME}" in await typed(world, f"alias x {NAME}")
    assert (await started(world, "x text")).idle[0]["body"] == "text"
    assert any("removed" in each for each in await typed(world, "alias x"))
    assert any(CALLING in each for each in await typed(world, "x text"))


@rule(SCRIPTS, "top counts the processes; peers, peer and net-diagnostics tell of other nodes")
async def test_what_there_is(world: World):
    await world.node(THERE)
    assert any("running processes" in each for each in await typed(world, "top"))
    for line in ("peers", f"peer {THERE}"):
        assert any(THERE in each for each in await typed(world, line))
    assert await typed(world, "net-diagnostics")
    assert await typed(world, "help")
