"""tester:tester:sys, as kit's run-tests uses it."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.rules import rule
from tests.conformance.steps import Step, ask, blob
from tests.conformance.world import HERE, Guest, World

TESTER_RULES = "6 tester"
TESTER = "tester:tester:sys"
VFS = "vfs:distro:sys"
ROOT = {"process": VFS, "params": {"root": True}}


def run(*names: str) -> Step:
    body = {"input_node_names": [HERE], "test_names": list(names), "test_timeout": 5}
    return ask(f"our@{TESTER}", {"Run": body}, expects=60)


async def kit(world: World) -> Guest:
    """A guest that brings tests, as kit does by http-server: here, guests."""
    a = await world.guest("a", may=[VFS, ROOT, TESTER], public=True)
    code = world.host.guest
    tests: dict[str, Any] = {"one": {"request_capabilities": [], "grant_capabilities": []}}
    for name, data in (
        (f"one{code.suffix}", code.read_bytes()),
        ("capabilities.json", json.dumps(tests).encode()),
    ):
        path = f"/tester:sys/tests/{name}"
        await a.do(ask(f"our@{VFS}", {"path": path, "action": "Write"}, blob=blob(data)))
    return a


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
    assert "Err" in answer["Run"]
