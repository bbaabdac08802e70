"""The packages of one node: installed, started, removed, and there again after a boot.

`%kinode start` and app-store install by the same function, so one table has all of them.
"""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from kinode_nb.fake_net.begun_package import Before, BegunPackage, Older, of_package
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
    KinodeError,
    PackageError,
    PackageId,
)
from kinode_nb.types.capabilities import APP_STORE, KERNEL, TERMINAL, TESTER
from kinode_nb.types.manifests import Metadata

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

    def begin(self, package: Package) -> tuple[BegunPackage | None, str]:
        """Install a package, in place of an older one; a note when just that one is there.

        None is begun when it runs. What is begun is for `undo` or `keep`. Raises KinodeError; then
        nothing has changed.
        """
        id_, node, note = package.id, self._kernel.node, ""
        known = self.packages.get(id_)
        if known is not None and known.digest == package.digest:
            others = self._processes.replaced(known)
            if self._runs(known) and not others:
                return None, f"{id_.package_name} is already started on {node}"
            names = ", ".join(each.id.process_name for each in others)
            note = (
                f"{id_.package_name}'s own {names} runs again on {node}, in place of a cell's"
                if others
                else f"{id_.package_name} had ended on {node}, and is begun again"
            )
        _refuse_own(id_)
        return self._begin(package, self._kept.stage(package)), note

    def _begin(self, package: Package, staged: Path) -> BegunPackage:
        """Run a package whose drive was staged; the processes of an older one end."""
        known = self.packages.get(package.id)
        before = Before(of_package(self._kernel, package.id), self._kernel.log.next_seq)
        ran = known is not None and self._runs(known)
        drive = self._kept.place(package.id, staged)
        if drive is not None and known is not None:
            before.older = Older(known, drive, ran)
        elif drive is not None:
            self._kept.discard(drive)
        begun = BegunPackage(msgspec.structs.replace(package, files={}, archive=b""), [], before)
        try:
            begun.processes = self._run(begun.package)
        except KinodeError:
            self.undo(begun)
            raise
        return begun

    def _run(self, package: Package) -> list[Process]:
        """Run the processes of a package whose drive is in place; those of an older one end."""
        known = self.packages.get(package.id)
        if known is not None:
            self._processes.kill(known)
        self.packages[package.id] = package
        started = self._processes.start(package)
        self._save()
        self._tell(package, started)
        return started

    def keep(self, begun: BegunPackage) -> None:
        """Forget what a package was put in place of."""
        if begun.before.older is not None:
            self._kept.discard(begun.before.older.drive)

    def undo(self, begun: BegunPackage) -> None:
        """Remove a package with all that it has spawned; what it was put in place of is back.

        Nothing happens to one that was replaced or removed meanwhile. Raises PackageError when
        the older one cannot be put back.
        """
        id_, older = begun.id, begun.before.older
        if self.packages.get(id_) is not begun.package:
            return
        self.uninstall(id_)
        for process in of_package(self._kernel, id_):
            if process not in begun.before.processes:
                self._lifecycle.kill(process)
        if older is None:
            return
        self._kept.place(id_, older.drive)
        if older.ran:
            self._run(older.package)
        else:
            self.packages[id_] = older.package
            self._save()

    async def install_archive(
        self, archive: bytes, id_: PackageId, metadata: Metadata | None, source: str
    ) -> None:
        """Install the zip that kit made of a package, and wait until its processes have begun.

        Raises PackageError, AddressError, also for what ends as it starts; then the older one is
        there as before.
        """
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
        begun = self._begin(package, staged)
        try:
            await begun.attended(self._kernel)
        except PackageError as error:
            self.undo(begun)
            again = ". The older one runs again" if begun.runs_again else ""
            raise PackageError(f"{error}{again}") from None
        finally:
            self.keep(begun)

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
