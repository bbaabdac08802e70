"""What `FakeNet` and `Node` take by keyword, in a form that a type checker reads."""

import os
from datetime import date, timedelta
from typing import SupportsIndex, TypedDict

from kinode_nb.types import Address, ProcessId


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
