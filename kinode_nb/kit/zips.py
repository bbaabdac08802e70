"""Zips of packages: what kit's ``build`` makes of ``pkg/``, and what app-store unpacks.

A zip comes from whoever can reach a node's port, so it is read as a whole and every name in it is
looked at before anything is written.
"""

import io
import stat
import zipfile
from collections.abc import Mapping

from kinode_nb.types import PackageError

_MOST_BYTES = 256 << 20
_LONGEST = 255  # bytes of a name, as file systems have it
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip knows; equal files give equal zips


def contents(data: bytes, what: str = "the zip") -> dict[str, bytes]:
    """Return the files of a zip by their paths, parts joined by ``/``; raises PackageError.

    ``what`` names the zip in the error. 256 MiB of files are the most.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_size(entries, what)
            named = {_path(entry, what): entry for entry in entries if not _is_folder(entry, what)}
            files = {path: archive.read(entry) for path, entry in named.items()}
    except PackageError:
        raise
    except Exception as error:  # noqa: BLE001 - somebody's bytes can be wrong in many ways
        raise PackageError(f"{what} cannot be unpacked: {error}") from None
    _check_folders(files, what)
    return files


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files by their paths, as kit writes it: sorted, with folder entries."""
    folders = {
        "/".join(parts[:depth]) + "/"
        for parts in (path.split("/") for path in files)
        for depth in range(1, len(parts))
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted([*folders, *files]):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 | stat.S_IFDIR if name.endswith("/") else 0o644) << 16
            archive.writestr(entry, files.get(name, b""))
    return packed.getvalue()


def _check_size(entries: list[zipfile.ZipInfo], what: str) -> None:
    if sum(entry.file_size for entry in entries) > _MOST_BYTES:
        raise PackageError(f"{what} holds more than {_MOST_BYTES >> 20} MiB of files")


def _is_folder(entry: zipfile.ZipInfo, what: str) -> bool:
    """Tell whether an entry is a folder, whose name must be as good as a file's."""
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise PackageError(
            f"{what} holds a link, {entry.filename!r}: only files and folders can be"
        )
    if entry.is_dir():
        _path(entry, what)
    return entry.is_dir()


def _path(entry: zipfile.ZipInfo, what: str) -> str:
    """Return an entry's path with its ``.`` and doubled slashes gone; raises PackageError."""
    written = entry.orig_filename
    if "\0" in written or "\\" in written or written.startswith("/"):
        raise _leads_out(written, what)
    names = [name for name in written.split("/") if name not in {"", "."}]
    if ".." in names or (not names and not entry.is_dir()):
        raise _leads_out(written, what)
    if any(len(name.encode(errors="replace")) > _LONGEST for name in names):
        raise PackageError(f"{what} holds a name of more than {_LONGEST} bytes, {written[:40]!r}…")
    return "/".join(names)


def _leads_out(name: str, what: str) -> PackageError:
    return PackageError(f"{what} holds the entry {name!r}, which leads out of the package")


def _check_folders(files: Mapping[str, bytes], what: str) -> None:
    """Raise PackageError where one path is a file and a folder at once."""
    for path in files:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            if (folder := "/".join(parts[:depth])) in files:
                raise PackageError(f"{what} holds {folder!r} both as a file and as a folder")
