"""Requests that wait for their Response: one table a process.

Kinode's host keeps, by message id, the sender's context and the message it was handling when it
sent (``kernel/standard_host_v1.rs``); a timer posts a SendError when nobody answered in time.
Requests that inherit share one id. There a later Request replaces an earlier one; here each
keeps its entry, and a Response goes to the one that it answers (docs/differences.md).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from kinode_nb.runtime.scheduler import NEVER, Scheduler
from kinode_nb.runtime.suspension import Suspension
from kinode_nb.types import Address, LazyLoadBlob, Request, Response, SendError

_SECOND = 1_000_000_000


class Waiter(Suspension):
    """A Request whose outcome a task waits for; used again and again, since making one is dear."""

    __slots__ = ("blob", "outcome", "request")

    request: Request
    """Set before it is outstanding."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Start with no Request and no outcome."""
        super().__init__(scheduler)
        self.blob: LazyLoadBlob | None = None
        """The Request's blob, then the Response's."""
        self.outcome: Response | SendError | None = None

    def resolve(self, outcome: Response | SendError, blob: LazyLoadBlob | None) -> None:
        """Hand the outcome to the waiting task."""
        self.outcome = outcome
        self.blob = blob
        self.wake()


class Outstanding(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A Request whose outcome comes through the mailbox.

    A Struct, since its C constructor is fast; invisible to the garbage collector, since there are
    many in a pipeline. None stays longer than its process, so no circle of references can.
    """

    request: Request
    blob: LazyLoadBlob | None
    context: Any  # the process's own object
    prompting: Request | None


Entry = Waiter | Outstanding


class OutstandingTable:
    """The outstanding Requests of one process, by message id."""

    __slots__ = ("_earlier", "entries")

    def __init__(self) -> None:
        """Start empty."""
        self.entries: dict[int, Entry] = {}
        """The last Request of each id. A Request with an id of its own may be put in directly."""
        self._earlier: dict[int, list[Entry]] = {}
        """Those before it, where several share an id."""

    def add(self, entry: Entry) -> None:
        """Put in a Request whose id may be in use already."""
        id_ = entry.request.id
        last = self.entries.get(id_)
        if last is not None:
            self._earlier.setdefault(id_, []).append(last)
        self.entries[id_] = entry

    def match(self, taken: Entry | None, response: Response) -> Entry | None:
        """Return the Request that a Response answers, given what was taken out by its id.

        It is the one that the Response names as its cause, or else the last one.
        """
        earlier = self._earlier.get(response.id)
        if earlier is None:
            return taken
        for entry in earlier:
            if entry.request.seq == response.parent:
                if taken is not None:
                    self.entries[response.id] = taken
                self._remove_earlier(entry)
                return entry
        if taken is None:
            taken = earlier[-1]
            self._remove_earlier(taken)
        return taken

    def withdraw(self, request: Request) -> Entry | None:
        """Take a Request out, and return its entry if it was still there."""
        entry = self.entries.get(request.id)
        if entry is not None and entry.request is request:
            return self.entries.pop(request.id)
        for entry in self._earlier.get(request.id, ()):
            if entry.request is request:
                self._remove_earlier(entry)
                return entry
        return None

    def abandon(self, waiter: Waiter) -> None:
        """Take out a Request, if it was sent at all, whose task does not wait any more."""
        if hasattr(waiter, "request"):
            self.withdraw(waiter.request)

    def to(self, target: Address) -> Iterator[Entry]:
        """Yield the Requests to one target."""
        return (entry for entry in self._all() if entry.request.target == target)

    def _remove_earlier(self, entry: Entry) -> None:
        id_ = entry.request.id
        self._earlier[id_].remove(entry)
        if not self._earlier[id_]:
            del self._earlier[id_]

    def _all(self) -> Iterator[Entry]:
        yield from self.entries.values()
        for entries in self._earlier.values():
            yield from entries

    def overdue(self, now: int) -> list[Entry]:
        """Take out what should have been answered by now, in the order of its deadlines."""
        found = [entry for entry in self._all() if _deadline(entry) <= now]
        found.sort(key=lambda entry: (_deadline(entry), entry.request.seq))
        for entry in found:
            self.withdraw(entry.request)
        return found

    def next_deadline(self) -> int:
        """Return the earliest deadline (NEVER: none)."""
        return min(map(_deadline, self._all()), default=NEVER)

    def clear(self) -> list[Entry]:
        """Take out everything."""
        entries = list(self._all())
        self.entries.clear()
        self._earlier.clear()
        return entries


def _deadline(entry: Entry) -> int:
    request = entry.request
    return request.time + (request.expects_response or 0) * _SECOND
