"""How processes begin, what they keep, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import (
    DIRECTOR,
    ask,
    capabilities,
    capability,
    clear_state,
    get_on_exit,
    get_state,
    leave,
    linger,
    respond,
    send,
    set_on_exit,
    set_state,
    spawn,
    trap,
)
from tests.conformance.world import HERE, THERE, Guest, World

SPAWN = "3 Spawn"
ON_EXIT = "3 OnExit"
STATE = "3 State"
VFS = "vfs:distro:sys"
NETWORK = capability(f"{HERE}@kernel:distro:sys", "network")


def last_words(target: Guest, **more: Any) -> dict[str, Any]:
    """Return an OnExit of one Request."""
    request = {
        "inherit": False,
        "expects_response": None,
        "body": list(b"goodbye"),
        "metadata": None,
        "capabilities": [],
        **more,
    }
    return {"Requests": [[target.address, request, None]]}


async def parent(world: World, **more: Any) -> Guest:
    """A guest that may spawn."""
    return await world.guest("parent", may=[VFS], **more)


# Spawn.


@rule(SPAWN, "a child belongs to its parent's package, and has the name that was asked for")
async def test_a_child_has_its_parents_package(world: World):
    p = await parent(world)
    child = await p.child("child")
    assert child.id == f"child:{p.package}"
    assert child.alive


@rule(SPAWN, "the child sees no message of its start")
async def test_the_first_run_is_not_seen(world: World):
    p = await parent(world)
    assert not (await p.child()).idle
    assert not p.idle


@pytest.mark.parametrize("slash", ["", "/"])
@rule(SPAWN, "a path may begin with a slash")
async def test_paths_with_and_without_slash(world: World, slash: str):
    p = await parent(world)
    assert "Ok" in await p.do(spawn("child", slash + p.path))


@pytest.mark.parametrize("name", ["child", "Not Safe"])
@rule(SPAWN, "a file that is missing is NoFileAtPath, whatever the name")
async def test_no_file_at_path(world: World, name: str):
    p = await parent(world)
    assert await p.do(spawn(name, f"{p.package}/pkg/gone{p.path[-3:]}")) == {"Err": "NoFileAtPath"}


@rule(SPAWN, "a file that the parent may not read is NoFileAtPath; read on its drive is enough")
async def test_spawning_from_another_package(world: World):
    other = await world.guest("other")
    p = await parent(world)
    assert await p.do(spawn("child", other.path)) == {"Err": "NoFileAtPath"}
    read = {"kind": "read", "drive": f"/{other.package}/pkg"}
    q = await world.guest("q", may=[VFS, {"process": VFS, "params": read}])
    assert await q.do(spawn("child", other.path)) == {"Ok": f"child:{q.package}"}


@rule(SPAWN, "a parent that may not message vfs finds no file")
async def test_spawning_needs_vfs(world: World):
    p = await world.guest("parent")
    assert await p.do(spawn("child", p.path)) == {"Err": "NoFileAtPath"}


@pytest.mark.parametrize("name", ["Child", "a_b", "a b", "a:b", "../x", ""])
@rule(SPAWN, "a name that is not Kimap-safe is an error, and ends nobody", "fixed")
async def test_an_unsafe_name(world: World, name: str):
    p = await parent(world)
    assert "Err" in await p.do(spawn(name, p.path))
    assert p.alive


@rule(
    SPAWN,
    "a name that is taken is NameTaken, and the process of that name notices nothing",
    "fixed",
)
async def test_a_name_that_is_taken(world: World):
    p = await parent(world)
    child = await p.child()
    assert await p.do(spawn("child", p.path)) == {"Err": "NameTaken"}
    assert await p.do(spawn("parent", p.path)) == {"Err": "NameTaken"}
    assert not child.idle


@rule(SPAWN, "a child gets those of the requested capabilities that its parent holds or issues")
async def test_requested_capabilities(world: World):
    p = await parent(world)
    vfs, foreign = capability(f"{HERE}@{VFS}"), capability(f"{HERE}@x:y:z")
    own = capability(p, {"door": 1})
    child = await p.child(requests=[NETWORK, vfs, own, foreign])
    held = await child.do(capabilities())
    assert all(each in held for each in (NETWORK, vfs, own))
    assert foreign not in held


@rule(SPAWN, "what is not requested, the child does not hold: the network neither")
async def test_nothing_is_inherited_unasked(world: World):
    p = await parent(world)
    held = await (await p.child()).do(capabilities())
    others = [capability(f"{HERE}@{DIRECTOR}")]
    mutual = [capability(p), capability(f"{HERE}@child:{p.package}")]
    assert [each for each in held if each not in mutual + others] == []


@rule(SPAWN, "parent and child may message each other, and the child itself")
async def test_parent_and_child_may_talk(world: World):
    p = await parent(world)
    child = await p.child()
    await p.do(send(child, "down"))
    await child.do(send(p, "up"), send(child, "self"))
    await world.settle()
    assert [got["body"] for got in child.idle] == ["down", "self"]
    assert [got["body"] for got in p.idle] == ["up"]


@rule(SPAWN, "a granted process holds the child's word; one that does not exist gets nothing")
async def test_granted_capabilities(world: World):
    friend = await world.guest("friend")
    p = await parent(world)
    grants = [(friend.id, {"door": 1}), (friend.id, "messaging"), ("no:such:os", "messaging")]
    child = await p.child(grants=grants)
    held = await friend.do(capabilities())
    assert capability(child, {"door": 1}) in held
    await friend.do(send(child, "hello"))
    assert [got["body"] for got in child.idle] == ["hello"]


@pytest.mark.parametrize("public", [False, True])
@rule(SPAWN, "a child is public when its parent says so")
async def test_public_children(world: World, public: bool):
    p = await parent(world)
    child = await p.child(public=public)
    other = await world.guest("other")
    await other.do(send(child))
    assert bool(child.idle) == public


@rule(SPAWN, "a child outlives its parent")
async def test_a_child_outlives_its_parent(world: World):
    p = await parent(world)
    child = await p.child()
    await p.end(trap())
    assert (p.alive, child.alive) == (False, True)


# OnExit.


@pytest.mark.parametrize("last", [leave(), trap()], ids=["returns", "traps"])
@rule(ON_EXIT, "a process with None is gone when it returns or traps")
async def test_none(world: World, last: dict[str, Any]):
    a = await world.guest("a", public=True)
    b = await world.guest("b")
    await a.end(last)
    assert not a.alive
    assert (await b.do(ask(a, expects=30)))["kind"] == "Timeout"
    assert world.clock.seconds < 0.1


@pytest.mark.parametrize("behavior", ["None", "Restart", "Requests"])
@rule(ON_EXIT, "a process can read its own behaviour")
async def test_get_on_exit(world: World, behavior: str):
    b = await world.guest("b")
    chosen = last_words(b) if behavior == "Requests" else behavior
    a = await world.guest("a", on_exit=chosen)
    assert await a.do(get_on_exit()) == behavior


@rule(ON_EXIT, "the last behaviour that was set counts; Restart may be set later, too", "fixed")
async def test_set_on_exit(world: World):
    a = await world.guest("a")
    await a.end(set_on_exit("Restart"), leave())
    assert a.alive
    await a.end(set_on_exit("None"), leave())
    assert not a.alive


@rule(ON_EXIT, "Requests are sent in the name of the dead process, and then it is gone")
async def test_requests(world: World):
    b = await world.guest("b", public=True)
    a = await world.guest("a", on_exit=last_words(b, metadata="m"))
    await a.end(leave())
    (got,) = b.idle
    assert (got["source"], got["body"], got["metadata"]) == (a.address, "goodbye", "m")
    assert not a.alive


@rule(ON_EXIT, "Requests at the end expect no Response, even where they say so")
async def test_requests_expect_nothing(world: World):
    b = await world.guest("b", public=True)
    a = await world.guest("a", on_exit=last_words(b, expects_response=5))
    await a.end(trap())
    assert b.idle[0]["expects"] is None


@rule(ON_EXIT, "Requests at the end are checked like all others")
async def test_requests_are_checked(world: World):
    b = await world.guest("b")
    a = await world.guest("a", on_exit=last_words(b))
    await a.end(leave())
    assert not b.idle
    assert any(b.id in each for each in world.prints())


@rule(ON_EXIT, "Requests at the end carry their blob, and reach other nodes")
async def test_requests_to_other_nodes(world: World):
    b = await world.guest("b", node=THERE)
    words = last_words(b)
    words["Requests"][0][2] = {"mime": "x/y", "bytes": [0, 255]}
    a = await world.guest("a", on_exit=words)
    await a.end(leave())
    assert b.idle[0]["blob"] == {"mime": "x/y", "data": "\x00\xff"}


@rule(ON_EXIT, "a process with Restart starts again at once, with its capabilities and its state")
async def test_restart(world: World):
    b = await world.guest("b")
    a = await world.guest("a", on_exit="Restart", may=["b"])
    before = await a.do(capabilities())
    await a.end(set_state("kept"), trap())
    state, after = await a.play(get_state(), capabilities())
    assert (state, after) == ("kept", before)
    await a.do(send(b, "still allowed"))
    assert b.idle
    assert world.clock.seconds < 0.1


@rule(ON_EXIT, "a process that restarts runs the code that it began with, not its file of now")
async def test_a_restart_runs_the_same_code(world: World):
    a = await world.guest("a", on_exit="Restart")
    (world.home() / "vfs" / a.path).write_bytes(b"no code any more")
    await a.end(set_state("kept"), trap())
    assert await a.do(get_state()) == "kept"


@rule(ON_EXIT, "others keep what a process that restarts has issued")
async def test_a_restart_revokes_nothing(world: World):
    b = await world.guest("b")
    a = await world.guest("a", on_exit="Restart", grants=["b"])
    await a.end(trap())
    await b.do(send(a, "still allowed"))
    assert [got["body"] for got in a.idle] == ["still allowed"]


@rule(ON_EXIT, "a process that restarts loses its queue")
async def test_a_restart_loses_the_queue(world: World):
    a = await world.guest("a", on_exit="Restart", public=True)
    b = await world.guest("b", public=True)
    await a.begin(ask(b, expects=60), trap())
    run = await b.begin(ask(a, "lost", expects=5))
    await world.sleep(6)
    assert (await run.results())[0]["kind"] == "Timeout"
    await b.do(respond("go on"))
    await b.do(send(a, "after"))
    assert [got["body"] for got in a.idle] == ["after"]


@rule(ON_EXIT, "exits in a row wait 0, 0, 1, 1, 2, 4, 8 seconds; meanwhile it does not exist")
async def test_backoff(world: World):
    a = await world.guest("a", on_exit="Restart", public=True)
    b = await world.guest("b")
    waits = []
    for _ in range(7):
        await a.end(trap())
        waits.append(0)
        while not a.alive:
            assert (await b.do(ask(a, expects=60)))["kind"] == "Timeout"
            await world.sleep(1)
            waits[-1] += 1
    assert waits == [0, 0, 1, 1, 2, 4, 8]


@rule(ON_EXIT, "a process that has run for a while starts again at once")
async def test_backoff_is_forgotten(world: World):
    a = await world.guest("a", on_exit="Restart")
    for _ in range(4):
        await a.end(trap())
        await world.sleep(1.1)
    await world.sleep(60)
    await a.end(trap())
    assert a.alive


@rule(
    ON_EXIT, "what a process issued is revoked when it ends, also where it was handed on", "fixed"
)
async def test_an_end_revokes(world: World):
    holder = await parent(world)
    a = await world.guest("a", grants=["parent:parent:test.os"])
    child = await holder.child(requests=[a.messaging])
    await a.end(leave())
    for guest in (holder, child):
        assert a.messaging not in await guest.do(capabilities())


@rule(ON_EXIT, "what a process issued is revoked also from one that waits for its restart", "fixed")
async def test_an_end_revokes_from_who_is_to_restart(world: World):
    holder = await world.guest("holder", on_exit="Restart")
    a, other = [await world.guest(name, grants=["holder"]) for name in ("a", "other")]
    for _ in range(3):
        assert holder.alive
        await holder.end(trap())
    assert not holder.alive
    await a.end(leave())
    await world.sleep(1.1)
    held = await holder.do(capabilities())
    assert a.messaging not in held
    assert other.messaging in held


@rule(ON_EXIT, "what a process that has started again still sends of its former life is lost")
async def test_a_former_life_is_not_heard(world: World):
    b = await world.guest("b", public=True)
    a = await world.guest("a", on_exit="Restart")
    await a.end(linger(b, "from the former life"), trap())
    await world.sleep(1)
    await a.do(send(b, "from this one"))
    assert [got["body"] for got in b.idle] == ["from this one"]


# State.


@rule(STATE, "a state is absent until it is set, and after it was cleared")
async def test_state(world: World):
    a = await world.guest("a")
    got = await a.play(get_state(), set_state("\x00\xff"), get_state(), clear_state(), get_state())
    assert [got[0], got[2], got[4]] == [None, "\x00\xff", None]


@rule(STATE, "every process has a state of its own")
async def test_states_are_apart(world: World):
    p = await parent(world)
    child = await p.child()
    await p.do(set_state("parent's"))
    assert await child.do(get_state()) is None


@rule(STATE, "a state outlives its process, and is there for the next one of that name")
async def test_a_state_outlives_its_process(world: World):
    a = await world.guest("a")
    await a.end(set_state("kept"), leave())
    again = await world.guest("a", public=True)
    assert await again.do(get_state()) == "kept"
