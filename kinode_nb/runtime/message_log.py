"""The message log: every message of the net, in the order in which they were sent.

Recording is one append, because it lies on the path of every message. What depends on later
events is derived when somebody looks: a Request is answered when a Response names it as its
parent. Only the exceptions (denied, dropped, late) are written down as they happen.
"""

import logging
from array import array
from collections.abc import Callable

from kinode_nb.types import Address, Event, Message
from kinode_nb.types.printed import as_unicode

Entry = Message | Event
_GROWTH = 4096


class MessageLog:
    """Messages and events of all nodes that share it."""

    def __init__(self) -> None:
        """Start empty; the first message is number 1."""
        self.entries: list[Entry] = []
        self.delivered = array("q")
        """By position in the entries, when a message was taken by its receiver (clock ns).

        0, or beyond the end, is not yet. It grows by thousands when a message is taken, since an
        item is set much faster than one is appended.
        """
        self.outcomes: dict[int, tuple[str, str]] = {}
        """By ``seq``: (status, reason), where it is not what delivery and answers tell."""
        self.answers: dict[int, int] = {}
        """By a Response's ``seq``: the Request it answers, where that is not its parent."""
        self.first = 1
        """The ``seq`` of the first entry that is still held."""
        self.observers: list[Callable[[Event], None]] = []
        """Told of every event (prints among them), never of messages."""

    @property
    def next_seq(self) -> int:
        """The number of the next entry."""
        return self.first + len(self.entries)

    def record(self, message: Entry) -> None:
        """Write down a message that was just numbered with `next_seq`."""
        self.entries.append(message)

    def take(self, seq: int, now: int) -> None:
        """Write down when a message was taken by its receiver."""
        index = seq - self.first
        if index >= 0:
            missing = index + 1 - len(self.delivered)
            if missing > 0:
                self.delivered.extend(array("q", bytes(8 * max(missing, _GROWTH))))
            self.delivered[index] = now

    def end(self, seq: int, status: str, reason: str) -> None:
        """Write down how a message ended when it was not delivered."""
        if seq >= self.first:
            self.outcomes[seq] = (status, as_unicode(reason))

    def event(
        self,
        time: int,
        kind: str,
        source: Address,
        target: Address,
        body: str,
        *,
        parent: int = 0,
        id_: int = 0,
        reason: str = "",
        verbosity: int = 0,
    ) -> Event:
        """Write down what is no message: a print, a SendError, a condition."""
        entry = Event(
            self.next_seq,
            time,
            kind,
            source,
            target,
            as_unicode(body),
            parent,
            id_,
            as_unicode(reason),
            verbosity,
        )
        self.record(entry)
        for observer in list(self.observers):
            try:
                observer(entry)
            except Exception:  # one that fails is dismissed, and never hurts the observed
                self.observers.remove(observer)
                logging.getLogger(__name__).exception("an observer of the log failed")
        return entry

    def clear(self) -> None:
        """Forget all entries; numbers go on, so that no two messages share one."""
        self.first = self.next_seq
        self.entries.clear()
        del self.delivered[:]
        self.outcomes.clear()
        self.answers.clear()
