"""The packages of one node: installed, started, removed, and there again after a boot.

`%kinode start` and app-store install by the same function, so one table has all of them.
"""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from kinode_nb.fake_net.kept_packages import KeptPackages
from kinode_nb.fake_net.package_processes import PackageProcesses
from kinode_nb.kit import packages
from kinode_nb.kit.node_apis import node_api
from kinode_nb.kit.packages import Package
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.types import (
    Address,
    AddressError,
    Event,
    KinodeError,
    PackageError,
    PackageId,
)
from kinode_nb.types.capabilities import APP_STORE, KERNEL, TERMINAL, TESTER
from kinode_nb.types.manifests import Metadata

_SETTLE_NS = 2_000_000_000
_TICK = 0.001
_OWN = frozenset(each.package_id for each in (KERNEL, APP_STORE, TERMINAL, TESTER))
"""The packages that a node's own processes belong to."""


class Installations:
    """The table of a node's packages, and what changes it."""

    def __init__(self, kernel: Kernel, lifecycle: Lifecycle, home: Path) -> None:
        """Start with an empty table; `restore` reads what the home has."""
        self.packages: dict[PackageId, Package] = {}
        """What is installed. The files are not held: they lie in the ``pkg`` drives."""
        self.on_started: list[Callable[[Package, list[Process]], None]] = []
        self._processes = PackageProcesses(kernel, lifecycle, home)
        self._kernel = kernel
        self._lifecycle = lifecycle
        self._kept = KeptPackages(home)
        self._starting: list[Process] = []
        self._older: dict[PackageId, tuple[Package, Path]] = {}
        """What was replaced by what is starting, and where its drive lies meanwhile."""

    def start(self, package: Package) -> str:
        """Install a package, in place of an older one; returns a note when just that one runs.

        What was started is looked at by `settle`. Raises PackageError; then nothing has changed.
        """
        known = self.packages.get(package.id)
        if known is not None and known.digest == package.digest and self._runs(known):
            return f"{package.id.package_name} is already started on {self._kernel.node}"
        _refuse_own(package.id)
        older = self._kept.place(package.id, self._kept.stage(package))
        if older is not None and known is not None and package.id not in self._older:
            self._older[package.id] = (known, older)
        elif older is not None:
            self._kept.discard(older)
        self._starting += self._run(package)
        return ""

    def _run(self, package: Package) -> list[Process]:
        """Run the processes of a package whose drive is in place; those of an older one end."""
        known = self.packages.get(package.id)
        if known is not None:
            self._processes.kill(known)
        started = self._processes.start(package)
        self.packages[package.id] = msgspec.structs.replace(package, files={}, archive=b"")
        self._save()
        self._tell(package, started)
        return started

    async def install_archive(
        self, archive: bytes, id_: PackageId, metadata: Metadata | None, source: str
    ) -> None:
        """Install the zip that kit made of a package; raises PackageError, AddressError."""
        _refuse_own(id_)

        def prepare() -> tuple[Package, Path]:
            package = packages.from_archive(archive, id_, metadata, source)
            return package, self._kept.stage(package)

        preparing = asyncio.get_running_loop().run_in_executor(None, prepare)
        try:
            package, staged = await asyncio.shield(preparing)
        except asyncio.CancelledError:  # the node stops; the thread goes on all the same
            with suppress(KinodeError):
                shutil.rmtree((await preparing)[1], ignore_errors=True)
            raise
        older = self._kept.place(package.id, staged)
        if older is not None:
            self._kept.discard(older)
        self._run(package)

    def uninstall(self, id_: PackageId) -> None:
        """End the processes of its manifest and remove its ``pkg`` drive; raises PackageError.

        Its other drives, its saved states and the workers that it spawned stay, as in Kinode.
        """
        known = self.packages.pop(id_, None)
        if known is None:
            raise PackageError(f"{id_} is not installed on {self._kernel.node}")
        self._processes.kill(known)
        self._kept.remove(id_)
        self._save()

    def named(self, name: str) -> PackageId | None:
        """Return the id of an installed package by its id or name; PackageError for several."""
        wanted = name.replace("_", "-")
        found = [id_ for id_ in self.packages if wanted in (str(id_), id_.package_name)]
        if len(found) > 1:
            raise PackageError(f"{name} is the name of several: {', '.join(map(str, found))}")
        return found[0] if found else None

    def with_api(self) -> list[PackageId]:
        """Return the packages that brought an ``api.zip``."""
        return [id_ for id_ in self.packages if (self._kept.drive(id_) / "api.zip").is_file()]

    def own_api(self, id_: PackageId) -> bytes | None:
        """Return the ``api.zip`` of a package that comes with the node, or None."""
        return node_api(id_)

    def _runs(self, package: Package) -> bool:
        return not package.manifest or bool(self._processes.running(package))

    def _tell(self, package: Package, started: list[Process]) -> None:
        for tell in self.on_started:
            tell(package, started)

    async def settle(self) -> None:
        """Wait until what was started has got as far as its first message, two seconds at most.

        Raises PackageError for what has ended by then: none of its package is left, and an older
        one that it had replaced runs again.
        """
        starting, self._starting = self._starting, []
        older, self._older = self._older, {}
        errors: list[PackageError] = []
        try:
            await self._attended(starting)
            for process in starting:
                id_, reason = process.id.package_id, self._failure(process)
                if reason and id_ in self.packages:
                    self._abolish(id_)
                    again = self._bring_back(older.pop(id_)) if id_ in older else ""
                    stop = "" if reason.endswith(("?", ".")) else "."
                    errors.append(
                        PackageError(
                            f"{process.id} ended as it started: {reason}{stop}{again} "
                            f"%kinode terminal -n {self._kernel.node} tells the whole story"
                        )
                    )
        finally:
            for _, folder in older.values():
                self._kept.discard(folder)
        if errors:
            raise errors[0]

    async def _attended(self, starting: list[Process]) -> None:
        clock = self._kernel.scheduler.clock
        until = clock.now_ns() + _SETTLE_NS
        for process in starting:
            while not (process.mailbox.attended or process.ended or process.restarts):
                if clock.now_ns() > until:
                    return
                await asyncio.sleep(_TICK)

    def _bring_back(self, older: tuple[Package, Path]) -> str:
        """Run the package that one which could not start had replaced; returns what to say."""
        package, folder = older
        self._kept.place(package.id, folder)
        self._run(package)
        return " The older one runs again."

    def _failure(self, process: Process) -> str:
        """Return the error that a process ended with while it started; '' where it did not."""
        if not (process.ended or process.restarts):
            return ""
        for entry in reversed(self._kernel.log.entries):
            if (
                isinstance(entry, Event)
                and entry.kind == "print"
                and entry.body.startswith(f"process {process.address} ended with error:")
            ):
                return entry.body.splitlines()[-1].strip()
        return ""

    def _abolish(self, id_: PackageId) -> None:
        """Remove a package that could not start, with all that it had spawned by then."""
        if id_ in self.packages:
            self.uninstall(id_)
        kernel = self._kernel
        for process in [*kernel.processes.values(), *kernel.restarting.values()]:
            if process.id.package_id == id_:
                self._lifecycle.kill(process)

    def restore(self) -> None:
        """Bring back what was installed in this home; what cannot be is told and forgotten."""
        try:
            rows = self._kept.read()
        except PackageError as error:
            self._say(f"no package is brought back: {error}")
            return
        for row in rows:
            try:
                package = self._kept.restore(row)
            except (PackageError, AddressError) as error:
                self._say(f"{row.package} is forgotten: {error}")
                continue
            self.packages[package.id] = package
            self._tell(package, self._processes.running(package))  # begun again by the kernel

    def _save(self) -> None:
        try:
            self._kept.save(self.packages.values())
        except PackageError as error:  # the package runs all the same
            self._say(str(error))

    def _say(self, text: str) -> None:
        self._kernel.print(text, 0, Address(self._kernel.node, APP_STORE))


def _refuse_own(id_: PackageId) -> None:
    if id_ in _OWN:
        raise PackageError(f"{id_} is the node's own: give your package another name")
