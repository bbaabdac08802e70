"""tester:tester:sys, as kit's run-tests uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import (
    DIRECTOR,
    Step,
    ask,
    blob,
    capabilities,
    capability,
    respond,
    send,
)
from tests.conformance.world import HERE, Guest, World

TESTER_RULES = "6 tester"
TESTER = "tester:tester:sys"
VFS = "vfs:distro:sys"
ROOT = {"process": VFS, "params": {"root": True}}
OK = {"Run": {"Ok": None}}
FAILURE = {"Run": {"Err": {"test": "sums", "file": "sums.rs", "line": 7, "column": 1}}}


def run(*names: str) -> Step:
    body = {"input_node_names": [HERE], "test_names": list(names), "test_timeout": 5}
    return ask(f"our@{TESTER}", {"Run": body}, expects=60)


async def kit(world: World, requests: Any = (), grants: Any = ()) -> Guest:
    """A guest that brings tests, as kit does by http-server: here, guests."""
    a = await world.guest("a", may=[VFS, ROOT, TESTER], public=True)
    code = world.host.guest
    wishes = {
        "request_capabilities": [*requests],
        "grant_capabilities": [DIRECTOR, *grants],
    }
    for name, data in (
        (f"one{code.suffix}", code.read_bytes()),
        (f"two{code.suffix}", code.read_bytes()),
        ("capabilities.json", json.dumps({"one": wishes, "two": wishes}).encode()),
    ):
        path = f"/tester:sys/tests/{name}"
        await a.do(ask(f"our@{VFS}", {"path": path, "action": "Write"}, blob=blob(data)))
    return a


def begun(world: World) -> list[Guest]:
    """Return the tests that were handed a Run, in their order."""
    return [each for each in world.guests.values() if each.package == "tester:sys"]


@rule(TESTER_RULES, "vfs answers for the folder of tests as soon as the node has booted")
async def test_the_folder_of_tests(world: World):
    a = await world.guest("a", may=[VFS, ROOT])
    body = {"path": "/tester:sys/tests", "action": "ReadDir"}
    assert "ReadDir" in json.loads((await a.do(ask(f"our@{VFS}", body)))["body"])


@rule(TESTER_RULES, "a Run with no tests is Ok")
async def test_no_tests(world: World):
    a = await kit(world)
    assert json.loads((await a.do(run()))["body"]) == {"Run": {"Ok": None}}


@rule(TESTER_RULES, "a test that does not answer within its time is an Err")
async def test_a_silent_test(world: World):
    a = await kit(world)
    answer = json.loads((await a.do(run("one")))["body"])
    assert answer["Run"]["Err"]["test"] == "one"


@rule(TESTER_RULES, "a test is handed the Run as it came; when it answers Ok, so does the tester")
async def test_a_test_that_passes(world: World):
    a = await kit(world)
    asked = run("one")
    going = await a.begin(asked)
    (one,) = begun(world)
    assert [(got["source"], got["body"]) for got in one.idle] == [
        (f"{HERE}@{TESTER}", asked["body"])
    ]
    assert not going.done
    await one.do(respond(OK))
    assert json.loads((await going.results())[0]["body"]) == OK


@rule(TESTER_RULES, "tests run one after another: the next begins when the one before has passed")
async def test_one_after_another(world: World):
    a = await kit(world)
    going = await a.begin(run("one", "two", "one"))
    for number in (1, 2, 3):
        assert len(begun(world)) == number
        assert not going.done
        await begun(world)[-1].do(respond(OK))
    assert json.loads((await going.results())[0]["body"]) == OK
    assert len(begun(world)) == 3


@rule(TESTER_RULES, "a test holds what the tester holds, and what it asks for of the tester's own")
async def test_what_a_test_holds(world: World):
    a = await kit(world, requests=[{"process": TESTER, "params": {"door": 1}}])
    await a.begin(run("one"))
    held = await begun(world)[0].do(capabilities())
    assert capability(f"{HERE}@{TESTER}", {"door": 1}) in held
    assert capability(f"{HERE}@kernel:distro:sys", "network") in held
    for module in ("vfs", "kv", "sqlite", "timer", "http-server"):
        assert capability(f"{HERE}@{module}:distro:sys") in held


@rule(TESTER_RULES, "a test is not public, and may be messaged by whom its capabilities are given")
async def test_who_may_message_a_test(world: World):
    b, c = await world.guest("b"), await world.guest("c")
    a = await kit(world, grants=[b.id])
    await a.begin(run("one"))
    (one,) = begun(world)
    await b.do(send(one, "let in"))
    await c.do(send(one, "kept out"))
    assert [got["body"] for got in one.idle[1:]] == ["let in"]


@pytest.mark.parametrize("after", [1, 2])
@rule(TESTER_RULES, "an Err is answered as the test told it; the tests after it are not run")
async def test_a_test_that_fails(world: World, after: int):
    a = await kit(world)
    going = await a.begin(run(*["one"] * after, "two"))
    for _ in range(after - 1):
        await begun(world)[-1].do(respond(OK))
    await begun(world)[-1].do(respond(FAILURE))
    assert json.loads((await going.results())[0]["body"]) == FAILURE
    assert len(begun(world)) == after


@rule(TESTER_RULES, "after an Err the tester ends with an error, and starts again for the next Run")
async def test_the_tester_starts_again(world: World):
    a = await kit(world)
    going = await a.begin(run("one"))
    await begun(world)[0].do(respond(FAILURE))
    await going.results()
    ended = f"process {HERE}@{TESTER} ended with error"
    assert len([each for each in world.prints() if each.startswith(ended)]) == 1
    again = await a.begin(run("two"))
    await begun(world)[-1].do(respond(OK))
    assert json.loads((await again.results())[0]["body"]) == OK
