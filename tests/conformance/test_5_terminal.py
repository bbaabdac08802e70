"""terminal:terminal:sys, and the scripts that come with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import receive, respond, send
from tests.conformance.world import HERE, THERE, World

TERMINALS = "5 terminal"
TERMINAL = "terminal:terminal:sys"
CALLING = "error calling script: "
TELLING = """
from kinode_nb.process_lib import script

@script
async def init(our, args):
    held = sorted(map(str, our.our_capabilities()))
    return "|".join([args, str(our.process), str(our.get_on_exit()), *held])
"""


async def typed(world: World, line: str) -> list[str]:
    """Type a line; return what is printed at level 0 until all that it started has ended."""
    node = await world.node()
    before = len(world.prints())
    watched = node.scripts.type(line, world.net.transfers, 0)
    try:
        while await watched.news() is not None:
            pass
    finally:
        watched.close()
    return world.prints()[before:]


async def script(world: World, code: str | None = TELLING, text: str = "", **entry: Any) -> str:
    """Install a script; return the word that calls it."""
    await world.node()
    drive = world.home() / "vfs" / "tools:test.os" / "pkg"
    drive.mkdir(parents=True, exist_ok=True)
    if code is not None:
        (drive / "tell.py").write_text(code)
    whole = {"root": False, "public": False, "request_networking": False, **entry}
    (drive / "scripts.json").write_text(text or json.dumps({"tell.wasm": whole}))
    return "tell:tools:test.os"


async def held(world: World, word: str) -> set[str]:
    """Return what a script holds, but for its own."""
    listed = (await typed(world, word))[-1].split("|")[3:]
    return {each for each in listed if ":tools:test.os" not in each}


@pytest.mark.parametrize("head", ["nonsense", "a:b", "a:b:c:d", "a@b:c:d"])
@rule(TERMINALS, "the first word is an alias or a process id, or nothing is called")
async def test_first_words(world: World, head: str) -> None:
    said = f"{CALLING}'{head}' not found, either as an alias or process ID"
    assert await typed(world, f"{head} x") == [said]
    assert await typed(world, "echo x") == await typed(world, "echo:terminal:sys x") == ["x"]


@rule(TERMINALS, "a package without scripts.json, one that cannot be read, a script not in it")
async def test_manifests(world: World) -> None:
    assert await typed(world, "x:nothing:test.os") == [f"{CALLING}no scripts manifest in package"]
    word = await script(world, text="[]")
    assert await typed(world, word) == [f"{CALLING}could not parse scripts.json file"]
    word = await script(world)
    said = [f"{CALLING}script not in scripts.json file"]
    assert await typed(world, word.replace("tell", "told")) == said


@rule(TERMINALS, "a script's file that is missing is told", "fixed")
async def test_missing_file(world: World) -> None:
    said = [f"{CALLING}failed to read script Wasm from VFS"]
    assert await typed(world, await script(world, code=None)) == said


@rule(TERMINALS, "a script is a process of its package, under a random number, with OnExit None")
async def test_what_a_script_is(world: World) -> None:
    word = await script(world)
    told = [(await typed(world, word))[-1].split("|") for _ in range(2)]
    names = {each[1].partition(":")[0] for each in told}
    assert len({int(name) for name in names}) == 2
    assert {each[1].partition(":")[2] for each in told} == {"tools:test.os"}
    assert {each[2] for each in told} == {"None"}


@rule(TERMINALS, "what follows the first space goes to the script as it stands")
async def test_arguments(world: World) -> None:
    word = await script(world)
    for args in ("a", " two  spaces ", "'q' \"d\" \\ $x {y}"):
        assert (await typed(world, f"{word} {args}"))[-1].split("|")[0] == args
    assert (await typed(world, word))[-1].split("|")[0] == ""


@rule(TERMINALS, "a script gets what it asks for as far as the terminal holds it")
async def test_capabilities(world: World) -> None:
    root = {"process": "vfs:distro:sys", "params": {"root": True}}
    own = f'{HERE}@{TERMINAL}("messaging")'
    word = await script(world, request_capabilities=["net:distro:sys", "nobody:a:b", root])
    net, vfs = f'{HERE}@net:distro:sys("messaging")', f'{HERE}@vfs:distro:sys({{"root":true}})'
    assert await held(world, word) == {own, net, vfs}
    assert any("nobody:a:b" in each for each in await typed(world, word)), "the rest is told"
    await script(world, request_networking=True)
    assert await held(world, word) == {own, f'{HERE}@kernel:distro:sys("network")'}


@rule(TERMINALS, "a script with root gets all that the terminal holds")
async def test_root(world: World) -> None:
    got = await held(world, await script(world, root=True))
    listed = await typed(world, f"top {TERMINAL} -c")
    terminal = {each.strip() for each in listed[0].split("\r\n") if each.startswith("        ")}
    assert got >= {each for each in terminal if each and ":terminal:sys(" not in each}
    assert f'{HERE}@kernel:distro:sys("messaging")' in got


@rule(TERMINALS, "what a script grants is granted before it runs")
async def test_grants(world: World) -> None:
    app = await world.guest("app", public=True)
    await app.begin(receive(), respond("answer"))
    asking = f"""
