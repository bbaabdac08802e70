"""timer:distro:sys: a Response when the time is over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import ask, receive, send
from tests.conformance.world import THERE, World

TIMERS = "5 timer"
TIMER = "timer:distro:sys"
SERVER = f"our@{TIMER}"


def ring(milliseconds: int, **more: Any) -> dict[str, Any]:
    return ask(SERVER, {"SetTimer": milliseconds}, **more)


@rule(TIMERS, "SetTimer is answered with an empty body when its milliseconds are over")
async def test_set_timer(world: World) -> None:
    guest = await world.guest(public=True)
    start = world.clock.seconds
    got = await guest.do(ring(2500, metadata="mine"))
    assert (got["kind"], got["body"], got["blob"], got["metadata"]) == ("Response", "", None, None)
    assert world.clock.seconds - start == pytest.approx(2.5)


@rule(TIMERS, "a timer of no time rings at once")
async def test_no_time(world: World) -> None:
    guest = await world.guest(public=True)
    start = world.clock.seconds
    assert (await guest.do(ring(0)))["kind"] == "Response"
    assert world.clock.seconds - start < 0.001


@rule(TIMERS, "timers run beside each other")
async def test_timers_run_beside_each_other(world: World) -> None:
    guest = await world.guest(public=True)
    asked = [
        send(SERVER, {"SetTimer": each}, expects=5, context=str(each)) for each in (300, 100, 200)
    ]
    got = await guest.play(*asked, receive(), receive(), receive())
    assert [each["context"] for each in got[3:]] == ["100", "200", "300"]


@rule(TIMERS, "the answer comes though none was expected, to the first asker")
async def test_the_first_asker_is_answered(world: World) -> None:
    first = await world.guest("a", public=True)
    middle = await world.guest("b", public=True)
    await middle.begin(receive(), send(SERVER, {"SetTimer": 10}, inherit=True))
    got = await first.do(ask(middle, "go"))
    assert got["source"].endswith(TIMER)


@rule(TIMERS, "anybody may ask, but only who is public, or lets it, is answered")
async def test_who_is_answered(world: World) -> None:
    private = await world.guest("a")
    granting = await world.guest("b", grants=[TIMER])
    assert (await private.do(ring(1, expects=1)))["kind"] == "Timeout"
    assert (await granting.do(ring(1, expects=1)))["kind"] == "Response"


@rule(TIMERS, "Debug prints at level 0 and is not answered")
async def test_debug(world: World) -> None:
    guest = await world.guest(public=True)
    got = await guest.do(ask(SERVER, '"Debug"', expects=1))
    assert got["kind"] == "Timeout"
    assert [each for each in world.prints(0) if each.startswith("timer")]


@pytest.mark.parametrize("body", ["", "{}", '{"SetTimer":-1}', '{"SetTimer":"1"}', '"SetTimer"'])
@rule(TIMERS, "a body that is no action is printed at level 1 and not answered")
async def test_malformed_bodies(world: World, body: str) -> None:
    guest = await world.guest(public=True)
    assert (await guest.do(ask(SERVER, body, expects=1)))["kind"] == "Timeout"
    assert len([each for each in world.prints(1) if each.startswith("timer")]) == 1


@rule(TIMERS, "what comes from another node is ignored without a word")
async def test_remote_sources_are_ignored(world: World) -> None:
    guest = await world.guest(public=True, node=THERE)
    node = await world.node()
    asked = [ask(f"{node.name}@{TIMER}", each, expects=1) for each in ('{"SetTimer":0}', "x")]
    assert {each["kind"] for each in await guest.play(*asked)} == {"Timeout"}
    said = [each for level in range(4) for each in world.prints(level) if "timer" in each]
    assert said == []
