"""All that a process imports: `Our`, the messages, and helpers over the system processes."""

from kinode_nb.process_lib import http, kv, sqlite, tester, timer, vfs
from kinode_nb.process_lib.our import Our
from kinode_nb.process_lib.scripts import script
from kinode_nb.types import (
    Address,
    Capability,
    HttpServerError,
    KinodeError,
    KvError,
    LazyLoadBlob,
    OnExit,
    PackageId,
    ProcessId,
    Request,
    Response,
    ScriptError,
    SendError,
    SpawnError,
    SqliteError,
    VfsError,
)

__all__ = [
    "Address",
    "Capability",
    "HttpServerError",
    "KinodeError",
    "KvError",
    "LazyLoadBlob",
    "OnExit",
    "Our",
    "PackageId",
    "ProcessId",
    "Request",
    "Response",
    "ScriptError",
    "SendError",
    "SpawnError",
    "SqliteError",
    "VfsError",
    "http",
    "kv",
    "script",
    "sqlite",
    "tester",
    "timer",
    "vfs",
]