from kinode_nb.process_lib import script

@script
async def init(our, args):
    return (await our.send_and_await_response("{app.id}", b"x")).text()
"""
    word = await script(world, code=asking, grant_capabilities=[app.id])
    assert await typed(world, word) == ["answer"]


@rule(TERMINALS, "an empty line does nothing")
async def test_empty_lines(world: World) -> None:
    assert await typed(world, "") == []


@rule(TERMINALS, "lines are taken from the terminal itself, and from nobody else")
async def test_who_types(world: World) -> None:
    guest = await world.guest(may=[TERMINAL])
    await guest.do(send(f"our@{TERMINAL}", "echo pushed"))
    await world.settle()
    assert await typed(world, "echo typed") == ["typed"]
    assert "pushed" not in world.prints()
    assert world.prints(2).count(f"ignoring message from {guest.address}") == 1


@rule(TERMINALS, "`hi` says the answer, the timeout after 10 s, or that nobody is there")
async def test_hi(world: World) -> None:
    await world.node(THERE)
    assert await typed(world, f"hi {THERE} hello there") == [f"response from {THERE}: ack"]
    assert world.prints(0, THERE) == [f"{HERE}: hello there"]
    said = ["nobody.dev is offline or does not exist"]
    assert await typed(world, "hi nobody.dev x") == said


@rule(TERMINALS, "`hi` to the own node is answered", "fixed")
async def test_hi_to_oneself(world: World) -> None:
    assert await typed(world, "hi our x") == [f"{HERE}: x", f"response from {HERE}: ack"]


@rule(TERMINALS, "`m -a` waits so many seconds and says the body; without, it says nothing")
async def test_m(world: World) -> None:
    app = await world.guest("app", public=True)
    await app.begin(receive(), respond('{"a": 1}'), receive(), respond("unseen"))
    line = f'm our@{app.id} \'{{"b": "c d"}}\''
    assert await typed(world, f"{line} -a 5") == ["Awaiting response for 5s", '{"a": 1}']
    assert await typed(world, line) == []
    start = world.clock.seconds
    assert (await typed(world, f"{line} -a 7"))[-1] == (
        "Target did not send response in time, try increasing the await time"
    )
    assert world.clock.seconds - start == pytest.approx(7)
    start = world.clock.seconds
    assert await typed(world, line) == []
    assert world.clock.seconds - start == pytest.approx(5)


@rule(TERMINALS, "`echo` says its text, and `cat` a file of any drive")
async def test_echo_and_cat(world: World) -> None:
    await script(world, text="{ }")
    assert await typed(world, "echo a  b") == ["a  b"]
    assert await typed(world, "cat /tools:test.os/pkg/scripts.json") == ["{ }"]
    (said,) = await typed(world, "cat /tools:test.os/pkg/none")
    assert said.startswith("failed to read file /tools:test.os/pkg/none from VFS.\n")


@rule(TERMINALS, "`kill` ends a process, and the kernel says so too")
async def test_kill(world: World) -> None:
    app = await world.guest("app")
    assert await typed(world, f"kill {app.id}") == [
        f"kernel: killing process {app.id}",
        f"killed process {app.id}",
    ]
    assert not app.alive


@rule(TERMINALS, "`kill` of a process that is not there is answered at once", "fixed")
async def test_kill_nobody(world: World) -> None:
    await world.node()
    start = world.clock.seconds
    (said,) = await typed(world, "kill a:b:c")
    assert said.startswith("process a:b:c not running")
    assert world.clock.seconds - start < 1


@rule(TERMINALS, "`top` says what the kernel knows of a process, or of all")
async def test_top(world: World) -> None:
    app = await world.guest("app", public=True)
    (one,) = await typed(world, f"top {app.id}")
    assert one.startswith(f"{app.id}:\r\n")
    assert "    public: true\r\n" in one
    (everything,) = await typed(world, "top")
    assert one in everything
    count = everything.count("    capabilities:\r\n")
    assert everything.endswith(f"\r\n\r\ntop: {count} running processes")


@rule(TERMINALS, "`alias` gives a script a name, takes it away, and says which")
async def test_alias(world: World) -> None:
    assert sorted(await typed(world, "alias say echo:terminal:sys")) == [
        "alias say set for echo:terminal:sys",
        "alias set",
    ]
    assert await typed(world, "say x") == ["x"]
    assert sorted(await typed(world, "alias say")) == ["alias say removed", "alias set"]
    assert sorted(await typed(world, "alias say")) == ["alias say not found", "alias set"]
    assert (await typed(world, "say x"))[0].startswith(f"{CALLING}'say' not found")
