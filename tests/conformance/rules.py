"""What makes a test a conformance test: `rule` names the rule and its section.

    @rule("2.3", "a Response needs the messaging capability as well")
    async def test_responses_are_checked(world: World): ...

An async test gets a `World`: fake nodes in virtual time, whose processes run on one of `HOSTS`. A
plain function is a rule that concerns no process. `tests/conformance/table.py` makes
docs/conformance.md of the rules.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kinode_nb.testing import MockClock, virtual_loop
from tests.conformance.hosts import Host
from tests.conformance.world import World

PATIENCE = 100_000  # virtual seconds
MARKS = {
    "same": "as on a real node",
    "fixed": "a defect of the real node, which this one does not have",
    "reproduced": "a quirk of the real node, which real packages meet",
    "differs": "differs on purpose: docs/differences.md",
}


@dataclass(frozen=True)
class Rule:
    """One rule, in our own words; ``section`` is such as ``2.3``."""

    section: str
    text: str
    mark: str
    test: str
    module: str


def rule(section: str, text: str, mark: str = "same") -> Callable[[Any], Any]:
    """Make a test the test of a rule."""
    assert mark in MARKS

    def decorate(test: Any) -> Any:
        run = _in_a_world(test) if inspect.iscoroutinefunction(test) else test
        run.rule = Rule(section, text, mark, test.__name__, test.__module__)
        return pytest.mark.rule(section, text)(run)

    return decorate


def _in_a_world(test: Any) -> Any:
    async def within(clock: MockClock, host: Host, arguments: dict[str, Any]) -> None:
        async with asyncio.timeout(PATIENCE), World(clock, host) as world:
            await test(world, **arguments)

    def run(host: Host, **arguments: Any) -> None:
        clock = MockClock()
        with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
            runner.run(within(clock, host, arguments))

    # pytest asks for the test's parameters: the world is made here, the host comes from the table.
    _world, *others = inspect.signature(test).parameters.values()
    first = inspect.Parameter("host", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = inspect.Signature([first, *others])  # type: ignore[attr-defined]
    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    run.pytestmark = list(getattr(test, "pytestmark", ()))  # type: ignore[attr-defined]
    return run
