"""A consistent look at a log that another thread may be writing to.

Each copy below is one step of the interpreter, so nothing can come in between its rows. What is
copied later may know more than what was copied earlier, never less: a message that was refused
is not shown as under way because its refusal was copied first.
"""

from __future__ import annotations

import time
from array import array
from typing import NamedTuple

from kinode_nb.runtime.message_log import Entry, MessageLog

_PATIENCE = 1000


class Snapshot(NamedTuple):
    """What a log held at one moment; ``entries`` begin after ``known`` rows."""

    first: int
    known: int
    entries: list[Entry]
    delivered: array[int]
    outcomes: dict[int, tuple[str, str]]
    answers: dict[int, int]


def snapshot(log: MessageLog, first: int, rows: int) -> Snapshot:
    """Copy what is new to somebody who knows ``rows`` rows from number ``first`` on."""
    copy = _copy(log, first, rows)
    for _ in range(_PATIENCE):
        if _is_whole(copy, log):
            break
        time.sleep(0)  # lets the other thread end its `clear`
        copy = _copy(log, first, rows)
    return copy


def _copy(log: MessageLog, first: int, rows: int) -> Snapshot:
    start = log.first
    known = max(0, first + rows - start) if start >= first else 0
    return Snapshot(
        start,
        known,
        log.entries[known:],
        log.delivered[:],
        log.outcomes.copy(),
        log.answers.copy(),
    )


def _is_whole(copy: Snapshot, log: MessageLog) -> bool:
    """Tell whether the log was not cleared meanwhile: `clear` moves ``first`` before all else."""
    numbered = not copy.entries or copy.entries[0].seq == copy.first + copy.known
    return numbered and log.first == copy.first
