"""Whatever nodes and processes do, in whatever order: they do what the model says."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kinode_nb.testing import MockClock, virtual_loop
from tests.conformance.chance import NAMES, VFS, Chance, last_words
from tests.conformance.hosts import Host
from tests.conformance.model import MESSAGING, SECOND, Model, Process, Right, Told
from tests.conformance.steps import DIRECTOR, Step
from tests.conformance.world import HERE, THERE, Run, World, process_id

NODES = (HERE, THERE)
APART = SECOND // 1000  # nothing else happens so near to a command

# A shorter story takes minutes to find: `make test` tells the first one, `make fuzz` looks for it.
FUZZING = settings.get_current_profile_name() == "fuzz"
PROFILE = settings(
    max_examples=1000 if FUZZING else 20,  # each of them is a small life of two nodes
    stateful_step_count=100 if FUZZING else 40,
    derandomize=not FUZZING,
    deadline=None,
    phases=[Phase.generate, *([Phase.shrink] if FUZZING else [])],
    suppress_health_check=list(HealthCheck),
)

SEEDS = st.integers(0, 2**64 - 1)
"""What is done is drawn by `Chance`: Hypothesis chooses seeds, and leaves steps out."""


class Nodes(RuleBasedStateMachine):
    """Two nodes; what is done to them is done to the model, and the reports are compared."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        clock = MockClock()
        self.runner = asyncio.Runner(loop_factory=lambda: virtual_loop(clock))

        async def begin() -> World:
            return World(clock, host)

        self.world = self.runner.run(begin())
        self.model = Model()
        self.scripts: list[tuple[Run, Told]] = []

    def teardown(self) -> None:
        try:
            self.pass_time(100_000)
            self.they_agree()
        finally:
            self.runner.run(self.world.__aexit__())
            self.runner.close()

    def chance(self, seed: int) -> Chance:
        return Chance(self.model, self.world.host.path, Random(seed))

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        for node in NODES:
            self.boot(node)
        for number in range(5):
            self.install(self.chance(seed + number))

    @rule(seed=SEEDS)
    def go_on(self, seed: int) -> None:
        chance = self.chance(seed)
        away = sorted({*NODES} - self.model.nodes)
        if away and chance.times(1, 4):
            self.boot(chance.of(away))
            return
        idle, few = chance.idle(), len(self.model.processes) < 4
        ways: list[Any] = [self.wait] * 3 + [self.install] * (20 if few else 2)
        ways += [self.tell] * 24 * bool(idle) + [self.answer] * 40 * bool(chance.asked())
        ways += [self.kill] * bool(idle) + [self.stop] * (not away)
        chance.of(ways)(chance)

    # Nodes and processes.

    def boot(self, node: str) -> None:
        note(f"boot {node}")
        self.runner.run(self.world.node(node))
        self.model.nodes.add(node)

    def stop(self, chance: Chance) -> None:
        node = chance.of(NODES)
        note(f"stop {node}")
        self.runner.run(self.world.net.stop(node))
        self.model.stop(node)

    def install(self, chance: Chance) -> None:
        node, name = chance.of(sorted(self.model.nodes)), chance.of(NAMES)
        address = f"{node}@{process_id(name)}"
        if address in self.model.restarting:
            return
        words = f"{HERE}@{process_id('q' if name == 'p' else 'p')}"
        on_exit = chance.of(["None", "Restart", "Requests"])
        may, grants = chance.some(NAMES), [each for each in chance.some(NAMES) if each != name]
        networking, public = chance.times(3, 4), chance.times(1, 2)
        note(f"install {address} {networking=} {public=} {on_exit=} {may=} {grants=}")
        start = self.world.guest(
            name,
            node=node,
            networking=networking,
            public=public,
            may=[VFS, *may],
            grants=grants,
            on_exit=last_words(words) if on_exit == "Requests" else on_exit,
        )
        self.runner.run(start)
        held: set[Right] = {(f"{node}@{process_id(each)}", MESSAGING) for each in (VFS, *may)}
        if networking:
            held.add((f"{node}@kernel:distro:sys", '"network"'))
        process = Process(address, public, held, on_exit, words)
        self.model.start(process, [f"{node}@{process_id(each)}" for each in grants])
        self.pass_time(0)

    def kill(self, chance: Chance) -> None:
        address = chance.of(sorted(self.model.processes))
        note(f"kill {address}")
        self.runner.run(self.world.kill(self.world.known(address)))
        self.model.kill(address)
        self.pass_time(0)

    # Time.

    def wait(self, chance: Chance) -> None:
        self.pass_time(chance.of([2, 4, 10, 30]))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, to a moment at which nothing else happens."""
        clock = self.world.clock
        until = clock.now_ns() + max(int(seconds * SECOND), APART)
        while any(abs(due - until) < APART // 2 for due in self.model.due()):
            until += APART
        note(f"wait until {until / SECOND}")
        self.runner.run(self.world.sleep((until - clock.now_ns()) / SECOND))
        self.model.advance(clock.now_ns())

    # Scripts.

    def tell(self, chance: Chance) -> None:
        """Let somebody do this and that."""
        process = chance.of(chance.idle())
        script = [each for _ in range(chance.of([1, 1, 2, 3])) for each in chance.steps(process)]
        self.play(process, script + chance.last(process))

    def answer(self, chance: Chance) -> None:
        """Let somebody who was asked answer, hand the Request on, or ask in turn."""
        process = chance.of(chance.asked())
        script = chance.answers(process) if chance.times(3, 5) else chance.handing_on(process)
        self.play(process, script)

    def play(self, process: Process, script: list[Step]) -> None:
        note(f"tell {process.address} {script}")
        self.model.now = self.world.clock.now_ns()
        run = self.runner.run(self.world.known(process.address).begin(*script))
        self.scripts.append((run, self.model.tell(process.address, script)))
        self.pass_time(0)

    @invariant()
    def they_agree(self) -> None:
        for run, told in self.scripts:
            assert list(map(_plain, run.got)) == list(map(_plain, told.got)), run.address
            assert run.done == told.done, run.address
        for address, guest in self.world.guests.items():
            assert guest.idle == self.model.idle.get(address, []), address
        assert self.world.alive() == set(self.model.processes)


def _plain(got: Any) -> Any:
    """Return what a step reported; of capabilities those that the model knows of."""
    if isinstance(got, list):
        got = {(each["issuer"], each["params"]) for each in got}
    if isinstance(got, set):
        return {right for right in got if VFS not in right[0] and DIRECTOR not in right[0]}
    return got


@pytest.mark.timeout(7200 if FUZZING else 300)
def test_nodes_do_what_the_model_says(host: Host) -> None:
    run_state_machine_as_test(lambda: Nodes(host), settings=PROFILE)
