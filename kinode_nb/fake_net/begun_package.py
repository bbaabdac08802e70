"""A package that was just begun on a node: whether it gets going, and what was there before."""

from pathlib import Path

import msgspec

from kinode_nb.fake_net.attending import attends
from kinode_nb.kit.packages import Package
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.process import Process
from kinode_nb.types import Event, PackageError, PackageId

_SETTLE_NS = 2_000_000_000


class Older(msgspec.Struct):
    """What a package was put in place of."""

    package: Package
    drive: Path
    """Where its ``pkg`` drive lies meanwhile."""
    ran: bool
    """Whether any of its processes had not ended by itself."""


class Before(msgspec.Struct):
    """What a node had of a package before it was begun."""

    processes: list[Process]
    since: int
    """The ``seq`` of the log's next entry."""
    older: Older | None = None


class BegunPackage(msgspec.Struct):
    """A package whose processes were begun and may still be about to fail."""

    package: Package
    processes: list[Process]
    before: Before

    @property
    def id(self) -> PackageId:
        """The package's id."""
        return self.package.id

    @property
    def runs_again(self) -> bool:
        """Whether an older one runs again when this one is taken back."""
        return self.before.older is not None and self.before.older.ran

    async def attended(self, kernel: Kernel) -> None:
        """Wait until its processes wait for their first message, two seconds at most.

        Raises PackageError when an error has ended one by then.
        """
        clock = kernel.scheduler.clock
        until = clock.now_ns() + _SETTLE_NS
        for process in self.processes:
            if not await attends(process, clock, max(0, until - clock.now_ns())):
                break
        for process in self.processes:
            reason = self._reason(kernel, process)
            if reason:
                raise PackageError(f"{process.id} ended as it started: {reason}")

    def _reason(self, kernel: Kernel, process: Process) -> str:
        """Return the error that a process ended with since it began; '' where it did not."""
        if not (process.ended or process.restarts):
            return ""
        for entry in reversed(kernel.log.entries):
            if entry.seq < self.before.since:
                break
            if (
                isinstance(entry, Event)
                and entry.kind == "print"
                and entry.body.startswith(f"process {process.address} ended with error:")
            ):
                return entry.body.splitlines()[-1].strip()
        return ""


def of_package(kernel: Kernel, id_: PackageId) -> list[Process]:
    """Return a package's processes, whoever began them, those about to restart among them."""
    known = [*kernel.processes.values(), *kernel.restarting.values()]
    return [process for process in known if process.id.package_id == id_]
