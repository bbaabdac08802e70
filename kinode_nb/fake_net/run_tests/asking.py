"""How tests are asked for: a Run for the tester of each node, as kit sends it."""

import asyncio
import time
from collections.abc import Sequence

from kinode_nb.fake_net.node import Node
from kinode_nb.process_lib.tester import OK
from kinode_nb.runtime.process import Process
from kinode_nb.types import Answer, Capability, NodeError
from kinode_nb.types.capabilities import TESTER

_PATIENCE = 15  # seconds: kit's, for what answers at once
_MOMENT, _TICK = 2, 0.001  # seconds


class Asking:
    """Asks the testers of some nodes, the first of which runs the tests.

    A tester that a test has killed is started again for the next one.
    """

    def __init__(self, nodes: Sequence[Node], timeout: int) -> None:
        """Ask these nodes; ``timeout`` is what one test has, in seconds."""
        self._nodes = nodes
        self._timeout = timeout
        self._last = ""
        self._first = [_First(node) for node in nodes]

    async def ask(self, name: str, written: str) -> Answer:
        """Send the Run of one test to the other nodes, then to the first; return its answer.

        ``written`` is the test's path in the tests.toml, which kit tells the others. Raises
        SendError, and NodeError when a node has ended, or its tester has while it ran the test.
        """
        for first in self._first:
            first.revive(self._last)
        self._last = name
        master, *others = self._nodes
        for node in others:
            await node.request(TESTER, self._run_of(written), _PATIENCE)
        tester = master.kernel.processes[TESTER]
        tester.backoff = 0  # it ends with each test that fails, and is to be there for the next
        begun = tester.restarts
        answer = await _answer(master, tester, self._run_of(name), self._timeout + _PATIENCE)
        if answer.body != OK:
            await _until_again(tester, begun)
        return answer

    def _run_of(self, test: str) -> dict[str, object]:
        names = [node.name for node in self._nodes]
        run = {"input_node_names": names, "test_names": [test], "test_timeout": self._timeout}
        return {"Run": run}


class _First:
    """The tester that a node was booted with."""

    def __init__(self, node: Node) -> None:
        self._node = node
        tester = node.kernel.processes[TESTER]
        self._program = tester.program
        self._on_exit = tester.on_exit
        self._held: tuple[Capability, ...] = tuple(tester.capabilities)

    def revive(self, test: str) -> None:
        """Start it again if it was killed; raises NodeError when the node is stopped by a test."""
        node = self._node
        if node.status == "stopped" or node.kernel.closed:
            raise NodeError(f"{node.name} was stopped, by or after the test {test}")
        if TESTER in node.kernel.processes or TESTER in node.kernel.restarting:
            return
        process = node.lifecycle.initialize(
            TESTER, self._program, on_exit=self._on_exit, public=True, capabilities=self._held
        )
        node.lifecycle.run(process)


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
        raise NodeError(f"{TESTER} has ended on {master.name}: the test killed it, or the node")
    return asking.result()


async def _until_again(tester: Process, begun: int) -> None:
    """Wait until the tester has ended and begun again, as it does after an Err."""
    until = time.monotonic() + _MOMENT
    while tester.restarts == begun and time.monotonic() < until:  # noqa: ASYNC110 - no event
        await asyncio.sleep(_TICK)
