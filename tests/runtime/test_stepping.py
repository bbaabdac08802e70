"""An error that is raised in a step from outside never leaves that step.

Where Python delivers it is decided by where its interpreter looks next. So these tests set it by
calls into C, in places where it is known to look late: after the step has ended.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from functools import partial
from operator import itemgetter
from typing import Any

import pytest

from kinode_nb.process_lib import Our
from kinode_nb.runtime.stepping import NeverYieldedError, Stepping, _calls
from kinode_nb.runtime.suspension import Suspension
from tests.runtime.lab import Lab, echo, in_lab

ECHO = "b.dev@echo:t:os"
MAIN = "a.dev@main:t:os"


def aim(stepping: Stepping) -> Any:
    """Return what sets the error for this thread, as `Stepping.shoot` does for another one."""
    set_error, clear_error = _calls()
    stepping.withdraw = partial(clear_error, stepping.thread, None)
    stepping.aimed = True
    return partial(set_error, stepping.thread, NeverYieldedError)


class Late:
    """Waits for something, and sets the error as the very last act of the step."""

    def __init__(self, lab: Lab, place: Any) -> None:
        self.lab, self.place = lab, place

    def __await__(self) -> Any:
        errors = defaultdict(aim(self.lab.scheduler.stepping))  # a missing key makes the call
        return map(itemgetter(1), zip(map(errors.__getitem__, [0]), [self.place], strict=True))


@pytest.mark.parametrize("stepped_by", ["the scheduler", "its task"])
@pytest.mark.parametrize("waits_for", ["a message", "a future"])
@in_lab
async def test_one_that_comes_after_the_step_is_raised_inside(
    lab: Lab, stepped_by: str, waits_for: str
):
    lab.start(ECHO, echo)

    async def main(our: Our) -> str:
        await our.send_and_await_response(ECHO, b"one")
        if stepped_by == "its task":
            await asyncio.sleep(0)
        place = Suspension(lab.scheduler) if waits_for == "a message" else lab.loop.create_future()
        if waits_for == "a future":
            place._asyncio_future_blocking = True
        with pytest.raises(NeverYieldedError):
            await Late(lab, place)
        return (await our.send_and_await_response(ECHO, b"two")).body.decode()

    assert await lab.play(MAIN, main) == "two"
    assert not lab.scheduler.stepping.aimed
    assert lab.scheduler.stepping.fiber is None


@pytest.mark.parametrize("stepped_by", ["the scheduler", "its task"])
@in_lab
async def test_one_that_nothing_delivered_goes_with_the_step(lab: Lab, stepped_by: str):
    lab.start(ECHO, echo)

    async def main(our: Our) -> None:
        await our.send_and_await_response(ECHO, b"one")
        if stepped_by == "its task":
            await asyncio.sleep(0)
        errors = defaultdict(aim(lab.scheduler.stepping))
        assert errors["set"]  # a subscript is no call: Python looks after calls

    process = lab.start(MAIN, main)
    await lab.until(lambda: process.ended)
    assert lab.ended[process.id] is None
    assert not lab.scheduler.stepping.aimed
    assert sum(range(1000)) == 499500  # it would be raised here


@in_lab
async def test_an_ended_process_is_not_thrown_into(lab: Lab):
    async def main(our: Our) -> None:
        await our.receive()
        raise NeverYieldedError

    process = lab.start(MAIN, main)
    lab.start("a.dev@other:t:os", lambda our: our.send_request(MAIN, b"x"), may=["main:t:os"])
    await lab.until(lambda: process.ended)
    assert isinstance(lab.ended[process.id], NeverYieldedError)


@in_lab
async def test_who_raises_it_in_a_task_of_a_process_ends_the_process(lab: Lab):
    async def main(our: Our) -> None:
        async def inner() -> None:
            raise NeverYieldedError

        task = asyncio.create_task(inner())
        await our.receive()
        await task

    process = lab.start(MAIN, main)
    await lab.idle()
    assert not process.ended
    process.running.fail(NeverYieldedError())  # type: ignore[union-attr]  # as the portal does
    await lab.until(lambda: process.ended)
    assert isinstance(lab.ended[process.id], NeverYieldedError)


def test_nothing_is_raised_where_the_thread_is_elsewhere():
    stepping = Stepping()
    assert not stepping.shoot((0, None), sys._getframe(), NeverYieldedError)
    assert not stepping.shoot((7, None), sys._getframe(), NeverYieldedError)
    assert sum(range(1000)) == 499500
