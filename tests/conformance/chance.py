"""Draws by chance what processes may be told next; what is likely to matter, oftener."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from tests.conformance import steps
from tests.conformance.model import MESSAGING, Model, Process, Right
from tests.conformance.steps import DIRECTOR, Step, capability
from tests.conformance.world import HERE, THERE

NAMES = ("p", "q", "r")
VFS = "vfs:distro:sys"
NOBODY = ("gone.dev@x:x:test.os", f"{HERE}@x:x:test.os", f"{THERE}@x:x:test.os")

T = TypeVar("T")


def last_words(target: str) -> Any:
    """Return an OnExit of one Request."""
    request = {
        "inherit": False,
        "expects_response": None,
        "body": list(b"goodbye"),
        "metadata": None,
        "capabilities": [],
    }
    return {"Requests": [[target, request, None]]}


class Chance:
    """Draws from a model's processes what one of them does next."""

    def __init__(self, model: Model, path: str, random: Random) -> None:
        self.model = model
        self.path = path
        self.random = random

    def of(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def some(self, choices: Sequence[T]) -> list[T]:
        return [each for each in choices if self.times(1, 2)]

    def times(self, of: int, all_: int) -> bool:
        """Return True so many times of all."""
        return self.random.randrange(all_) < of

    # Who.

    def idle(self) -> list[Process]:
        found = (each for each in self.model.processes.values() if not each.busy)
        return sorted(found, key=lambda each: each.address)

    def asked(self) -> list[Process]:
        """Return those who could answer somebody who still waits."""
        waiting = {
            entry.request.id for each in self.model.processes.values() for entry in each.outstanding
        }
        return [each for each in self.idle() if each.prompting and each.prompting.id in waiting]

    def reachable(self, process: Process) -> list[str]:
        """Return those that a message of this process would probably reach."""
        return sorted(
            each.address
            for each in self.model.processes.values()
            if each is not process
            and (
                each.node != process.node
                or each.public
                or (each.address, MESSAGING) in process.held
            )
        )

    def anybody(self, process: Process) -> str:
        """Return whom to send to: most often one that can be reached, never itself."""
        others = [*NOBODY, *sorted(each for each in self.model.processes)]
        found = (self.times(3, 4) and self.reachable(process)) or others
        return self.of([each for each in found if each != process.address])

    # What.

    def steps(self, process: Process) -> list[Step]:
        """Return what a script may do on its way."""
        return self.of(
            [self.sends] * 6
            + [self.asks] * 6
            + [self.partition] * 3
            + [self.spawns] * 1
            + [self.plain] * 3
            + [self.saves] * 3 * bool(process.received)
        )(process)

    def carried(self, process: Process) -> dict[str, Any]:
        """Return what a message may have beside its body."""
        found: dict[str, Any] = {}
        if self.times(1, 2):
            found["inherit"] = True
        if self.times(1, 3):
            found["blob"] = steps.blob(self.of("ABC"))
        if self.times(1, 2):
            found["capabilities"] = [self.right(process)]
        return found

    def sends(self, process: Process) -> list[Step]:
        target = process.address if self.times(1, 10) else self.anybody(process)
        more = self.carried(process)
        if self.times(2, 3):
            more |= {"expects": self.of([3, 30, 60]), "context": self.of("xy")}
        return [steps.send(target, self.of(["one", "two"]), **more)]

    def asks(self, process: Process) -> list[Step]:
        more = self.carried(process)
        return [steps.ask(self.anybody(process), "asked", expects=self.of([3, 30, 60]), **more)]

    def handing_on(self, process: Process) -> list[Step]:
        """Let the Request that is being handled go on to somebody else."""
        more: dict[str, Any] = {"expects": self.of([8, 20])} if self.times(1, 3) else {}
        return [steps.send(self.anybody(process), "handed on", inherit=True, **more)]

    def partition(self, process: Process) -> list[Step]:
        """Let it reach somebody, and then not any more."""
        ways = [
            (address, right)
            for address in self.reachable(process)
            for right in sorted(process.held)
            if right[0] == address or ('"network"' in right and process.node not in address)
        ]
        if not ways:
            return []
        address, right = self.of(ways)
        before = [steps.send(address, "before")] * self.of([0, 1, 2])
        return [*before, steps.drop(_shown(right)), steps.send(address, "after", expects=3)]

    def spawns(self, process: Process) -> list[Step]:
        path = f"{process.address.partition(':')[2]}/pkg{self.path}"
        rights = [self.right(process) for _ in range(2)]
        if self.times(3, 4):
            rights += [capability(f"{process.node}@{VFS}"), network(process.node)]
        spawn = steps.spawn(self.of("kl"), path, [(DIRECTOR, "messaging")])
        return [{**spawn, "requests": rights, "public": self.times(1, 2)}]

    def plain(self, process: Process) -> list[Step]:
        return [
            self.of(
                [
                    steps.blobs(),
                    steps.blobs(),
                    steps.capabilities(),
                    steps.get_state(),
                    steps.set_state(self.of("st")),
                    steps.set_on_exit(self.of(["None", "Restart"])),
                ]
            )
        ]

    def saves(self, process: Process) -> list[Step]:
        return [steps.save(_shown(self.of(sorted(process.received))))]

    def last(self, process: Process) -> list[Step]:
        """Return how a script may end: most often by answering what is being handled."""
        if self.times(1, 4 if process.on_exit == "Restart" else 16):
            return [self.of([steps.trap(), steps.leave()])]
        return self.answers(process) if self.times(3, 4) else []

    def answers(self, process: Process) -> list[Step]:
        return [steps.respond(self.of(["yes", "no"]), **self.carried(process))]

    def right(self, process: Process) -> dict[str, str]:
        """Return a capability: its own, one that it holds, a forged one, or any other."""
        other = THERE if process.node == HERE else HERE
        own = capability(process.address), capability(process.address, {"door": 1})
        forged = capability(f"{other}@{process.address.partition('@')[2]}")
        held = [_shown(each) for each in sorted(process.held)]
        return self.of([*own, *own, forged, capability(NOBODY[1]), *held])


def network(node: str) -> dict[str, str]:
    return capability(f"{node}@kernel:distro:sys", "network")


def _shown(right: Right) -> dict[str, str]:
    return {"issuer": right[0], "params": right[1]}
