"""The saved states of processes, as files: ``<home>/kernel/states/<process id>``.

For homes that are kept; in a temporary one a dict does it. Each file is written whole or not at
all, before the process goes on, so that a node that is killed in the middle has lost nothing.
"""

import hashlib
from pathlib import Path

from kinode_nb.types import ProcessId
from kinode_nb.types.whole_files import write_whole

_LONGEST = 200  # bytes of a file's name; longer ids are kept under their hash


class KeptStates:
    """The states of one home; in place of a dict in `Kernel.states`."""

    def __init__(self, home: Path) -> None:
        """Look below ``home``; nothing is made before something is kept."""
        self._folder = home / "kernel" / "states"

    def get(self, process: ProcessId, /) -> bytes | None:
        """Return the state of a process; None when there is none, or it cannot be read."""
        try:
            return self._file(process).read_bytes()
        except OSError:
            return None

    def __setitem__(self, process: ProcessId, state: bytes, /) -> None:
        """Keep the state of a process; raises OSError."""
        write_whole(self._file(process), state)

    def pop(self, process: ProcessId, default: None, /) -> None:
        """Forget the state of a process; raises OSError."""
        self._file(process).unlink(missing_ok=True)

    def _file(self, process: ProcessId) -> Path:
        name = str(process)
        if len(name) > _LONGEST:
            name = hashlib.sha256(name.encode()).hexdigest()
        return self._folder / name
