"""What `FakeNet` and `Node` take by keyword, in a form that a type checker reads."""

import os
from collections.abc import Container, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, SupportsIndex, TypedDict

from kinode_nb.types import Address, Capability, OnExit, ProcessId


class BootOptions(TypedDict, total=False):
    """What `FakeNet.boot` takes besides a name and a count."""

    port: int | str | None
    home: str | os.PathLike[str] | None
    persist: bool
    placement: str
    verbosity: int
    fresh: bool
    http_timeout: float
    password: str | None


class ProcessOptions(TypedDict, total=False):
    """What `FakeNet.process` takes besides a name, a text and nodes; see `Node.process`."""

    public: bool
    package: str | None
    networking: bool
    capabilities: Sequence[Capability] | None
    on_exit: str | OnExit
    given: Mapping[str, Any] | None
    header: str | None
    """What stands after ``%%kinode`` in the line above the text, where there is one."""
    notebook: Container[str]
    """Names that are worth a hint where the process lacks them."""


class NodeLogFilters(TypedDict, total=False):
    """Which messages of a node `Node.log` returns; None asks for all."""

    process: Address | ProcessId | str | None
    """Source or target: a process, ``process:package``, a whole id, or an address."""
    kind: str | None
    """``request``, ``response``, ``send_error``, ``print`` or ``condition``."""
    type: str | None
    """The outer variant of the body, such as ``Send``."""
    since: SupportsIndex | str | date | timedelta | None
    """The number of a message, a time, or a duration back from the last one (``10s``)."""
    last: SupportsIndex | str | None
    """How many, counted from the end."""
    grep: str | None
    """A regular expression that is in the body."""


class LogFilters(NodeLogFilters, total=False):
    """Which messages `FakeNet.log` returns."""

    node: str | None
    """Source or target."""
