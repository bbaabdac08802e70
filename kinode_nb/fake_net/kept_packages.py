"""What of a node's packages lies in its home: their ``pkg`` drives, and the table of them.

The table is ``<home>/kernel/packages.json``; a package's manifest is in its drive.
"""

import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kinode_nb.kit.packages import Package
from kinode_nb.types import PackageError, PackageId
from kinode_nb.types.manifests import Metadata, parse_manifest
from kinode_nb.types.whole_files import write_whole

_STAGED = ".pkg-"  # no name that a drive may have


class KeptPackage(msgspec.Struct, frozen=True):
    """A row of the table."""

    package: str
    metadata: Metadata
    interfaces: frozenset[str]
    source: str
    digest: str


class KeptPackages:
    """The packages of one home, as files."""

    def __init__(self, home: Path) -> None:
        """Look below ``home``; nothing is made before something is kept."""
        self._vfs = home / "vfs"
        self._table = home / "kernel" / "packages.json"

    def stage(self, package: Package) -> Path:
        """Write what becomes a package's ``pkg`` drive beside it; raises PackageError.

        May run in a thread. `place` does the rest.
        """
        folder = self._vfs / str(package.id)
        staged = _beside(folder)
        try:
            folder.mkdir(exist_ok=True)  # not what leads there: a home that is gone stays so
            for name, content in _files(package):
                path = staged / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            raise PackageError(f"{package.id} cannot be unpacked: {error.strerror}") from None
        return staged

    def place(self, package: PackageId, staged: Path) -> Path | None:
        """Let what was staged be the package's ``pkg`` drive; its other drives stay.

        Returns where the older one lies now, for `place` or `discard`; None where there was none.
        Raises PackageError when something else is in the way; then nothing has changed.
        """
        drive, older = self.drive(package), None
        try:
            if drive.is_dir() and not drive.is_symlink():
                older = drive.rename(_beside(drive.parent))
            staged.rename(drive)
        except OSError as error:
            if older is not None:
                older.rename(drive)
            self.discard(staged)
            raise PackageError(f"{package}/pkg cannot be replaced: {error.strerror}") from None
        _spell_with_underscores(drive.parent)
        return older

    def discard(self, staged: Path) -> None:
        """Remove what was staged, or what `place` has put aside."""
        shutil.rmtree(staged, ignore_errors=True)

    def drive(self, package: PackageId) -> Path:
        """Return the folder of a package's ``pkg`` drive."""
        return self._vfs / str(package) / "pkg"

    def remove(self, package: PackageId) -> None:
        """Remove a package's ``pkg`` drive; its other drives stay."""
        shutil.rmtree(self.drive(package), ignore_errors=True)

    def save(self, packages: Iterable[Package]) -> None:
        """Write the table, whole or not at all; raises PackageError."""
        rows = [
            KeptPackage(str(each.id), each.metadata, each.interfaces, each.source, each.digest)
            for each in packages
        ]
        try:
            self._table.parent.mkdir(exist_ok=True)  # not what leads there, as in `stage`
            write_whole(self._table, msgspec.json.encode(rows))
        except OSError as error:
            raise PackageError(f"{self._table} cannot be written: {error.strerror}") from None

    def read(self) -> list[KeptPackage]:
        """Return the rows of the table; raises PackageError when it cannot be read."""
        for left in self._vfs.glob(f"*/{_STAGED}*"):  # by a node that was killed
            shutil.rmtree(left, ignore_errors=True)
        try:
            return msgspec.json.decode(self._table.read_bytes(), type=list[KeptPackage])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PackageError(f"{self._table.name} cannot be read: {error}") from None

    def restore(self, kept: KeptPackage) -> Package:
        """Return the package of a row, without its files; raises PackageError, AddressError."""
        id_ = PackageId.parse(kept.package)
        try:
            manifest = (self.drive(id_) / "manifest.json").read_bytes()
        except OSError as error:
            raise PackageError(f"its manifest.json cannot be read: {error.strerror}") from None
        return Package(
            id=id_,
            metadata=kept.metadata,
            manifest=tuple(parse_manifest(manifest, id_, "its manifest.json")),
            files={},
            interfaces=kept.interfaces,
            source=kept.source,
            digest=kept.digest,
            archive=b"",
        )


def _beside(folder: Path) -> Path:
    """Return a place in a package's folder that no drive has; a boot removes what is left there."""
    return folder / f"{_STAGED}{secrets.token_hex(8)}"


def _spell_with_underscores(folder: Path) -> None:
    """Let a package's folder be found as Kinode's older documentation spells it."""
    older = folder.with_name(folder.name.replace("-", "_"))
    if older != folder and not older.is_symlink() and not older.exists():
        older.symlink_to(folder.name, target_is_directory=True)


def _files(package: Package) -> Iterable[tuple[str, bytes]]:
    """Return what lies in the drive: the files, and the zip that they came in."""
    return [*package.files.items(), (f"{package.id}.zip", package.archive)]
