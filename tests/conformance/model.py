"""A small model of Kinode's messages, lifecycle and capabilities, written from the rules alone.

It knows nothing of the runtime. It is told what the guests of a `World` are told, and says what
each should report: `Model.idle` and `Told.got`. One command runs at a time, to its end or until its
guest awaits something; a Response is the last step of a script, so that never two guests go on at
once, and what the model says is all that may happen.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

Shown = dict[str, Any]
Right = tuple[str, str]
"""A capability: (issuer, params)."""

SECOND = 1_000_000_000
MESSAGING = '"messaging"'
BACKOFF = (0, 0, 1, 1, 2, 4, 8, 16, 32, 64, 128)
HEALTHY = SECOND  # a process that lived longer starts again as for the first time


@dataclass(eq=False)
class Asked:
    """A Request on its way."""

    source: str
    target: str
    id: int
    body: str
    inherit: bool
    expects: int | None
    rsvp: str | None
    rights: list[Right]
    blob: str | None
    number: int = field(default_factory=itertools.count().__next__)
    """Its own: an id may be another's, too."""


@dataclass(eq=False)
class Answered:
    """A Response on its way, and the Request that it answers."""

    source: str
    target: str
    request: Asked
    body: str
    inherit: bool
    rights: list[Right]
    blob: str | None


@dataclass(eq=False)
class Outstanding:
    """A Request whose outcome its sender expects."""

    request: Asked
    context: str | None
    prompting: Asked | None
    deadline: int
    awaited: bool


@dataclass(eq=False)
class Told:
    """A script, what its steps should have reported so far, and whether it should be done."""

    steps: list[Shown]
    got: list[Any] = field(default_factory=list)
    done: bool = False


