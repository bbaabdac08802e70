"""The processes of an installed package: begun and ended as Kinode's app-store does it.

Those that a package's processes spawned are nobody's here: they survive both, as on a real node.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kinode_nb.kit.packages import Package
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, Capability, OnExit, PackageId
from kinode_nb.types.capabilities import APP_STORE, drive, networking
from kinode_nb.types.capability_entries import CapabilityEntry, capability_entries
from kinode_nb.types.manifests import ManifestEntry, process_id
from kinode_nb.types.programs import program_name


class PackageProcesses:
    """Begins and ends the processes that manifests name, on one node."""

    def __init__(self, kernel: Kernel, lifecycle: Lifecycle, home: Path) -> None:
        """Find code below ``home/vfs``."""
        self._kernel = kernel
        self._lifecycle = lifecycle
        self._home = home

    def start(self, package: Package) -> list[Process]:
        """Kill the old, initialise all, then grant and run one after the other."""
        self.kill(package)
        entries = package.manifest
        started = [self._initialize(package, entry) for entry in entries]
        for process, entry in zip(started, entries, strict=True):
            self._grant(process, entry)
            self._lifecycle.run(process)
        return started

    def kill(self, package: Package) -> None:
        """End the processes of its manifest at once, and take back what they issued."""
        for process in self.running(package):
            self._lifecycle.kill(process)

    def running(self, package: Package) -> list[Process]:
        """Return the processes of its manifest, those that are about to restart among them."""
        kernel = self._kernel
        ids = [process_id(entry, package.id) for entry in package.manifest]
        found = [kernel.processes.get(id_) or kernel.restarting.get(id_) for id_ in ids]
        return [process for process in found if process is not None]

    def replaced(self, package: Package) -> list[Process]:
        """Return those that have the name of one of its manifest, and run something else."""
        return [process for process in self.running(package) if not process.handle]

    def _initialize(self, package: Package, entry: ManifestEntry) -> Process:
        folder = self._home / "vfs" / str(package.id) / "pkg"
        path = entry.process_wasm_path.lstrip("/")
        name = program_name(path, lambda name: (folder / name).is_file()) or path
        return self._lifecycle.initialize(
            process_id(entry, package.id),
            folder / name,
            handle=f"{package.id}/pkg/{path}",
            wit_version=package.metadata.properties.wit_version,
            on_exit=OnExit.from_json(entry.on_exit),
            public=entry.public,
            capabilities=self._requested(entry, package.id),
        )

    def _requested(self, entry: ManifestEntry, package: PackageId) -> list[Capability]:
        node = self._kernel.node
        held = [drive(node, kind, package, "pkg") for kind in ("read", "write")]
        if entry.request_networking:
            held.append(networking(node))
        asked = self._entries(entry.request_capabilities, entry, package)
        return held + [each.of(Address(node, each.process)) for each in asked]

    def _grant(self, process: Process, entry: ManifestEntry) -> None:
        package = process.id.package_id
        for each in self._entries(entry.grant_capabilities, entry, package):
            self._lifecycle.grant(each.process, each.of(process.address))

    def _entries(
        self, written: list[Any], entry: ManifestEntry, package: PackageId
    ) -> Iterator[CapabilityEntry]:
        """Yield a manifest's capabilities; what is none is told, and passed over."""

        def tell(each: Any) -> None:
            text = f"manifest of {entry.process_name}:{package} has an invalid cap: {each!r}"
            self._kernel.print(text, 0, Address(self._kernel.node, APP_STORE))

        return capability_entries(written, tell)
