"""Sees which process keeps the runtime's thread to itself, and ends it.

There is no thread for this: who waits for the runtime looks now and then (`Watchdog.look`), since
nobody else wants to know. What it sees is told by the step that the event loop is in
(`runtime/stepping.py`) and by the frames of its thread. Code that holds the whole interpreter (a
long regular expression) holds up the one who looks as well: it is seen when it returns.
"""

import asyncio
import dis
import linecache
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import Any

from kinode_nb.hosts.tasks import ProcessTasks, owner_in
from kinode_nb.runtime.fiber import Fiber
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.runtime.stepping import NeverYieldedError, Stepping, insistent
from kinode_nb.types import Address

LONG = 1.0
"""Seconds after which a process is said to block the runtime."""
_GRACE = 1 / 3  # of the patience, for the process to tidy up; then it is raised in without mercy
_PAUSE = 0.01
_GLANCE = 0.001  # while the moment has to be right
_SHOWN = 60  # characters of a line of code

_OURS = str(Path(__file__).resolve().parents[1]) + "/"
_RUNTIME = tuple(f"{_OURS}{name}/" for name in ("runtime", "transports", "fake_net", "portal"))
_ASYNCIO = str(Path(asyncio.__file__).parent) + "/"
_LIBRARIES = (
    _OURS,
    "<frozen ",
    *(sysconfig.get_path(name) + "/" for name in ("stdlib", "purelib", "platlib")),
)
_BOUNDARIES = (Scheduler._turn.__code__, Fiber._step.__code__)  # noqa: SLF001 - where steps begin
_RESUME = dis.opmap["RESUME"]
_CALLBACK = asyncio.Handle._run.__code__  # noqa: SLF001


class Outcome(Enum):
    """What became of the attempt to end a process."""

    ENDED = "its step has ended"
    STUCK = "it is in a call that Python cannot interrupt, and ends when that returns"
    BUSY = "it was never seen outside the runtime's own calls: try again"
    OUT_OF_REACH = "it is in a callback, where nothing can be raised"


class Waiting(Enum):
    """Where somebody waits for the runtime, which decides what to advise."""

    NOTEBOOK = "in a cell"
    SERVED = "for Ctrl-C, while nodes are served without a notebook"
    ENDING = "for the end of nodes that were served"


@dataclass(frozen=True, slots=True)
class Blocked:
    """A process that has not yielded for a while."""

    address: Address
    running: ProcessTasks
    step: tuple[int, Any] | None
    """What `Stepping.shoot` needs; None in a callback, where nothing can be raised."""
    seconds: float
    place: str
    """Where it is, such as ``line 2 of a cell (while True: pass)``."""
    waiting: Waiting = Waiting.NOTEBOOK
    file: str = ""
    """The file of that place."""
    line: int = 0

    @property
    def is_the_nodes_own(self) -> bool:
        """True for a process that came with the node."""
        return self.address.process.publisher_node == "sys"

    @property
    def can_be_ended(self) -> bool:
        """True for one that an interrupt can end while its node goes on."""
        return self.step is not None and not self.is_the_nodes_own

    @property
    def named(self) -> str:
        """What is said while somebody waits for it."""
        process, node = self.address.process, self.address.node
        if self.waiting is not Waiting.NOTEBOOK:
            if not self.can_be_ended:
                return f"{self}. Ctrl-C stops the node"
            return (
                f"{self}. Ctrl-C ends it, as an error would, and the node goes on; "
                "a second Ctrl-C stops the node"
            )
        if self.is_the_nodes_own:
            return f"{self}. %kinode stop {node} ends it"
        return f"{self}. Interrupt the cell, or %kinode kill {process} -n {node}, ends it"

    @property
    def ended(self) -> str:
        """What is said when it was ended."""
        told = f"{self._who} was ended, since it did not yield: {self.place}"
        return told if self.waiting is Waiting.NOTEBOOK else f"{told}. The node goes on"

    @property
    def caught(self) -> str:
        """What is said when it would not end, but yields again."""
        process, node = self.address.process, self.address.node
        told = f"{self._who} caught the interrupt, and goes on"
        if self.waiting is Waiting.NOTEBOOK:
            return f"{told}: %kinode kill {process} -n {node}"
        return f"{told}. Ctrl-C now stops the node"

    def left(self, outcome: Outcome) -> str:
        """Return what is said when it could not be ended."""
        advice = {
            Waiting.NOTEBOOK: "Restarting the Jupyter kernel ends it now",
            Waiting.SERVED: "A second Ctrl-C stops the node now",
            Waiting.ENDING: "It ends with the node",
        }
        return f"{self}; {outcome.value}. {advice[self.waiting]}"

    @property
    def _who(self) -> str:
        return f"{self.address.process} on {self.address.node}"

    def __str__(self) -> str:
        """Return who does not yield, and where."""
        return f"{self._who} has not yielded for {self.seconds:.0f} s: {self.place}"


Ends = Callable[[Blocked], bool]
"""Tells of a process that blocks the runtime whether it is to be ended, unasked."""


