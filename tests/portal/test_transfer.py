"""A transfer, as a person holds it: the waiting can end before the transfer does."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from kinode_nb.portal import InterruptedWait, Node, Portal, Transfer
from kinode_nb.portal import transfer as module
from kinode_nb.types import UsageError

GOES_ON = 'only the waiting has ended: t1 goes on. See net.transfers("t1")'


@pytest.fixture
def waiting(two: tuple[Node, Node]) -> Transfer:
    """Return a transfer that is not over: the node that is asked has no package to answer."""
    one, _ = two
    return one.download("my_file.txt", one._net.boot("silent.dev", port="none").name)


def test_an_interrupt_ends_only_the_waiting(
    waiting: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Portal, work: Coroutine[Any, Any, Any], timeout: float | None = None) -> Any:
        work.close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Portal, "call", interrupt)
        with pytest.raises(InterruptedWait) as caught:
            waiting.wait()
    assert str(caught.value) == GOES_ON
    assert caught.value._render_traceback_() == [f"KeyboardInterrupt: {GOES_ON}"]
    assert isinstance(caught.value, KeyboardInterrupt)
    assert waiting.status == "waiting"


def test_an_interrupted_await_says_the_same(
    waiting: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupt(future: asyncio.Future[None], _: object) -> None:
        future.cancel()
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "ticking", interrupt)
    awaiting = waiting.waited()
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(InterruptedWait, match="t1 goes on"):
            loop.run_until_complete(awaiting)
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        loop.close()


def test_a_cancelled_await_stays_a_cancellation(waiting: Transfer) -> None:
    async def cell() -> None:
        task = asyncio.create_task(waiting.waited())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert type(caught.value) is asyncio.CancelledError
        assert caught.value.__notes__ == [GOES_ON]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await waiting

    asyncio.run(cell())
    assert waiting.status == "waiting"


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_what_comes_later_says_so(waiting: Transfer, verb: str) -> None:
    with pytest.raises(UsageError, match=f"{verb} is not there yet in this version"):
        getattr(waiting, verb)()
