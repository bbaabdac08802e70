"""A process's mailbox: bounded for Requests, open for Responses and SendErrors.

The real runtime stalls the whole node when a process's queue of 100 is full (``kernel/mod.rs``).
Here a sender waits for room *before* its Request is routed. No circle of full mailboxes can lock:
a process that itself waits for room takes whatever comes meanwhile.
"""

from collections import deque
from typing import Any

from kinode_nb.runtime.scheduler import Scheduler
from kinode_nb.runtime.suspension import Suspension

CAPACITY = 100  # as Kinode's process channel


class Mailbox:
    """What has arrived for one process and was not taken yet, in the order of arrival."""

    __slots__ = ("_room", "_scheduler", "arrival", "crowded", "patient", "queue")

    def __init__(self, scheduler: Scheduler) -> None:
        """Start empty."""
        self.queue: deque[Any] = deque()
        self.arrival = Suspension(scheduler)
        self.patient = 0
        """How many tasks of this process wait for room elsewhere; above 0 all is accepted."""
        self.crowded = False
        """Has been full since `taken` was last called."""
        self._scheduler = scheduler
        self._room: deque[Suspension] = deque()

    @property
    def full(self) -> bool:
        """True while a sender has to wait for room."""
        return len(self.queue) >= CAPACITY and not self.patient

    def put(self, item: object) -> None:
        """Take an item in and wake the process. It always fits: waiting comes before sending."""
        queue = self.queue
        queue.append(item)
        arrival = self.arrival
        if arrival.waiting:
            arrival.waiting = False  # arrival.wake, spelled out: this is the hot path
            self._scheduler.push(arrival)
        elif len(queue) >= CAPACITY:
            self.crowded = True
            self._scheduler.crowded.add(self)

    def taken(self) -> None:
        """Tell a `crowded` mailbox that an item was taken out: waiting senders may have room."""
        if len(self.queue) < CAPACITY:
            self.crowded = False
            self._scheduler.crowded.discard(self)
            if self._room:
                self._admit()

    async def room(self, sender: "Mailbox") -> None:
        """Wait until there is room; the sender accepts without limit meanwhile."""
        sender.patient += 1
        sender._admit()
        try:
            while self.full:
                place = Suspension(self._scheduler)
                self._room.append(place)
                try:
                    await place
                except BaseException:
                    if place in self._room:
                        self._room.remove(place)
                    else:
                        self._admit()
                    raise
        finally:
            sender.patient -= 1

    def _admit(self) -> None:
        free = len(self._room) if self.patient else max(0, CAPACITY - len(self.queue))
        while free and self._room:
            free -= 1
            self._room.popleft().wake()

    def close(self) -> list[Any]:
        """Let all go on that wait for room, and return what was never taken."""
        self._scheduler.crowded.discard(self)
        left = list(self.queue)
        self.queue.clear()
        self.patient += 1
        self._admit()
        return left
