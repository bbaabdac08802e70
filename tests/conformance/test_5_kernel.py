"""kernel:distro:sys and state:distro:sys: processes and their states, by messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import (
    Step,
    ask,
    blob,
    capabilities,
    capability,
    get_on_exit,
    get_state,
    send,
    set_state,
)
from tests.conformance.world import HERE, THERE, Guest, World

KERNEL = "5 kernel"
KILLING = "3 Kill"
START = "3 Start"
STATE = "5 state"
SERVER = "kernel:distro:sys"
NEW = "new:master:test.os"


def command(name: str, argument: Any = None, **more: Any) -> Step:
    return ask(f"our@{SERVER}", name if argument is None else {name: argument}, **more)


def initialize(world: World, id_: str = NEW, held: tuple[Any, ...] = (), **more: Any) -> Step:
    """Initialise another guest, which its director may message if ``held`` says so."""
    argument = {
        "id": id_,
        "wasm_bytes_handle": f"master:test.os/pkg{world.host.path}",
        "wit_version": 1,
        "on_exit": "None",
        "initial_capabilities": list(held),
        "public": False,
        **more,
    }
    return command("InitializeProcess", argument, blob=blob(world.host.guest.read_bytes()))


async def master(world: World, **more: Any) -> Guest:
    """A guest that commands the kernel, which may answer it without more."""
    return await world.guest("master", may=[SERVER], **more)


async def answers(guest: Guest, *steps: Step) -> list[Any]:
    return [json.loads(got["body"]) for got in await guest.play(*steps)]


# Start.


@rule(START, "a process is initialised, then run; what is sent to it in between waits")
async def test_messages_wait_for_the_start(world: World):
    m = await master(world)
    assert await answers(m, initialize(world)) == ["InitializedProcess"]
    await m.do(send(f"our@{NEW}", "early"))
    new = world.known(f"{HERE}@{NEW}")
    assert not new.idle
    assert await answers(m, command("RunProcess", NEW)) == ["StartedProcess"]
    await world.settle()
    assert [got["body"] for got in new.idle] == ["early"]


@rule(KERNEL, "InitializeProcess fails without a blob, and for an unsafe or an existing id")
async def test_what_cannot_be_initialised(world: World):
    m = await master(world)
    bare = {**initialize(world), "blob": None}
    failed = [bare, initialize(world, "New:master:test.os"), initialize(world, m.id)]
    assert await answers(m, *failed) == ["InitializeProcessError"] * 3


@rule(KERNEL, "RunProcess of what was not initialised is RunProcessError")
async def test_what_cannot_be_run(world: World):
    assert await answers(await master(world), command("RunProcess", NEW)) == ["RunProcessError"]


@rule(
    KERNEL,
    "a new process gets of its capabilities those that the caller holds, not its own word",
)
async def test_initial_capabilities(world: World):
    m = await master(world)
    held, own = capability(f"{HERE}@{SERVER}"), capability(m, {"door": 1})
    await m.play(initialize(world, held=(held, own)), command("RunProcess", NEW))
    (shown,) = await answers(m, command("Debug", {"Process": NEW}))
    caps = shown["Debug"]["Process"]["capabilities"]
    assert held in caps
    assert own not in caps
    assert any("doesn't have capability" in each for each in world.prints())


@rule(KERNEL, "a new process may be messaged by the caller, and by itself")
async def test_introductions(world: World):
    m = await master(world)
    await m.play(initialize(world), command("RunProcess", NEW))
    assert capability(f"{HERE}@{NEW}") in await m.do(capabilities())
    (shown,) = await answers(m, command("Debug", {"Process": NEW}))
    assert capability(f"{HERE}@{NEW}") in shown["Debug"]["Process"]["capabilities"]


@rule(KERNEL, "GrantCapabilities and DropCapabilities change what a process holds, unanswered")
async def test_grant_and_drop(world: World):
    m, a = await master(world), await world.guest("a")
    change = {"target": a.id, "capabilities": [capability("x.dev@y:z:os", {"door": 1})]}
    for name, expected in (("GrantCapabilities", True), ("DropCapabilities", False)):
        await m.do(send(f"our@{SERVER}", {name: change}, expects=5))
        assert (change["capabilities"][0] in await a.do(capabilities())) == expected
    assert not m.idle


@rule(KERNEL, "SetOnExit sets what becomes of a process, unanswered")
async def test_set_on_exit(world: World):
    m, a = await master(world), await world.guest("a")
    await m.do(send(f"our@{SERVER}", {"SetOnExit": {"target": a.id, "on_exit": "Restart"}}))
    assert await a.do(get_on_exit()) == "Restart"
    assert not m.idle


@rule(KERNEL, "Debug shows all processes, one, and whether one holds a capability (null: unknown)")
async def test_debug(world: World):
    m = await master(world)
    caps = [m.messaging, capability("x.dev@y:z:os")]
    asked = [{"on": m.id, "cap": each} for each in caps] + [{"on": "no:such:os", "cap": caps[0]}]
    everything, one, none, *has = await answers(
        m,
        command("Debug", "ProcessMap"),
        command("Debug", {"Process": m.id}),
        command("Debug", {"Process": "no:such:os"}),
        *(command("Debug", {"HasCap": each}) for each in asked),
    )
    assert everything["Debug"]["ProcessMap"][m.id] == one["Debug"]["Process"]
    assert {"wasm_bytes_handle", "wit_version", "on_exit", "capabilities", "public"} <= set(
        one["Debug"]["Process"]
    )
    assert none == {"Debug": {"Process": None}}
    assert [each["Debug"]["HasCap"] for each in has] == [True, False, None]


@pytest.mark.parametrize("body", ["", "no json", '"Sing"', '{"RunProcess":1}'])
@rule(KERNEL, "what is no command is printed at level 0, and not answered")
async def test_no_command(world: World, body: str):
    m = await master(world)
    before = len(world.prints())
    assert (await m.do(ask(f"our@{SERVER}", body)))["kind"] == "Timeout"
    assert len(world.prints()) > before


@rule(KERNEL, "another node's command is not carried out, and printed at level 0")
async def test_commands_from_abroad(world: World):
    a = await world.guest("a")
    b = await world.guest("b", node=THERE)
    assert (await b.do(ask(f"{HERE}@{SERVER}", {"KillProcess": a.id})))["kind"] == "Timeout"
    assert a.alive
    assert any("target doesn't exist (perhaps it terminated)" in e for e in world.prints())


@rule(KERNEL, "a process of any package that is named kernel is the kernel's door", "reproduced")
async def test_any_process_named_kernel(world: World):
    door = await world.guest("kernel", public=True)
    victim, a = await world.guest("victim"), await world.guest("a")
    await a.do(send(door, {"KillProcess": victim.id}))
    assert not victim.alive
    assert not door.idle


@rule(KERNEL, "Shutdown stops the node")
async def test_shutdown(world: World):
    m, b = await master(world), await world.guest("b", node=THERE)
    await m.begin(send(f"our@{SERVER}", '"Shutdown"'))
    await world.sleep(5)
    assert (await b.do(ask(m)))["kind"] == "Offline"


# Kill.


@pytest.mark.parametrize("on_exit", ["None", "Restart", "Requests"])
@rule(KILLING, "KillProcess ends a process at once, without Restart or Requests, and answers")
async def test_kill(world: World, on_exit: str):
    m = await master(world, public=True)
    words: Any = {"body": [], "inherit": False, "capabilities": []}
    words |= {"expects_response": None, "metadata": None}
    requests = {"Requests": [[m.address, words, None]]}
    a = await world.guest("a", on_exit=requests if on_exit == "Requests" else on_exit)
    assert await answers(m, command("KillProcess", a.id)) == [{"KilledProcess": a.id}]
    await world.sleep(1)
    assert not a.alive
    assert not m.idle


@pytest.mark.parametrize(("expects", "verbosity"), [(5, 0), (None, 2)])
@rule(KILLING, "KillProcess prints at level 0 where an answer is expected, else at level 2")
async def test_kill_prints(world: World, expects: int | None, verbosity: int):
    m, a = await master(world), await world.guest("a")
    await m.do(send(f"our@{SERVER}", {"KillProcess": a.id}, expects=expects))
    assert f"kernel: killing process {a.id}" in world.prints(verbosity)
    assert len(m.idle) == (expects is not None)


@rule(KILLING, "KillProcess of what is not there is answered", "fixed")
async def test_kill_nobody(world: World):
    (got,) = await (await master(world)).play(command("KillProcess", "no:such:os"))
    assert got["kind"] == "Response"
    assert any("no:such:os" in each for each in world.prints(2))


@pytest.mark.parametrize("metadata", [None, "no-revoke"])
@rule(KILLING, "KillProcess revokes what its victim issued, unless its metadata is no-revoke")
async def test_kill_revokes(world: World, metadata: str | None):
    m = await master(world)
    a = await world.guest("a", grants=["master"])
    assert a.messaging in await m.do(capabilities())
    await m.do(command("KillProcess", a.id, metadata=metadata))
    assert (a.messaging in await m.do(capabilities())) == (metadata is not None)


@rule(KILLING, "children outlive a parent that is killed")
async def test_kill_leaves_children(world: World):
    m = await master(world)
    parent = await world.guest("parent", may=["vfs:distro:sys"])
    child = await parent.child()
    await m.do(command("KillProcess", parent.id))
    assert (parent.alive, child.alive) == (False, True)


# State.


def state(name: str, process: str, data: str | None = None, **more: Any) -> Step:
    carried = None if data is None else blob(data)
    return ask("our@state:distro:sys", {name: process}, blob=carried, **more)


@rule(STATE, "SetState, GetState and DeleteState keep one blob for each process")
async def test_states(world: World):
    a = await world.guest("a", may=["state:distro:sys"])
    saved, read, deleted, gone = await a.play(
        state("SetState", a.id, "kept", metadata="m"),
        state("GetState", a.id),
        state("DeleteState", a.id),
        state("GetState", a.id),
    )
    assert [json.loads(each["body"]) for each in (saved, read, deleted)] == [
        "SetState",
        "GetState",
        "DeleteState",
    ]
    assert (saved["metadata"], read["blob"]["data"]) == ("m", "kept")
    assert "NotFound" in json.loads(gone["body"])["Err"]


@rule(STATE, "what a process saves by its own calls is the same state")
async def test_states_are_one(world: World):
    a = await world.guest("a", may=["state:distro:sys"])
    await a.do(set_state("kept"))
    assert (await a.do(state("GetState", a.id)))["blob"]["data"] == "kept"
    assert await a.do(state("SetState", a.id, "new"), get_state()) == "new"


@rule(STATE, "a body that cannot be read is BadJson")
async def test_bad_json(world: World):
    a = await world.guest("a", may=["state:distro:sys"])
    (got,) = await answers(a, ask("our@state:distro:sys", "no json"))
    assert "BadJson" in got["Err"]


@rule(STATE, "what comes from another node gets no answer")
async def test_states_from_abroad(world: World):
    await world.node()
    b = await world.guest("b", node=THERE)
    got = await b.do(ask(f"{HERE}@state:distro:sys", {"GetState": b.id}))
    assert got["kind"] == "Timeout"
