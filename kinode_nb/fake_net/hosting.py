"""What a node's processes run on: finds the code behind a vfs path, and the host for it."""

from pathlib import Path

from kinode_nb.hosts.python import PythonHost
from kinode_nb.process_lib.syscalls import Program
from kinode_nb.runtime.process import Host, Process
from kinode_nb.types import Address, AddressError, PackageId, ProcessId, SpawnError
from kinode_nb.types.capabilities import VFS, drive, vfs_root
from kinode_nb.types.programs import program_name

_SHORTEST = 3  # package, drive, file


class NodeHosting:
    """The hosts of one node, over its home."""

    def __init__(self, node: str, home: Path) -> None:
        """Find code below ``home/vfs``."""
        self._node = node
        self._vfs = (home / "vfs").resolve()
        self.python = PythonHost(self._vfs)

    def host(self, program: Program) -> Host:
        """Return the host for a program; raises SpawnError."""
        if isinstance(program, Path) and program.suffix != ".py":
            raise SpawnError(
                "NoFileAtPath", f"{program.name} cannot run here: only Python (.py) processes can"
            )
        return self.python

    def find(self, parent: Process, path: str) -> Path:
        """Return the file of ``package:publisher/drive/…`` that the parent may read from vfs.

        ``x.wasm`` means ``x.py`` where there is no such Wasm. Raises SpawnError.
        """
        if not parent.may_message(Address(self._node, VFS)):
            raise SpawnError(
                "NoFileAtPath",
                f"{parent.id} cannot spawn {path!r}: it may not message {VFS}, which reads it",
            )
        problem = SpawnError("NoFileAtPath", f"{parent.id} cannot spawn {path!r}: no such file")
        parts = _parts(path)
        if parts is None:
            raise problem
        package = PackageId.parse(parts[0])
        if package != parent.id.package_id and not (
            parent.holds(drive(self._node, "read", package, parts[1]))
            or parent.holds(vfs_root(self._node))
        ):
            raise SpawnError("NoFileAtPath", f"{parent.id} may not read {path!r}")
        found = self.file(path)
        if found is None:
            raise problem
        return found

    def file(self, handle: str) -> Path | None:
        """Return the file behind a vfs path, whoever asks; None where there is none."""
        parts = _parts(handle)
        if parts is None:
            return None
        drive_root = self._vfs / parts[0] / parts[1]

        def is_there(name: str) -> bool:
            file = drive_root.joinpath(*parts[2:-1], name).resolve()
            return file.is_relative_to(drive_root) and file.is_file()

        name = program_name(parts[-1], is_there)
        return None if name is None else drive_root.joinpath(*parts[2:-1], name).resolve()

    def place(self, handle: str, process: ProcessId) -> Path:
        """Return the file that a process's code came from, or might have.

        The modules beside it are what the code can import relatively.
        """
        own = self._vfs / str(process.package_id) / "pkg" / f"{process.process_name}.py"
        return self.file(handle) or own

    def close(self) -> None:
        """Unload all code."""
        self.python.close()


def _parts(path: str) -> list[str] | None:
    """Return the parts of ``package:publisher/drive/…``; None for what is no such path."""
    parts = path.lstrip("/").split("/")
    if len(parts) < _SHORTEST or any(part in ("", ".", "..") or "\0" in part for part in parts):
        return None
    try:
        PackageId.parse(parts[0])
    except AddressError:
        return None
    return parts
