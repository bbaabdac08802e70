"""Whatever nodes and processes do, in whatever order: they do what the model says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kinode_nb.testing import MockClock, virtual_loop
from tests.conformance import steps
from tests.conformance.hosts import Host
from tests.conformance.model import MESSAGING, SECOND, Model, Process, Right, Told
from tests.conformance.steps import DIRECTOR, Step, capability
from tests.conformance.world import HERE, THERE, Run, World, process_id

NODES = (HERE, THERE)
NAMES = ("p", "q", "r")
VFS = "vfs:distro:sys"
NOBODY = ("gone.dev@x:x:test.os", f"{HERE}@x:x:test.os", f"{THERE}@x:x:test.os")
APART = SECOND // 1000  # nothing else happens so near to a command

FUZZING = settings.get_current_profile_name() == "fuzz"
PROFILE = settings(
    max_examples=1000 if FUZZING else 40,  # each of them is a small life of two nodes
    stateful_step_count=60 if FUZZING else 30,
    derandomize=not FUZZING,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=list(HealthCheck),
)

Draw = Any
INSTALLED = {
    "node": st.sampled_from(NODES),
    "name": st.sampled_from(NAMES),
    "networking": st.sampled_from([True, True, False]),
    "public": st.booleans(),
    "on_exit": st.sampled_from(["None", "Restart", "Requests"]),
    "may": st.sets(st.sampled_from(NAMES), min_size=1),
    "grants": st.sets(st.sampled_from(NAMES)),
}


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

    def pass_time(self, seconds: float) -> None:
        """Let time pass, to a moment at which nothing else happens."""
        clock = self.world.clock
        until = clock.now_ns() + max(int(seconds * SECOND), APART)
        while any(abs(due - until) < APART // 2 for due in self.model.due()):
            until += APART
        self.runner.run(self.world.sleep((until - clock.now_ns()) / SECOND))
        self.model.advance(clock.now_ns())

    # Nodes.

    @initialize(data=st.data())
    def begin(self, data: Draw) -> None:
        for node in NODES:
            self.boot(node)
        for _ in range(4):
            self.install(**{key: data.draw(each) for key, each in INSTALLED.items()})

    @precondition(lambda self: len(self.model.nodes) < len(NODES))
    @rule(node=st.sampled_from(NODES))
    def boot(self, node: str) -> None:
        self.runner.run(self.world.node(node))
        self.model.nodes.add(node)

    @precondition(lambda self: len(self.model.nodes) == len(NODES) and len(self.scripts) % 5 == 4)
    @rule(node=st.sampled_from(NODES))
    def stop(self, node: str) -> None:
        self.runner.run(self.world.net.stop(node))
        self.model.stop(node)

    # Processes.

    @precondition(lambda self: len(self.scripts) % 4 == 2)
    @rule(**INSTALLED)
    def install(
        self,
        node: str,
        name: str,
        networking: bool,
        public: bool,
        on_exit: str,
        may: set[str],
        grants: set[str],
    ) -> None:
        if node not in self.model.nodes:
            return
        address = f"{node}@{process_id(name)}"
        if address in self.model.restarting:
            return
        words = f"{HERE}@{process_id('q' if name == 'p' else 'p')}"
        self.runner.run(
            self.world.guest(
                name,
                node=node,
                networking=networking,
                public=public,
                may=[VFS, *sorted(may)],
                grants=sorted(grants - {name}),
                on_exit=_last_words(words) if on_exit == "Requests" else on_exit,
            )
        )
        held: set[Right] = {(f"{node}@{process_id(each)}", MESSAGING) for each in may}
        held.add((f"{node}@{VFS}", MESSAGING))
        if networking:
            held.add((f"{node}@kernel:distro:sys", '"network"'))
        process = Process(address, public, held, on_exit, words)
        self.model.start(process, [f"{node}@{process_id(each)}" for each in grants - {name}])
        self.pass_time(0)

    @precondition(lambda self: len(self.scripts) % 4 == 3 and self.model.processes)
    @rule(data=st.data())
    def kill(self, data: Draw) -> None:
        address = data.draw(st.sampled_from(sorted(self.model.processes)))
        self.runner.run(self.world.kill(self.world.known(address)))
        self.model.kill(address)
        self.pass_time(0)

    @rule(seconds=st.integers(2, 40))
    def wait(self, seconds: int) -> None:
        self.pass_time(seconds)

    # Scripts.

    def idle(self) -> list[str]:
        return sorted(each.address for each in self.model.processes.values() if not each.busy)

    @precondition(lambda self: self.idle())
    @rule(data=st.data())
    def tell(self, data: Draw) -> None:
        address = data.draw(st.sampled_from(self.idle()))
        process = self.model.processes[address]
        script = [data.draw(self.step(process)) for _ in range(data.draw(st.integers(1, 4)))]
        script += data.draw(self.last(process))
        self.model.now = self.world.clock.now_ns()
        run = self.runner.run(self.world.known(address).begin(*script))
        self.scripts.append((run, self.model.tell(address, script)))
        self.pass_time(0)

    def step(self, process: Process) -> st.SearchStrategy[Step]:
        """Return a step for the middle of a script."""
        alive = sorted(self.model.processes)
        known = sorted({*self.model.idle, *NOBODY}) + 3 * alive
        others = [address for address in known if address != process.address]
        bodies = {"body": st.sampled_from(["one", "two", "three"])}
        carried = {
            "expects": st.sampled_from([3, 8, 20]),
            "inherit": st.booleans(),
            "blob": st.sampled_from([steps.blob("A"), steps.blob("B")]),
            "capabilities": st.lists(self.right(process), max_size=2),
        }
        context = {"context": st.sampled_from(["x", "y"])}
        sends = st.fixed_dictionaries(
            {"target": st.sampled_from(known), **bodies},
            optional={**carried, **context},
        ).map(lambda chosen: steps.send(**chosen))
        asks = st.fixed_dictionaries(
            {"target": st.sampled_from(others), **bodies}, optional=carried
        ).map(lambda chosen: steps.ask(**chosen))
        drops = st.sampled_from([*sorted(process.held), (process.address, MESSAGING)]).map(
            lambda right: steps.drop(_shown(right))
        )
        spawns = st.builds(
            lambda name, requests, public: steps.spawn(
                name,
                self.world.known(process.address).path,
                [(DIRECTOR, "messaging")],
                requests=requests,
                public=public,
            ),
            st.sampled_from(["k", "l"]),
            st.lists(self.right(process), max_size=3),
            st.booleans(),
        )
        plain = st.sampled_from(
            [
                steps.blobs(),
                steps.capabilities(),
                steps.get_state(),
                steps.set_state("kept"),
                steps.set_on_exit("None"),
                steps.set_on_exit("Restart"),
            ]
        )
        found = [sends, sends, asks, asks, plain, drops, spawns]
        if process.received:
            found += [
                st.sampled_from(sorted(process.received)).map(lambda each: steps.save(_shown(each)))
            ]
        return st.one_of(found)

    def last(self, process: Process) -> st.SearchStrategy[list[Step]]:
        """Return how a script may end: most of them by answering what is being handled."""
        answers = st.fixed_dictionaries(
            {"body": st.sampled_from(["yes", "no"])},
            optional={
                "inherit": st.booleans(),
                "capabilities": st.lists(self.right(process), max_size=2),
            },
        ).map(lambda chosen: [steps.respond(**chosen)])
        ends = st.sampled_from([[], [steps.trap()], [steps.leave()]])
        return st.one_of(answers, answers, answers, ends)

    def right(self, process: Process) -> st.SearchStrategy[dict[str, str]]:
        """Return a capability: its own, one that it holds, or any other."""
        foreign = capability(f"{HERE}@x:x:test.os")
        own = [capability(process.address), capability(process.address, {"door": 1})]
        return st.sampled_from([*own, *map(_shown, sorted(process.held)), foreign])

    # What both say.

    @invariant()
    def they_agree(self) -> None:
        for run, told in self.scripts:
            assert [_plain(each) for each in run.got] == [_plain(each) for each in told.got], (
                run.address
            )
            assert run.done == told.done, run.address
        for address, guest in self.world.guests.items():
            assert guest.idle == self.model.idle.get(address, []), address
        assert self.world.alive() == set(self.model.processes)


def _last_words(target: str) -> Any:
    request = {
        "inherit": False,
        "expects_response": None,
        "body": list(b"goodbye"),
        "metadata": None,
        "capabilities": [],
    }
    return {"Requests": [[target, request, None]]}


def _shown(right: Right) -> dict[str, str]:
    return {"issuer": right[0], "params": right[1]}


def _plain(got: Any) -> Any:
    """Return what a step reported; of capabilities those that the model knows of."""
    if isinstance(got, list):
        got = {(each["issuer"], each["params"]) for each in got}
    if isinstance(got, set):
        return {right for right in got if VFS not in right[0] and DIRECTOR not in right[0]}
    return got


@pytest.mark.timeout(1200)  # it takes seconds; when it fails, it looks for the shortest story
def test_nodes_do_what_the_model_says(host: Host) -> None:
    run_state_machine_as_test(lambda: Nodes(host), settings=PROFILE)