@dataclass(eq=False)
class Process:
    """What a process is and remembers."""

    address: str
    public: bool
    held: set[Right]
    on_exit: str = "None"
    last_words: str = ""
    """Whom it sends a last Request, where on_exit is Requests."""
    exits: int = 0
    back_at: int = 0

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as after a restart."""
        self.queue: list[tuple[Any, Outstanding | None]] = []
        self.outstanding: list[Outstanding] = []
        self.prompting: Asked | None = None
        self.blob: str | None = None
        self.last_blob: str | None = None
        self.received: set[Right] = set()
        self.told: Told | None = None
        self.awaits: Outstanding | None = None

    @property
    def node(self) -> str:
        return _node(self.address)

    @property
    def busy(self) -> bool:
        return self.told is not None

    def may_hand_on(self, right: Right) -> bool:
        return right in self.held or _process(right[0]) == _process(self.address)


class Model:
    """Nodes and their processes."""

    def __init__(self) -> None:
        self.now = 0
        self.nodes: set[str] = set()
        self.processes: dict[str, Process] = {}
        self.restarting: dict[str, Process] = {}
        self.states: dict[str, str] = {}
        self.idle: dict[str, list[Shown]] = {}
        """By address, what was received by those that had no script to do."""
        self.signed: set[Right] = set()
        """What has left the node of its issuer: the node knows its own word again."""
        self._ids = itertools.count()
        self._ready: list[Process] = []

    # What is done to nodes and processes.

    def stop(self, node: str) -> None:
        self.nodes.discard(node)
        self.signed = {right for right in self.signed if _node(right[0]) != node}
        for table in (self.processes, self.restarting, self.states):
            for address in [each for each in table if each.startswith(f"{node}@")]:
                del table[address]

    def start(self, process: Process, granted: list[str]) -> None:
        """Install a process; ``granted`` are those who may message it from now on."""
        if process.address in self.processes:
            self.kill(process.address)
        process.held.add((process.address, MESSAGING))
        self.processes[process.address] = process
        for holder in granted:
            if holder in self.processes:
                self.processes[holder].held.add((process.address, MESSAGING))

    def kill(self, address: str) -> None:
        """End a process; its own word does not count any more."""
        del self.processes[address]
        for each in [*self.processes.values(), *self.restarting.values()]:
            if each.node == _node(address):
                each.held = {right for right in each.held if right[0] != address}

    def tell(self, address: str, steps: list[Shown]) -> Told:
        """Let a process do a script."""
        process = self.processes[address]
        process.told = told = Told(list(steps))
        process.blob = None  # of the Request that the script came in
        self._ready.append(process)
        self._go()
        return told

    def advance(self, until: int) -> None:
        """Let time pass: deadlines and restarts, each at its time."""
        while (due := min(self.due(), default=until + 1)) <= until:
            self.now = due
            for address, process in list(self.restarting.items()):
                if process.back_at == due:
                    self.processes[address] = self.restarting.pop(address)
            for process in list(self.processes.values()):
                for each in [each for each in process.outstanding if each.deadline == due]:
                    self._fail(process, each, "Timeout")
            self._go()
        self.now = until

    def due(self) -> list[int]:
        """Return the times at which something will happen by itself."""
        return [each.back_at for each in self.restarting.values()] + [
            each.deadline for process in self.processes.values() for each in process.outstanding
        ]

    # Processes that go on.

    def _go(self) -> None:
        while self._ready:
            process = self._ready.pop(0)
            while self.processes.get(process.address) is process and self._step(process):
                pass

    def _step(self, process: Process) -> bool:
        """Do a step of the script, or else receive; False when nothing is left to do."""
        told = process.told
        if told is None:
            if process.queue:
                got = self._receive(process, *process.queue.pop(0))
                self.idle.setdefault(process.address, []).append(got)
                return True
            return False
        if process.awaits is not None:
            return False
        if len(told.got) == len(told.steps):
            told.done, process.told = True, None
            return True
        step = dict(told.steps[len(told.got)])
        before = len(told.got)
        got = getattr(self, f"_{step.pop('do')}")(process, **step)
        ended = process.told is not told
        if not ended and process.awaits is None and len(told.got) == before:
            told.got.append(got)  # an outcome that was there at once has been told already
        return True

    def _receive(self, process: Process, item: Any, entry: Outstanding | None) -> Shown:
        if isinstance(item, str):
            assert entry is not None
            process.blob, process.prompting = None, entry.prompting
            return _shown(item, entry.request, entry.context)
        process.blob = item.blob
        process.last_blob = item.blob if item.blob is not None else process.last_blob
        process.received.update(item.rights)
        if entry is not None:
            process.prompting = entry.prompting
            return _shown("Response", item, entry.context)
        if item.expects is not None or item.rsvp is not None:
            process.prompting = item
        return _shown("Request", item, None)

    # Messages on their way.

    def _sent(
        self,
        process: Process,
        target: str,
        body: str,
        expects: int | None = None,
        inherit: bool = False,
        context: str | None = None,
        blob: Shown | None = None,
        capabilities: tuple[Shown, ...] = (),
        awaited: bool = False,
    ) -> None:
        prompting = process.prompting if inherit else None
        data = blob["data"] if blob else process.last_blob if inherit else None
        rights = self._attached(process, target, capabilities)
        rsvp = process.address if expects else prompting.rsvp if prompting else None
        id_ = prompting.id if prompting else next(self._ids)
        request = Asked(process.address, target, id_, body, inherit, expects, rsvp, rights, data)
        entry = None
        if expects is not None:
            deadline = self.now + expects * SECOND
            entry = Outstanding(request, context, process.prompting, deadline, awaited)
            process.outstanding.append(entry)
            process.awaits = entry if awaited else None
        self._route(process, request, entry)

    def _attached(
        self, process: Process, target: str, capabilities: tuple[Shown, ...]
    ) -> list[Right]:
        rights = [right for right in map(_right, capabilities) if process.may_hand_on(right)]
        if _node(target) != process.node:
            self.signed.update(right for right in rights if _node(right[0]) == process.node)
        return rights

    def _route(self, source: Process, message: Any, entry: Outstanding | None) -> None:
        """Let a message through, or tell its sender at once that it was not."""
        node = _node(message.target)
        target = self.processes.get(message.target)
        refused = ""
        if node != source.node:
            if (f"{source.node}@kernel:distro:sys", '"network"') not in source.held:
                refused = "Timeout"
            elif node not in self.nodes:
                refused = "Offline"
            elif target is None or (f"{node}@kernel:distro:sys", '"network"') not in target.held:
                return  # nobody will ever answer
        elif target is None or not (target.public or (target.address, MESSAGING) in source.held):
            refused = "Timeout"
        if not refused:
            assert target is not None
            self._deliver(target, message if node == source.node else self._verified(message))
        elif entry is not None:
            self._fail(source, entry, refused)

    def _verified(self, message: Any) -> Any:
        """Strip what claims to be of the node that it comes to, and is not."""
        node = _node(message.target)
        forged = [r for r in message.rights if _node(r[0]) == node and r not in self.signed]
        return replace(message, rights=[r for r in message.rights if r not in forged])

    def _deliver(self, target: Process, message: Any) -> None:
        entry = None
        if isinstance(message, Answered):
            entry = _answered(target, message.request)
            if entry is None:
                return
            target.outstanding.remove(entry)
            if entry.awaited:
                self._resolve(target, message, entry)
                return
        target.queue.append((message, entry))
        self._ready.append(target)

    def _fail(self, process: Process, entry: Outstanding, kind: str) -> None:
        process.outstanding.remove(entry)
        if entry.awaited:
            self._resolve(process, kind, entry)
        else:
            process.queue.append((kind, entry))
            self._ready.append(process)

    def _resolve(self, process: Process, item: Any, entry: Outstanding) -> None:
        assert process.told is not None
        assert process.awaits is entry
        process.awaits = None
        process.told.got.append(self._receive(process, item, entry))
        self._ready.append(process)

    # The steps.

    def _send(self, process: Process, **step: Any) -> None:
        self._sent(process, **step)

    def _await(self, process: Process, expects: int = 5, **step: Any) -> None:
        self._sent(process, awaited=True, expects=expects, **step)

    def _respond(
        self,
        process: Process,
        body: str,
        inherit: bool = False,
        blob: Shown | None = None,
        capabilities: tuple[Shown, ...] = (),
    ) -> None:
        request = process.prompting
        if request is None:
            return
        data = process.last_blob if inherit else blob["data"] if blob else None
        target = request.rsvp or request.source
        rights = self._attached(process, target, capabilities)
        answer = Answered(process.address, target, request, body, inherit, rights, data)
        self._route(process, answer, None)

    def _blobs(self, process: Process) -> Shown:
        return {
            "has": process.blob is not None,
            "get": _blob(process.blob),
            "last": _blob(process.last_blob),
        }

    def _spawn(
        self,
        process: Process,
        name: str,
        requests: tuple[Shown, ...] = (),
        public: bool = False,
        **_: Any,
    ) -> Shown:
        if (f"{process.node}@vfs:distro:sys", MESSAGING) not in process.held:
            return {"Err": "NoFileAtPath"}
        package = process.address.partition(":")[2]
        address = f"{process.node}@{name}:{package}"
        if address in self.processes:
            return {"Err": "NameTaken"}
        held = {right for right in map(_right, requests) if process.may_hand_on(right)}
        child = Process(address, public, held | {(process.address, MESSAGING)})
        self.start(child, [process.address])
        return {"Ok": f"{name}:{package}"}

    def _capabilities(self, process: Process) -> set[Right]:
        return set(process.held)

    def _save(self, process: Process, capabilities: tuple[Shown, ...]) -> None:
        process.held.update(map(_right, capabilities))

    def _drop(self, process: Process, capabilities: tuple[Shown, ...]) -> None:
        process.held.difference_update(map(_right, capabilities))

    def _get_state(self, process: Process) -> str | None:
        return self.states.get(process.address)

    def _set_state(self, process: Process, state: str) -> None:
        self.states[process.address] = state

    def _set_on_exit(self, process: Process, on_exit: str) -> None:
        process.on_exit = on_exit

    def _trap(self, process: Process) -> None:
        words, kind = process.last_words, process.on_exit
        process.told = None
        if kind == "Restart":
            del self.processes[process.address]
            process.forget()
            if self.now > process.back_at + HEALTHY:
                process.exits = 0
            wait = BACKOFF[process.exits]
            process.exits += 1
            process.back_at = self.now + wait * SECOND
            (self.restarting if wait else self.processes)[process.address] = process
            return
        if kind == "Requests":
            id_ = next(self._ids)
            last = Asked(process.address, words, id_, "goodbye", False, None, None, [], None)
            self._route(process, last, None)
        if process.address in self.processes:
            self.kill(process.address)

    _leave = _trap


def _answered(process: Process, request: Asked) -> Outstanding | None:
    """Return what a Response resolves: its own Request, or the last one of that id."""
    same = [each for each in process.outstanding if each.request.id == request.id]
    own = [each for each in same if each.request.number == request.number]
    return (own or same or [None])[-1]


def _node(address: str) -> str:
    return address.partition("@")[0]


def _process(address: str) -> str:
    return address.partition("@")[2]


def _right(shown: Shown) -> Right:
    return shown["issuer"], shown["params"]


def _blob(data: str | None) -> Shown | None:
    return None if data is None else {"mime": None, "data": data}


def _shown(kind: str, message: Any, context: str | None) -> Shown:
    """Return what a guest reports of what it received."""
    error = kind in ("Timeout", "Offline")
    return {
        "kind": kind,
        "source": message.target if error else message.source,
        "body": message.body,
        "metadata": None,
        "inherit": message.inherit,
        "expects": getattr(message, "expects", None),
        "capabilities": [{"issuer": issuer, "params": params} for issuer, params in message.rights],
        "context": context,
        "blob": _blob(message.blob),
    }
