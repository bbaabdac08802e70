"""A line that was typed at a terminal: what it led to, and when all of that has ended.

What belongs to a line is known by its causes: every message names the one that caused it.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from kinode_nb.fake_net.transfers import FINAL, TransferRecord, TransferTable
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.types import (
    Address,
    Event,
    KinodeError,
    ScriptError,
    TransferError,
    UsageError,
)
from kinode_nb.types.capabilities import KERNEL, TERMINAL

_STYLE = re.compile(r"\x1b\[[0-9;]*m")  # bold and the like, which an error's line does without


@dataclass(frozen=True)
class Printed:
    """Something printed on the node, because of the line."""

    text: str
    package: str = ""
    """Of the process that printed; empty for the script, the terminal and the runtime."""


class TypedLine:
    """One line on its way. Use it on the net's loop, and `close` it."""

    def __init__(
        self,
        kernel: Kernel,
        seq: int,
        transfers: TransferTable,
        verbosity: int,
        forget: Callable[["TypedLine"], None],
    ) -> None:
        """Watch what follows the message of this number."""
        self.seq = seq
        self.script: Address | None = None
        self.transfers: list[TransferRecord] = []
        self._kernel = kernel
        self._table = transfers
        self._verbosity = verbosity
        self._forget = forget
        self._news: deque[Printed | TransferRecord] = deque()
        self._change = asyncio.Event()
        self._caused: set[int] = {seq}
        self._foreign: set[int] = set()
        self._handled = self._script_ended = False
        self._refusal = ""
        self._error: BaseException | None = None
        kernel.log.observers.append(self._printed)
        transfers.on_begun.append(self._began)

    def close(self) -> None:
        """Watch no more; what goes on goes on."""
        if self._printed in self._kernel.log.observers:
            self._kernel.log.observers.remove(self._printed)
        if self._began in self._table.on_begun:
            self._table.on_begun.remove(self._began)
        for record in self.transfers:
            if self._change.set in record.listeners:
                record.listeners.remove(self._change.set)
        self._forget(self)

    async def news(self) -> Printed | TransferRecord | None:
        """Wait for what is printed next, or begins to be transferred; None at the end of all."""
        while not self._news:
            if self._is_over():
                return None
            self._change.clear()
            await self._change.wait()
        return self._news.popleft()

    def failure(self) -> KinodeError | None:
        """Return why the line failed, in one line of text; None when it did not."""
        if self._refusal:
            return UsageError(self._refusal)
        if isinstance(self._error, ScriptError):
            notes = getattr(self._error, "__notes__", ())
            said = " ".join([str(self._error), *notes])
            return ScriptError(" ".join(_STYLE.sub("", said).split()))
        if self._error is not None:
            kind, said = type(self._error).__name__, " ".join(str(self._error).split())
            return ScriptError(f"the script ended with an error: {kind}: {said}")
        for record in self.transfers:
            if record.status != "done":
                reason = record.error or record.status
                return TransferError(f"{record.file} from {record.provider}: {reason}")
        return None

    @property
    def script_runs(self) -> bool:
        """True while the script that the line started has not ended."""
        return self.script is not None and not self._script_ended

    def _is_over(self) -> bool:
        over = all(record.status in FINAL for record in self.transfers)
        return self._handled and not self.script_runs and over

    # What the node tells.

    def started(self, script: Address) -> None:
        """Hear which process the line started."""
        self.script = script

    def handled(self, refusal: str) -> None:
        """Hear that the terminal has dealt with the line."""
        self._handled, self._refusal = True, refusal
        self._change.set()

    def ended(self, error: BaseException | None) -> None:
        """Hear that the script has ended."""
        self._script_ended, self._error = True, error
        if isinstance(error, ScriptError) and self._news and self._news[-1] == Printed(str(error)):
            self._news.pop()  # printed just now, and told as the failure
        self._change.set()

    def _began(self, record: TransferRecord, cause: int) -> None:
        if self._is_caused(cause):
            self.transfers.append(record)
            record.listeners.append(self._change.set)
            self._tell(record)

    def _printed(self, event: Event) -> None:
        if event.kind != "print" or event.source.node != self._kernel.node:
            return
        if event.verbosity > self._verbosity or self._is_told_otherwise(event):
            return
        runtime = event.source.process == KERNEL  # whose prints have no cause
        if not (runtime and event.parent == 0) and not self._is_caused(event.parent):
            return
        own = event.source in (self.script, Address(self._kernel.node, TERMINAL))
        package = str(event.source.package_id)
        self._tell(Printed(event.body, "" if own or package == "distro:sys" else package))

    def _is_told_otherwise(self, event: Event) -> bool:
        """Tell whether a failure's text, or a transfer's view, says the same."""
        if event.source.process == TERMINAL and event.body.startswith("error calling script: "):
            return True
        if self.script is None:
            return False
        if event.source.process == KERNEL:
            return event.body.startswith(f"process {self.script} ended with error:")
        return any(event.body.startswith(f"{each.file} progress: ") for each in self.transfers)

    def _tell(self, news: Printed | TransferRecord) -> None:
        self._news.append(news)
        self._change.set()

    def _is_caused(self, seq: int) -> bool:
        """Tell whether the line is among the causes of a message."""
        log, trail = self._kernel.log, []
        while seq > self.seq and seq not in self._caused and seq not in self._foreign:
            trail.append(seq)
            index = seq - log.first
            seq = log.entries[index].parent if 0 <= index < len(log.entries) else 0
        (self._caused if seq in self._caused else self._foreign).update(trail)
        return seq in self._caused
