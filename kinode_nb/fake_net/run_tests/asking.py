"""How tests are asked for: a Run for the tester of each node, as kit sends it."""

import asyncio
import time
from collections.abc import Sequence

from kinode_nb.fake_net.node import Node
from kinode_nb.process_lib.tester import OK
from kinode_nb.runtime.process import Process
from kinode_nb.types import Answer, NodeError
from kinode_nb.types.capabilities import TESTER

_PATIENCE = 15  # seconds: kit's, for what answers at once
_MOMENT, _TICK = 2, 0.001  # seconds


async def ask(nodes: Sequence[Node], name: str, written: str, timeout: int) -> Answer:
    """Send the Run of one test to the other nodes, then to the first; return what that answers.

    ``written`` is the test's path in the tests.toml, which kit tells the others; ``timeout`` is in
    seconds. Raises SendError, and NodeError when the tester has ended for good.
    """
    names = [node.name for node in nodes]

    def run_of(test: str) -> dict[str, object]:
        run = {"input_node_names": names, "test_names": [test], "test_timeout": timeout}
        return {"Run": run}

    master, *others = nodes
    for node in others:
        await node.request(TESTER, run_of(written), _PATIENCE)
    tester = master.kernel.processes.get(TESTER)
    if tester is None:
        raise _ended(master)
    tester.backoff = 0  # it ends with each test that fails, and is to be there for the next
    begun = tester.restarts
    answer = await _answer(master, tester, run_of(name), timeout + _PATIENCE)
    if answer.body != OK:
        await _until_again(tester, begun)
    return answer


async def _answer(master: Node, tester: Process, run: dict[str, object], patience: int) -> Answer:
    """Return the tester's answer; raises NodeError as soon as it has ended without one."""
    asking = asyncio.ensure_future(master.request(TESTER, run, patience))

    def note_end(process: Process, _: BaseException | None) -> None:
        if process is tester:
            asking.cancel()

    master.kernel.on_end.append(note_end)
    try:
        await asyncio.wait([asking])
    finally:
        master.kernel.on_end.remove(note_end)
        asking.cancel()
    if asking.cancelled():
        raise _ended(master)
    return asking.result()


def _ended(master: Node) -> NodeError:
    return NodeError(f"{TESTER} has ended on {master.name}: it was killed, or the node was stopped")


async def _until_again(tester: Process, begun: int) -> None:
    """Wait until the tester has ended and begun again, as it does after an Err."""
    until = time.monotonic() + _MOMENT
    while tester.restarts == begun and time.monotonic() < until:  # noqa: ASYNC110 - no event
        await asyncio.sleep(_TICK)
