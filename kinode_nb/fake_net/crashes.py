"""Processes that ended with an error, and the persons who wait for them.

On a real node whoever asked a process that has crashed learns nothing, and gives up when the time
is over. Processes here fare just so. A person who waits, for the Response to a Request or to a
line at the terminal, is told at once what has happened.
"""

import linecache
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kinode_nb.runtime.error_words import words_of
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.runtime.outstanding import Waiter
from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, PackageId, Request, SendError
from kinode_nb.types.printed import as_unicode

_OURS = str(Path(__file__).resolve().parents[1]) + "/"
_LIBRARIES = (
    _OURS,
    "<frozen ",
    *(sysconfig.get_path(name) + "/" for name in ("stdlib", "purelib", "platlib")),
)
_SHOWN = 80  # characters of a line of code
_SAID = 500  # characters of what an error says
_WIDE = 1000  # characters of a line of a traceback
_REMEMBERED = 100

Asker = tuple[Kernel, Process]
"""A process in whose name a person waits, and its node's kernel."""


@dataclass(frozen=True, slots=True)
class Crash:
    """The end of one process by an error."""

    process: Process
    time: int
    """In nanoseconds of the net's clock."""
    story: str
    """Its traceback, of several lines."""
    gist: str
    """The error and the line of code that it comes from, in one line."""

    def __str__(self) -> str:
        """Return one line: which process, and why."""
        address = self.process.address
        return f"{address.process} on {address.node} ended with an error: {self.gist}"


class Crashes:
    """The last crashes of a net's processes."""

    def __init__(self, log: MessageLog, askers: Callable[[], Iterable[Asker]]) -> None:
        """Know of none; ``askers`` tells in whose names persons wait."""
        self._log = log
        self._askers = askers
        self._last: dict[Address, Crash] = {}

    def happened(self, kernel: Kernel, process: Process, error: BaseException, story: str) -> None:
        """Hear of one, before what the process had is lost."""
        crash = Crash(process, kernel.scheduler.now(), _shortened(story), _gist(error))
        self._last.pop(process.address, None)
        self._last[process.address] = crash
        if len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]
        for asking, asker in self._askers():
            for waiter in list(_waiting(asker, process)):
                if self._is_lost(waiter.request, process):
                    asker.outstanding.withdraw(waiter.request)
                    self._log.end(waiter.request.seq, "timeout", str(crash))
                    asking.fail(asker, waiter, "Timeout", str(crash))

    def ended(self, process: Process) -> None:
        """Hear of the end of a process: what became of an earlier one of its name is past."""
        crash = self._last.get(process.address)
        if crash is not None and crash.process is not process:
            del self._last[process.address]

    def of(self, process: Process) -> Crash | None:
        """Return the last crash of a process, if it had one."""
        crash = self._last.get(process.address)
        return crash if crash is not None and crash.process is process else None

    def explain(self, error: SendError) -> None:
        """Say of a process that is not there any more what became of it."""
        crash = self._last.get(error.target)
        if crash is not None and crash.process.ended and error.reason.startswith("there is no"):
            error.reason = f"{error.reason}: it ended with an error: {crash.gist}"

    def story_in(self, reason: str) -> str:
        """Return the traceback of the last crash that a text names; '' where it names none."""
        for crash in reversed(list(self._last.values())):
            if crash.gist in reason and crash.process.address.process.process_name in reason:
                return crash.story
        return ""

    def that_took(self, request: Request) -> Crash | None:
        """Return the crash of the process that a Request had reached, and was lost with."""
        crash = self._last.get(request.target)
        if crash is None or crash.time < request.time:
            return None
        return crash if self._is_lost(request, crash.process) else None

    def at(self, node: str, package: PackageId, since: int) -> Crash | None:
        """Return the last crash of a package's process on a node, from a time on."""
        for address, crash in reversed(self._last.items()):
            if (address.node, address.package_id) == (node, package) and crash.time >= since:
                return crash
        return None

    def _is_lost(self, request: Request, process: Process) -> bool:
        """Tell whether a Request had reached a process, and nobody else can answer it.

        Another can, whom the process asked with a Request that inherits.
        """
        log, index = self._log, request.seq - self._log.first
        reached = (
            any(item[0] is request for item in process.mailbox.queue)
            or (0 <= index < len(log.delivered) and log.delivered[index] > 0)
            or log.outcomes.get(request.seq, ("",))[0] == "dropped"
        )
        return reached and not any(
            isinstance(each, Request) and each.id == request.id and each.source == process.address
            for each in log.entries[max(index, 0) :]
        )


def _waiting(asker: Process, process: Process) -> Iterator[Waiter]:
    for entry in asker.outstanding.to(process.address):
        if isinstance(entry, Waiter) and entry.waiting:
            yield entry


def _gist(error: BaseException) -> str:
    """Return the error, of a group the first, and the author's line that it comes from."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    told = "".join(words_of(error)).splitlines()
    said = as_unicode("; ".join(stripped for line in told if (stripped := line.strip())))
    said = _cut(said, _SAID)
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if not each.filename.startswith(_LIBRARIES)]
    if not own:
        return said
    last = own[-1]
    source = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    shown = as_unicode(_cut(source, _SHOWN))
    file = last.filename if last.filename.startswith("<process ") else _shown(last.filename)
    return f"{said} (line {last.lineno} of {file}{f': {shown}' if shown else ''})"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _shortened(story: str) -> str:
    """Return a traceback with long lines cut: the log has the whole."""
    return "\n".join(_cut(line, _WIDE) for line in story.splitlines())


def _shown(file: str) -> str:
    """Return a file's name as a person knows it."""
    is_cell = "/ipykernel_" in file or file.startswith("<ipython-input")
    return "a cell" if is_cell else Path(file).name
