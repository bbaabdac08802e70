"""An interrupt reaches a blocking wait, though somebody else handles the signal."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator

import pytest

from kinode_nb.portal.interrupts import Interrupts, heard


@pytest.fixture
def others() -> Iterator[list[int]]:
    """Return what the handler that was there before has seen."""
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    yield seen
    signal.signal(signal.SIGINT, before)


def test_it_is_raised_in_a_wait_that_keeps_the_loop_waiting(others: list[int]):
    async def cell() -> None:
        handler = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), heard():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is handler
        with heard(), heard():
            pass
        assert signal.getsignal(signal.SIGINT) is handler

    asyncio.run(cell())
    assert others == []


def test_a_handler_outside_a_loop_stays(others: list[int]):
    with heard():
        signal.raise_signal(signal.SIGINT)
    assert others == [signal.SIGINT]


def test_another_thread_leaves_handlers_alone(others: list[int]):
    def elsewhere() -> None:
        async def cell() -> None:
            with heard():
                signal.raise_signal(signal.SIGINT)

        asyncio.run(cell())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert others == [signal.SIGINT]


def test_who_handled_it_before_still_does_after_the_first_who_watches(others: list[int]):
    told: list[str] = []
    handler = signal.getsignal(signal.SIGINT)
    first = Interrupts(lambda: told.append("first"))
    second = Interrupts(lambda: told.append("second"))
    first.watch()
    second.watch()
    signal.raise_signal(signal.SIGINT)
    assert (told, others) == (["first"], [signal.SIGINT])
    assert signal.getsignal(signal.SIGINT) is handler
    second.watch()
    first.end()
    second.end()
    assert signal.getsignal(signal.SIGINT) is handler
