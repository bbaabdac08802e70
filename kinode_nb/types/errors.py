"""Every error that kinode_nb raises, as one tree.

KinodeError
├── AddressError        a node, process or package name that breaks Kinode's grammar
├── SendError           a Request that was not answered (Offline or Timeout)
├── SpawnError          a process that could not be spawned
├── ProcessError        a system call that Kinode answers with a trap
├── CrashError          a process that ended with an error as soon as it was begun
├── NodeError           a node that is unknown, stopped, or cannot be booted
├── PackageError        a package that is unknown, broken, or not started
├── ScriptError         what a terminal's script says when it cannot do its work
├── TransferError       a transfer that failed or is unknown
├── VfsError            a file operation that vfs refused
├── KvError             an operation on a key-value database that kv refused
├── SqliteError         an operation on a SQL database that sqlite refused
├── HttpServerError     a path or a WebSocket that http-server refused
├── BodyError           a message body that is not what was asked of it
├── TestsFailedError    tests of packages of which not all have passed
├── UsageError          a call or a line that makes no sense as written
├── StuckError          a process that cannot be ended, since it is in a call that does not return
└── BlockingCallError   a blocking call made where it would wait for itself

Texts say what was wrong and what to do next.
"""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinode_nb.types.test_rows import TestRow


class KinodeError(Exception):
    """The root of the tree; catch it to catch everything that kinode_nb raises."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of the error: one line.

        IPython asks exceptions for a method of this name. Its own UsageError would be shown as
        shortly, but tools that run notebooks take a cell that raised that one for a success.
        """
        story = getattr(self, "story", None)  # which has lines of its own
        notes = [each for each in getattr(self, "__notes__", ()) if each != story]
        said = " ".join([str(self), *notes])
        return [f"{type(self).__name__}: {said}".encode(errors="backslashreplace").decode()]


class AddressError(KinodeError, ValueError):
    """Text that is no address, process id or package id.

    ``kind`` is Kinode's name of the error (``lib/src/core.rs``): ``TooManyAts``,
    ``TooManyColons``, ``MissingNodeId``, ``MissingField``, ``ProcessNameNotKimapSafe``,
    ``PackageNameNotKimapSafe``, ``NodeNotKimapSafe`` or ``PublisherNodeNotKimapSafe``.
    """

    def __init__(self, kind: str, text: str) -> None:
        """Keep Kinode's name of the error beside its text."""
        super().__init__(text)
        self.kind = kind


class SpawnError(KinodeError):
    """A process that could not be spawned; ``kind`` is ``NameTaken`` or ``NoFileAtPath``."""

    def __init__(self, kind: str, text: str) -> None:
        """Keep Kinode's name of the error beside its text."""
        super().__init__(text)
        self.kind = kind


class ProcessError(KinodeError):
    """A system call that Kinode's host answers with a trap: it ends the process that made it."""


class CrashError(KinodeError):
    """A process that ended with an error as soon as it was begun; ``story`` is its traceback."""

    def __init__(self, text: str, story: str) -> None:
        """Keep the traceback beside the text."""
        super().__init__(text)
        self.story = story

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: where in the process it was, and then one line."""
        said = super()._render_traceback_()
        return ["\n".join([self.story, "", *said])]  # front ends join several in ways of their own


class NodeError(KinodeError):
    """A node that is unknown or stopped, or that cannot be booted as asked."""


class PackageError(KinodeError):
    """A package that is unknown, broken, or not started where it is needed."""


class ScriptError(KinodeError):
    """A script's last word, when it cannot do what it was typed for.

    It is printed as it stands, and the line that was typed has failed: a cell ends there.
    """

    told = False
    """Whether it was sent as a Response already, so that nobody has to print it."""


class TransferError(KinodeError):
    """A transfer that failed, or that does not exist."""


class VfsError(KinodeError):
    """A file operation that vfs refused.

    ``kind`` is Kinode's name of the error (``kinode/src/vfs.rs``), such as ``NoReadCap``,
    ``MalformedRequest`` or ``IOError``.
    """

    def __init__(self, kind: str, text: str) -> None:
        """Keep Kinode's name of the error beside its text."""
        super().__init__(text)
        self.kind = kind


class KvError(KinodeError):
    """An operation on a key-value database that kv refused.

    ``kind`` is Kinode's name of the error (``kinode/src/kv.rs``), such as ``KeyNotFound``
    or ``NoWriteCap``.
    """

    def __init__(self, kind: str, text: str) -> None:
        """Keep Kinode's name of the error beside its text."""
        super().__init__(text)
        self.kind = kind


class SqliteError(KinodeError):
    """An operation on a SQL database that sqlite refused.

    ``kind`` is Kinode's name of the error (``kinode/src/sqlite.rs``), such as
    ``NotAReadKeyword`` or ``RusqliteError``.
    """

    def __init__(self, kind: str, text: str) -> None:
        """Keep Kinode's name of the error beside its text."""
        super().__init__(text)
        self.kind = kind


class HttpServerError(KinodeError):
    """A binding or a push that http-server refused.

    ``kind`` is Kinode's name of the error (``http/server_types.rs``), such as ``NoBlob`` or
    ``WsChannelNotFound``.
    """

    def __init__(self, kind: str, text: str) -> None:
        """Keep Kinode's name of the error beside its text."""
        super().__init__(text)
        self.kind = kind


class BodyError(KinodeError, ValueError):
    """A message body that is not what it was read as."""


class UsageError(KinodeError):
    """A line or a call that makes no sense as written. Never IPython's class of that name."""


class TestsFailedError(KinodeError):
    """Not all tests of packages have passed; ``rows`` tells what came of each."""

    __test__ = False  # pytest: no test class

    def __init__(self, text: str, rows: tuple["TestRow", ...] = (), results: object = None) -> None:
        """Keep the rows and the results beside the text."""
        super().__init__(text)
        self.rows = rows
        self.results: Any = results
        """What ``net.run_tests(…)`` returns: its ``.frame`` is the table."""


class StuckError(KinodeError):
    """A process that cannot be ended now: it is in a call that Python cannot interrupt."""


class BlockingCallError(KinodeError, RuntimeError):
    """A blocking call made on the runtime's own thread, where it would wait for itself."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest of the known names, or ``""``."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {match[0]!r}?" if match else ""
