"""The vocabulary of kinode_nb: addresses, messages, capabilities, manifests, errors."""

from kinode_nb.types.address import Address, PackageId, ProcessId, check_node_name
from kinode_nb.types.capabilities import Capability
from kinode_nb.types.errors import (
    AddressError,
    BlockingCallError,
    BodyError,
    KinodeError,
    KvError,
    NodeError,
    PackageError,
    ProcessError,
    SpawnError,
    SqliteError,
    StuckError,
    TransferError,
    UsageError,
    VfsError,
    nearest,
)
from kinode_nb.types.messages import (
    Answer,
    Event,
    LazyLoadBlob,
    Message,
    Received,
    Request,
    Response,
    SendError,
)
from kinode_nb.types.onexit import OnExit

__all__ = [
    "Address",
    "AddressError",
    "Answer",
    "BlockingCallError",
    "BodyError",
    "Capability",
    "Event",
    "KinodeError",
    "KvError",
    "LazyLoadBlob",
    "Message",
    "NodeError",
    "OnExit",
    "PackageError",
    "PackageId",
    "ProcessError",
    "ProcessId",
    "Received",
    "Request",
    "Response",
    "SendError",
    "SpawnError",
    "SqliteError",
    "StuckError",
    "TransferError",
    "UsageError",
    "VfsError",
    "check_node_name",
    "nearest",
]
