"""Databases in use: each has a lane, in which its jobs are done one after the other."""

import contextlib
import os
import shutil
from collections import OrderedDict, deque
from pathlib import Path
from typing import Any, Protocol

from kinode_nb.system.database_requests import Job
from kinode_nb.types import PackageId, Request

Key = tuple[PackageId, str]
Reply = tuple[bytes, bytes | None]
"""A Response's body and its blob."""

MOST_OPEN = 16  # databases; more are open while they have something to do, or to lose


class Database(Protocol):
    """An open database. All but `interrupt` is called in threads, one call at a time.

    What it cannot do it raises as Refused.
    """

    @property
    def is_in_files(self) -> bool:
        """Tell whether the files have all that there is, so that a `close` loses nothing."""
        ...

    def run(self, step: Any, may_write: bool) -> Reply:
        """Carry out one step."""
        ...

    def commit(self, steps: list[Any]) -> None:
        """Carry out all steps, or none."""
        ...

    def interrupt(self) -> None:
        """Have what runs end soon, with an error; called from another thread."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class Opener(Protocol):
    """What makes databases."""

    def file_name(self, db: str) -> str:
        """Return the name of a database's file in its folder."""
        ...

    def open(self, path: Path) -> Database:
        """Open a database, or make it; in a thread."""
        ...


class Lane:
    """One database and its jobs. What blocks is for threads: `run`, `commit`, `remove`, `shut`."""

    def __init__(self, key: Key, folder: Path, opener: Opener) -> None:
        """Belong to the database in the folder, which need not exist yet."""
        self.key = key
        self.turns: deque[tuple[Request, Job]] = deque()
        self.busy = False
        self.database: Database | None = None
        self.ending = False
        """Set by the node's end: what opens the database from now on gets it interrupted."""
        self._folder = folder
        self._path = folder / opener.file_name(key[1])
        self._opener = opener

    def exists(self) -> bool:
        """Tell whether the database was ever opened, and not removed since."""
        return self.database is not None or os.path.isfile(self._path)  # noqa: PTH113 - hot path

    @property
    def spare(self) -> bool:
        """Tell whether the database has nothing to do, and would lose nothing if it were shut."""
        return not self.busy and self.database is not None and self.database.is_in_files

    def make(self) -> None:
        """Make the database where it is missing, and have it open."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def run(self, step: Any, may_write: bool) -> Reply:
        """Carry out one step."""
        return self._open().run(step, may_write)

    def commit(self, steps: list[Any]) -> None:
        """Carry out all steps of a transaction, or none."""
        self._open().commit(steps)

    def remove(self, aside: Path) -> None:
        """Remove the database; a kill half-way leaves nothing that could be taken for it."""
        self.shut()
        self._folder.rename(aside)
        shutil.rmtree(aside)

    def shut(self) -> None:
        """Close the files."""
        database, self.database = self.database, None
        if database is not None:
            database.close()

    def _open(self) -> Database:
        if self.database is None:
            self.database = self._opener.open(self._path)
        if self.ending:  # looked at after the database is there, as `Lanes.interrupt` looks for it
            self.database.interrupt()
        return self.database


class Lanes:
    """The lanes of all databases of one module that are open or have something to do."""

    def __init__(self, root: Path, opener: Opener) -> None:
        """Have the databases in ``root/<package>:<publisher>/<db>/``."""
        self._root = root
        self._opener = opener
        self._lanes: OrderedDict[Key, Lane] = OrderedDict()
        self._removed = 0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._lanes)

    def prepare(self) -> None:
        """Make the folder of all databases, and end removals that a kill has interrupted."""
        self._root.mkdir(parents=True, exist_ok=True)
        for left in self._root.glob(".removed-*"):
            shutil.rmtree(left, ignore_errors=True)

    def lane(self, job: Job) -> Lane:
        """Return the lane of a job's database."""
        key = (job.package, job.db)
        lane = self._lanes.get(key)
        if lane is None:
            folder = self._root / str(job.package) / job.db
            lane = self._lanes[key] = Lane(key, folder, self._opener)
        return lane

    def aside(self) -> Path:
        """Return where a folder can be moved before it is removed; no package has such a name."""
        self._removed += 1
        return self._root / f".removed-{self._removed}"

    def rest(self, lane: Lane) -> None:
        """Have a lane go idle."""
        if lane.database is None:
            del self._lanes[lane.key]
        else:
            self._lanes.move_to_end(lane.key)

    def surplus(self, lane: Lane) -> Lane | None:
        """Return the idle lane that is to be shut before this one opens its database, if any.

        One whose files lack something, such as an open transaction, is never shut for another.
        """
        if lane.database is not None:
            return None
        opened = [each for each in self._lanes.values() if each.database is not None]
        if len(opened) < MOST_OPEN:
            return None
        return next((each for each in opened if each.spare), None)

    def interrupt(self) -> None:
        """Have all that runs end soon."""
        for lane in self._lanes.values():
            lane.ending = True
            database = lane.database
            if database is not None:
                with contextlib.suppress(Exception):  # a thread may have closed it just now
                    database.interrupt()

    def close(self) -> None:
        """Close all files; nothing may run any more. In a thread."""
        for lane in self._lanes.values():
            with contextlib.suppress(Exception):  # one that is broken must not keep the others
                lane.shut()
        self._lanes.clear()
