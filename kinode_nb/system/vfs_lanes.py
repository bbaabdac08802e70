"""The order of jobs: those of one process on one path begin one after the other.

A job on two paths (Rename, CopyFile) waits for its turn on both.
"""

from collections import deque

from kinode_nb.system.vfs_paths import ROOT
from kinode_nb.system.vfs_requests import Job
from kinode_nb.types import ProcessId, Request

Lane = tuple[ProcessId, str]


class Turn:
    """A job on its way, with the Request that is to be answered."""

    __slots__ = ("ahead", "job", "lanes", "request")

    def __init__(self, request: Request, job: Job) -> None:
        """Belong to one lane for each path."""
        self.request = request
        self.job = job
        self.ahead = 0
        """In how many lanes others come first."""
        lane = (job.source, job.path.text)
        self.lanes: tuple[Lane, ...] = (lane,)
        if job.new_path is not ROOT and job.new_path.text != job.path.text:
            self.lanes = (lane, (job.source, job.new_path.text))

    @property
    def size(self) -> int:
        """The bytes that it keeps in memory."""
        return len(self.job.data or b"")


class Lanes:
    """All turns that are under way or wait; jobs that are done at once never enter."""

    def __init__(self) -> None:
        """Start with all lanes free."""
        self._turns: dict[Lane, deque[Turn]] = {}
        self.count = 0
        """How many turns are in lanes."""
        self.size = 0
        """How many bytes they keep in memory."""

    def free(self, turn: Turn) -> bool:
        """Tell whether nobody is in the turn's lanes."""
        turns = self._turns
        return not turns or not any(lane in turns for lane in turn.lanes)

    def enter(self, turn: Turn) -> None:
        """Line up."""
        self.count += 1
        self.size += turn.size
        for lane in turn.lanes:
            line = self._turns.get(lane)
            if line is None:
                self._turns[lane] = deque([turn])
            else:
                line.append(turn)
                turn.ahead += 1

    def leave(self, turn: Turn) -> list[Turn]:
        """Make way; returns those whose turn it is now."""
        self.count -= 1
        self.size -= turn.size
        ready = []
        for lane in turn.lanes:
            line = self._turns[lane]
            line.popleft()
            if not line:
                del self._turns[lane]
                continue
            line[0].ahead -= 1
            if not line[0].ahead:
                ready.append(line[0])
        return ready
