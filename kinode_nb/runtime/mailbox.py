"""A process's mailbox: bounded for Requests, open for Responses and SendErrors.

The real runtime stalls the whole node when a process's queue of 100 is full (``kernel/mod.rs``).
Here a sender waits for room *before* its Request is routed. No circle of full mailboxes can lock:
a process that itself waits, for room or for a Response, takes whatever comes meanwhile, as
Kinode's host does with the queue that it keeps beside an awaited Response.
"""

import asyncio
from collections import deque
from typing import Any

from kinode_nb.runtime.outstanding import Waiter
from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.runtime.suspension import Suspension

CAPACITY = 100  # as Kinode's process channel
_NOBODY: list[Suspension] = []  # shared by all mailboxes: nothing is ever added to it


class Mailbox:
    """What has arrived for one process and was not taken yet, in the order of arrival."""

    __slots__ = (
        "_breath",
        "_line",
        "_promised",
        "_room",
        "_scheduler",
        "arrival",
        "attended",
        "attention",
        "closed",
        "patient",
        "queue",
        "waiters",
        "waiters_made",
    )

    def __init__(self, scheduler: Scheduler) -> None:
        """Start empty."""
        self.queue: deque[Any] = deque()
        self.arrival = Suspension(scheduler)
        """Where the task waits that gets the next message."""
        self.attended = False
        """A task waits at `arrival`."""
        self.attention = False
        """`taking` has to be called before a message is taken."""
        self.closed = False
        """The process has ended: nothing will arrive any more."""
        self.patient = 0
        """How many tasks of this process wait for room elsewhere."""
        self.waiters: list[Waiter] = []
        """Those that are not in use; the others wait for a Response."""
        self.waiters_made = 0
        self._scheduler = scheduler
        self._line = _NOBODY  # tasks that want to wait for an arrival as well
        self._room = _NOBODY  # senders that wait for room
        self._promised = 0  # room that was given to senders which have not used it yet
        self._breath = False

    @property
    def has_room(self) -> bool:
        """False while a sender has to call `room`."""
        return not self._room and len(self.queue) + self._promised < CAPACITY

    @property
    def limitless(self) -> bool:
        """True while the process waits in a send, and so accepts whatever comes."""
        return self.patient > 0 or self.waiters_made > len(self.waiters) or self.closed

    def put(self, item: object) -> None:
        """Take in what always fits, and wake the process."""
        self.queue.append(item)
        self.arrival.wake()

    def crowd(self) -> None:
        """Tell all senders to look before they send."""
        if not self.closed:
            self.attention = True
            self._scheduler.crowded.add(self)

    def breathe(self) -> None:
        """Let others have a turn before the next message is taken."""
        self.attention = self._breath = True

    def taking(self) -> bool:
        """Make room for waiting senders; returns True when others should first have a turn."""
        self._admit(CAPACITY + 1 - len(self.queue) - self._promised)
        self.next_in_line()
        breath, self._breath = self._breath, False
        self.attention = bool(self._room or self._line or len(self.queue) > CAPACITY)
        self._relax()
        return breath

    def _relax(self) -> None:
        """Tell senders that they need not look any more, when that is so."""
        if not (self.attention or self._promised):
            self._scheduler.crowded.discard(self)

    # Senders that wait for room.

    async def room(self, sender: "Mailbox") -> None:
        """Wait until there is room; the sender accepts without limit meanwhile."""
        if self.limitless:
            await asyncio.sleep(0)  # but let others have a turn: nothing else bounds its growth
            return
        sender.patient += 1
        sender.release()
        place = Suspension(self._scheduler)
        self._room = [*self._room, place]
        self.attention = True
        try:
            await place
        except BaseException:
            if place in self._room:
                self._room.remove(place)
            else:
                self._promised -= 1
                self._admit(CAPACITY - len(self.queue) - self._promised)
                self._relax()
            raise
        finally:
            sender.patient -= 1
        self._promised -= 1
        self._relax()  # what is sent now may be what fills it again

    def release(self) -> None:
        """Let all go on that wait for room: from now on the process waits in a send itself."""
        self._admit(len(self._room))

    def _admit(self, places: int) -> None:
        while places > 0 and self._room:
            places -= 1
            self._promised += 1
            self._room.pop(0).wake()

    # Tasks of this process that wait for an arrival.

    async def line_up(self) -> None:
        """Wait until another task of the process, which waits for an arrival, has left."""
        place = Suspension(self._scheduler)
        self._line = [*self._line, place]
        self.attention = True
        try:
            await place
        except BaseException:
            if place in self._line:
                self._line.remove(place)
            else:
                self.next_in_line()
            raise

    def next_in_line(self) -> None:
        """Let the next task of the process look for a message."""
        if self._line:
            self._line.pop(0).wake()

    def close(self) -> list[Any]:
        """Let all go on that wait for room, and return what was never taken."""
        self.closed = True
        left = list(self.queue)
        self.queue.clear()
        self.release()
        self._scheduler.crowded.discard(self)
        return left
