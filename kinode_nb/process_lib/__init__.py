"""All that a process imports: `Our`, the messages, and helpers over the system processes."""

from kinode_nb.process_lib import vfs
from kinode_nb.process_lib.our import Our
from kinode_nb.types import (
    Address,
    Capability,
    KinodeError,
    LazyLoadBlob,
    OnExit,
    PackageId,
    ProcessId,
    Request,
    Response,
    SendError,
    SpawnError,
    VfsError,
)

__all__ = [
    "Address",
    "Capability",
    "KinodeError",
    "LazyLoadBlob",
    "OnExit",
    "Our",
    "PackageId",
    "ProcessId",
    "Request",
    "Response",
    "SendError",
    "SpawnError",
    "VfsError",
    "vfs",
]
