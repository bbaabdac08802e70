"""Whether bytes are moved at once or in a thread: as fast as the files have been of late."""

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from kinode_nb.system.vfs_requests import Job

T = TypeVar("T")

_MOVING = frozenset({"Write", "WriteAll", "Append", "ReadExact"})
_MOST = 1 << 20  # bytes: more is for a thread, as fast as the files may be
_SLOW = 0.005  # seconds: ten times what moving so much takes in memory
_WARY = 32  # jobs that go to threads after a slow one
_BREATH = 0.001  # seconds: as long as the scheduler of the processes keeps others waiting


class Pace:
    """Decides for the files of one node.

    A mebibyte that the system has in memory is moved faster than it is handed to a thread and
    back. Where it comes from a disk, or waits for one, everybody on the loop would wait as well.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        """Take files for fast at first; ``now`` reads seconds."""
        self._now = now
        self._wary = 0
        self._busy = 0.0

    def at_once(self, job: Job) -> bool:
        """Tell whether a job should be done without a thread."""
        if job.action not in _MOVING:
            return False
        if (len(job.data) if job.data is not None else job.value) > _MOST:
            return False
        if self._wary:
            self._wary -= 1
            return False
        return True

    def run(self, steps: Generator[Callable[[], Any], Any, T], work: Callable[[], Any]) -> T:
        """Do at once what an action would hand to a thread; returns its reply."""
        started = self._now()
        try:
            while True:
                try:
                    value = work()
                except Exception as error:  # noqa: BLE001 - the action decides what it means
                    work = steps.throw(error)
                else:
                    work = steps.send(value)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # T
        finally:
            took = self._now() - started
            self._busy += took
            if took > _SLOW:
                self._wary = _WARY

    def breathless(self) -> bool:
        """Tell whether others on the loop should have a turn by now."""
        if self._busy < _BREATH:
            return False
        self._busy = 0.0
        return True
