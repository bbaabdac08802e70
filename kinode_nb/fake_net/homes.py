"""Where nodes keep their files: private folders that go with the net, or those a person names.

The temporary homes of one net lie in one folder with one lock file beside it. A lock that nobody
holds any more says that its Jupyter kernel was killed; the next boot removes what it left.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from kinode_nb.types import NodeError

_PRIVATE = 0o700


class Homes:
    """Gives every node of one net its home."""

    def __init__(self) -> None:
        """Make nothing yet: a folder appears with the first node that needs one."""
        self._session: Path | None = None
        self._lock: FileLock | None = None
        self._kept: dict[Path, FileLock] = {}

    def open(self, node: str, home: str | os.PathLike[str] | None, *, persist: bool) -> Path:
        """Return the home of a node, made if need be; raises NodeError.

        ``home`` names a folder, which is never removed; ``persist`` keeps a home of our own under
        the person's data folder; otherwise it is temporary, and private to the person.
        """
        sweep()
        if home is None and not persist:
            return self._temporary(node)
        path = (
            Path(home).expanduser().absolute()
            if home is not None
            else platformdirs.user_data_path("kinode_nb") / "homes" / node
        )
        self._hold(path, node)
        return path

    def _temporary(self, node: str) -> Path:
        if self._session is None or not self._session.is_dir():
            self._session, self._lock = _new_session()
        path = self._session / node
        path.mkdir(mode=_PRIVATE, exist_ok=True)
        (path / "vfs").mkdir(exist_ok=True)
        return path

    def _hold(self, path: Path, node: str) -> None:
        """Let no second node use a home that is in use, in this machine process or another."""
        try:
            path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            (path / "vfs").mkdir(exist_ok=True)
            lock = FileLock(path / ".lock", blocking=False)
            lock.acquire()
        except Timeout:
            raise NodeError(
                f"{path} is the home of a node that is running: choose another for {node}"
            ) from None
        except OSError as error:
            raise NodeError(f"{path} cannot be the home of {node}: {error.strerror}") from None
        self._kept[path] = lock

    def close(self, path: Path) -> None:
        """Give up a node's home; a temporary one is removed."""
        lock = self._kept.pop(path, None)
        if lock is not None:
            lock.release()
            with contextlib.suppress(OSError):
                (path / ".lock").unlink()
        elif self._session is not None and path.parent == self._session:
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):  # other nodes' homes are still in it
                self._session.rmdir()
                self._end_session()

    def _end_session(self) -> None:
        if self._lock is not None:
            lock, self._lock, self._session = self._lock, None, None
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()
            lock.release()


def _root() -> Path:
    """Return the person's own folder for temporary homes, which nobody else can look into."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    root = Path(tempfile.gettempdir()) / f"kinode-nb-{owner}"
    root.mkdir(mode=_PRIVATE, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise NodeError(f"{root} belongs to somebody else: set TMPDIR to a folder of your own")
    root.chmod(_PRIVATE)
    return root


def _new_session() -> tuple[Path, FileLock]:
    root = _root()
    # The lock comes first: a folder without one is never taken for a live session.
    handle, name = tempfile.mkstemp(suffix=".lock", dir=root)
    os.close(handle)
    lock = FileLock(name, blocking=False)
    lock.acquire()
    session = Path(name).with_suffix("")
    session.mkdir(mode=_PRIVATE)
    return session, lock


def sweep() -> None:
    """Remove the temporary homes that nobody holds any more."""
    for path in _root().glob("*.lock"):
        lock = FileLock(path, blocking=False)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        shutil.rmtree(path.with_suffix(""), ignore_errors=True)
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()
