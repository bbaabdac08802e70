"""AddZip: unpacking a zip into a drive.

As in Kinode, folders are made from the zip's own entries for them, and a file whose folder has no
entry is an error. Unlike there, that and a name that leads out of the path are found before
anything is written.
"""

import errno
import io
import os
import stat
import zipfile
from functools import partial

from kinode_nb.system.refusals import Refused, io_error, os_error
from kinode_nb.system.vfs_drives import Drive, Parts
from kinode_nb.system.vfs_errors import UNZIP_ERROR, parse_error
from kinode_nb.system.vfs_files import OK, REPLACE, Desk, Steps, bytes_of
from kinode_nb.system.vfs_paths import check_length
from kinode_nb.system.vfs_requests import Job
from kinode_nb.system.vfs_transfers import write_all

_PIECE = 1 << 20
_Plan = list[tuple[zipfile.ZipInfo, Parts]]


def add_zip(desk: Desk, job: Job) -> Steps:
    """Unpack the blob into the path, which is made; files that are there are replaced."""
    data, path = bytes_of(job), job.path
    archive = yield partial(_read, data, f"{desk.drives.root}/{path.text}")
    plan = yield partial(_plan, archive, path.parts)
    try:
        drive = desk.drives.find(path)
    except FileNotFoundError:
        drive = None
    yield partial(_check, drive, path.parts, plan)
    yield partial(_unpack, desk.drives.make(path), path.parts, archive, plan)
    return OK


def _read(data: bytes, host_path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 - somebody's bytes can be wrong in many ways
        raise parse_error(f"invalid Zip archive: {error}", host_path) from None


def _plan(archive: zipfile.ZipFile, base: Parts) -> _Plan:
    """Return where each entry goes; raises Refused when one of them may not be unpacked."""
    plan = []
    for entry in archive.infolist():
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused(UNZIP_ERROR)
        if entry.flag_bits & 1:
            raise io_error("unsupported Zip archive: Password required to decrypt file")
        plan.append((entry, base + _names(entry)))
    return plan


def _names(entry: zipfile.ZipInfo) -> Parts:
    """Return an entry's name as names below the path; raises Refused when it leads out."""
    written = entry.orig_filename
    names: list[str] = []
    if "\0" in written or written.startswith("/"):
        raise _leads_out(written)
    for name in written.split("/"):
        if name == ".." and names:
            names.pop()
        elif ".." in name.split("\\"):  # part of a name here, but meant to lead out elsewhere
            raise _leads_out(written)
        elif name not in {"", "."}:
            names.append(name)
    if not names and not entry.is_dir():
        raise _leads_out(written)
    check_length(written, names)
    return tuple(names)


def _leads_out(name: str) -> Refused:
    return io_error(f"nothing was unpacked: the entry {name!r} leads out of the path")


def _check(drive: Drive | None, base: Parts, plan: _Plan) -> None:
    """Raise what unpacking would come upon: links that lead out, folders that are missing."""
    made = set(_ways_to(base))
    for entry, names in plan:
        _status(drive, names)
        if entry.is_dir():
            made.update(_ways_to(names))
        elif names[:-1] not in made:
            status = _status(drive, names[:-1])
            if status is None:
                raise os_error(errno.ENOENT)
            if not stat.S_ISDIR(status.st_mode):
                raise os_error(errno.ENOTDIR)
            made.add(names[:-1])


def _ways_to(names: Parts) -> list[Parts]:
    return [names[:depth] for depth in range(len(names) + 1)]


def _status(drive: Drive | None, names: Parts) -> os.stat_result | None:
    if drive is None:
        return None
    try:
        return drive.status(names)
    except OSError:  # missing, mostly; unpacking tells of anything else
        return None


def _unpack(drive: Drive, base: Parts, archive: zipfile.ZipFile, plan: _Plan) -> None:
    drive.make_folders(base)
    for entry, names in plan:
        if entry.is_dir():
            drive.make_folders(names)
            continue
        file, offset = drive.open(names, REPLACE), 0
        with archive.open(entry) as packed:
            while piece := packed.read(_PIECE):
                write_all(file, piece, offset)
                offset += len(piece)
