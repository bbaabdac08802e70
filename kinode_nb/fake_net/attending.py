"""Whether a process that was just begun has got as far as its first message."""

import asyncio

from kinode_nb.runtime.clock import Clock
from kinode_nb.runtime.process import Process

_TURNS = 100  # of the event loop: most processes need a few, so that no timer is waited for
_TICK = 0.001


async def attends(process: Process, clock: Clock, patience_ns: int) -> bool:
    """Wait until it waits for a message, or has ended; False when that takes longer."""
    for _ in range(_TURNS):
        if _is_settled(process):
            return True
        await asyncio.sleep(0)
    until = clock.now_ns() + patience_ns
    while not _is_settled(process):
        if clock.now_ns() > until:
            return False
        await asyncio.sleep(_TICK)
    return True


def _is_settled(process: Process) -> bool:
    return process.mailbox.attended or process.ended or bool(process.restarts)