def nothing(_: Blocked) -> bool:
    """End no process."""
    return False


def everything(_: Blocked) -> bool:
    """End any process that blocks the runtime."""
    return True


class Watchdog:
    """Looks at one event loop from other threads."""

    def __init__(
        self,
        stepping: Stepping,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at the loop with these steps; ``clock`` tells seconds."""
        self._stepping = stepping
        self._clock = clock
        self._seen: tuple[object, float] | None = None  # what it did, and since when
        self.waiting = Waiting.NOTEBOOK
        """Where those wait who look."""

    def look(self, now: float | None = None) -> Blocked | None:
        """Return the process that has kept the thread for over a second, as far as was seen.

        It is seen at the second look that finds it in the same step. ``now`` is in seconds of
        the clock.
        """
        now = self._clock() if now is None else now
        number, fiber = self._stepping.now
        frame = self._frame()
        if frame is None:
            return None
        doing: object = number
        running = None if fiber is None else fiber.owner
        if fiber is None:
            doing = handle = _callback(frame)
            running = None if handle is None else owner_in(handle)
        if running is None:
            self._seen = None
            return None
        seen = self._seen
        if seen is None or seen[0] != doing:
            self._seen = (doing, now)
            return None
        if now - seen[1] < LONG:
            return None
        step = None if fiber is None else (number, fiber)
        address = Address.parse(running.name)
        line = _line(frame)
        place, file = _place(line), line.f_code.co_filename
        seconds = now - seen[1]
        return Blocked(address, running, step, seconds, place, self.waiting, file, line.f_lineno)

    def end(self, blocked: Blocked, patience: float) -> Outcome:
        """Raise inside the process until its step has ended, for ``patience`` seconds at most."""
        if blocked.step is None:
            return Outcome.OUT_OF_REACH
        until, mercy = self._clock() + patience, None
        relentless = insistent(self._stepping.thread)
        self._stepping.condemn(blocked.step)
        try:
            while self._stepping.now == blocked.step:
                now = self._clock()
                if now >= until:
                    return Outcome.BUSY if mercy is None else Outcome.STUCK
                frame = self._frame()
                if frame is None or not _is_the_process_own(frame):
                    pass
                elif mercy is None:
                    if self._stepping.shoot(blocked.step, frame, NeverYieldedError):
                        mercy = now + patience * _GRACE
                elif now >= mercy:
                    self._stepping.shoot(blocked.step, frame, relentless)
                del frame
                threading.Event().wait(_GLANCE if mercy is None else _PAUSE)
        finally:
            self._stepping.condemn(None)
            del relentless.__init__  # an error like any other from now on
        return Outcome.ENDED

    def _frame(self) -> FrameType | None:
        return sys._current_frames().get(self._stepping.thread)  # noqa: SLF001 - made for this


def _step_frames(frame: FrameType) -> list[FrameType]:
    """Return the frames of a step, or of a callback, from the innermost."""
    frames: list[FrameType] = []
    each: FrameType | None = frame
    while each is not None and each.f_code not in _BOUNDARIES and each.f_code is not _CALLBACK:
        frames.append(each)
        each = each.f_back
    return frames


def _is_the_process_own(frame: FrameType) -> bool:
    """Tell whether no call of the runtime, or of the event loop, would be left half done."""
    innermost, *others = _step_frames(frame) or [frame]
    return (
        not innermost.f_code.co_filename.startswith((*_RUNTIME, _ASYNCIO))
        or _has_just_begun(innermost)
    ) and not any(each.f_code.co_filename.startswith(_RUNTIME) for each in others)


def _has_just_begun(frame: FrameType) -> bool:
    """Tell whether nothing of a function was done yet: this is where Python delivers errors."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return at >= 0 and code[at] == _RESUME and code[at + 1] == 0


def _callback(frame: FrameType) -> asyncio.Handle | None:
    """Return the callback that the loop is in, unless it is the runtime's own."""
    called, each = frame, frame.f_back
    while each is not None:
        if each.f_code is _CALLBACK and not called.f_code.co_filename.startswith(_OURS):
            handle: asyncio.Handle = each.f_locals["self"]
            return handle
        called, each = each, each.f_back
    return None


def _line(frame: FrameType) -> FrameType:
    """Return the frame of the author's code that is being run."""
    frames = _step_frames(frame) or [frame]
    authors = (each for each in frames if not each.f_code.co_filename.startswith(_LIBRARIES))
    return next(authors, frames[0])


def _place(chosen: FrameType) -> str:
    """Return the line that a frame is in, with its source."""
    file, line = chosen.f_code.co_filename, chosen.f_lineno
    module = chosen.f_globals.get("__file__")  # a package's: its code is named by its vfs path
    is_module = module is not None and Path(module).name == Path(file).name
    where = Path(file).name if is_module or Path(file).is_file() else "a cell"
    source = linecache.getline(file, line, chosen.f_globals).strip()
    shown = source if len(source) <= _SHOWN else source[: _SHOWN - 1] + "…"
    return f"line {line} of {where}" + (f" ({shown})" if shown else "")
