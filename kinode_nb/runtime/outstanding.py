"""Requests that wait for their Response: one table a process.

Kinode's host keeps, by message id, the sender's context and the message it was handling when it
sent (``kernel/standard_host_v1.rs``); a timer posts a SendError when nobody answered in time.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from kinode_nb.runtime.scheduler import NEVER, Scheduler
from kinode_nb.runtime.suspension import Suspension
from kinode_nb.types import LazyLoadBlob, Request, Response, SendError

Outcome = tuple[Response, LazyLoadBlob | None] | SendError


class Waiter(Suspension):
    """Where a task waits for the outcome of its Request."""

    __slots__ = ("outcome",)

    def __init__(self, scheduler: Scheduler) -> None:
        """Start with no outcome."""
        super().__init__(scheduler)
        self.outcome: Outcome | None = None

    def resolve(self, outcome: Outcome) -> None:
        """Hand the outcome to the waiting task."""
        self.outcome = outcome
        self.wake()


class Outstanding(msgspec.Struct, frozen=True, eq=False):
    """One Request that expects a Response. A Struct: its C constructor is on the hot path."""

    request: Request
    blob: LazyLoadBlob | None
    context: Any  # the process's own object
    prompting: Request | None
    deadline: int
    waiter: Waiter | None
    """Where the sender waits for the outcome; None: it comes through the mailbox."""


class OutstandingTable:
    """The outstanding Requests of one process, by message id."""

    __slots__ = ("entries", "on_timeout")

    def __init__(self, on_timeout: Callable[[Outstanding], None]) -> None:
        """Call ``on_timeout`` with each entry that is overdue, after taking it out."""
        self.entries: dict[int, Outstanding] = {}
        self.on_timeout = on_timeout

    def expire(self, now: int) -> int:
        """Give up what is overdue and return the next deadline (NEVER: none)."""
        overdue = [entry for entry in self.entries.values() if entry.deadline <= now]
        for entry in overdue:
            self.entries.pop(entry.request.id, None)
            self.on_timeout(entry)
        return min((entry.deadline for entry in self.entries.values()), default=NEVER)
