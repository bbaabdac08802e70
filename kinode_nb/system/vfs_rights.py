"""Who may do what on which drive (``check_caps`` in ``kinode/src/vfs.rs``)."""

from functools import lru_cache
from typing import Protocol

from kinode_nb.system.refusals import ADD_CAP_FAILED, NO_READ_CAP, NO_WRITE_CAP, Refused
from kinode_nb.system.vfs_paths import ROOT, VfsPath
from kinode_nb.system.vfs_requests import Job
from kinode_nb.types import Capability, KinodeError, PackageId, ProcessId
from kinode_nb.types.capabilities import KERNEL, drive, vfs_root

_READING = frozenset(
    {"Read", "ReadDir", "ReadExact", "ReadToEnd", "ReadToString", "Seek", "Hash", "Metadata", "Len"}
)


class Rights(Protocol):
    """What the node knows of capabilities; whoever composes the node supplies it."""

    def holds(self, source: ProcessId, capability: Capability) -> bool:
        """Tell whether a process of this node holds a capability."""
        ...

    def grant(self, holder: ProcessId, capability: Capability) -> None:
        """Let a process of this node hold a capability."""
        ...


class Gate:
    """Lets through what may be done on one node.

    Every process of a package may use all drives of the package. Others need the drive's
    capability, or root.
    """

    def __init__(self, node: str, rights: Rights) -> None:
        """Ask ``rights`` about the processes of the node."""
        self._node = node
        self._rights = rights
        self._root = vfs_root(node)

    def check(self, job: Job) -> None:
        """Raise Refused when the source may not do it."""
        source, path = job.source, job.path
        if source == KERNEL:
            return
        if path is ROOT:
            self._need_root(source, NO_READ_CAP)
        elif job.new_path is not ROOT:
            self._check_both(source, path, job.new_path)
        elif _owns(source, path.package):
            return
        elif job.action == "CreateDrive":
            self._need_root(source, NO_WRITE_CAP)
        elif job.action in _READING:
            self._need(source, path, "read", NO_READ_CAP)
        else:
            self._need(source, path, "write", NO_WRITE_CAP)

    def grant_drive(self, job: Job) -> None:
        """Give the source the capabilities of the drive that it has made."""
        try:
            for kind in ("read", "write"):
                self._rights.grant(job.source, _capability(self._node, kind, job.path))
        except KinodeError:
            raise Refused(ADD_CAP_FAILED) from None

    def _check_both(self, source: ProcessId, path: VfsPath, new_path: VfsPath) -> None:
        """Outside the own package both drives count, the own one and what is only read too."""
        if _owns(source, path.package) and _owns(source, new_path.package):
            return
        self._need(source, path, "write", NO_WRITE_CAP)
        if new_path.home != path.home:
            self._need(source, new_path, "write", NO_WRITE_CAP)

    def _need(self, source: ProcessId, path: VfsPath, kind: str, otherwise: str) -> None:
        if not self._rights.holds(source, _capability(self._node, kind, path)):
            self._need_root(source, otherwise)

    def _need_root(self, source: ProcessId, otherwise: str) -> None:
        if not self._rights.holds(source, self._root):
            raise Refused(otherwise)


def _owns(source: ProcessId, package: PackageId) -> bool:
    return (
        source.package_name == package.package_name
        and source.publisher_node == package.publisher_node
    )


def _capability(node: str, kind: str, path: VfsPath) -> Capability:
    return _drive_capability(node, kind, path.package, path.drive)


_drive_capability = lru_cache(maxsize=1024)(drive)
