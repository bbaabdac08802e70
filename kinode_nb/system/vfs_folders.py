"""The actions on folders and on names: what a path is, and where things lie.

As in `vfs_files`, an action that may take long is a generator whose work is done in a thread.
"""

import errno
import os
import shutil
import stat
from functools import partial

from kinode_nb.system.refusals import io_error, os_error
from kinode_nb.system.vfs_descriptors import Descriptor
from kinode_nb.system.vfs_files import OK, REPLACE, Desk, Reply, Steps, said
from kinode_nb.system.vfs_paths import ROOT
from kinode_nb.system.vfs_requests import Job
from kinode_nb.system.vfs_transfers import LARGE, copy_all

Entry = dict[str, str]


def create_drive(desk: Desk, job: Job) -> Reply:
    """Make the drive, if it is missing; what follows it in the path counts for nothing."""
    desk.drives.make(job.path)
    return OK


def create_dir(desk: Desk, job: Job) -> Reply:
    """Make one folder, which must not exist."""
    folder, name = desk.drives.locate(job.path)
    os.mkdir(name, dir_fd=folder.fd)
    return OK


def create_dir_all(desk: Desk, job: Job) -> Reply:
    """Make a folder and all that leads to it, the drive too."""
    desk.drives.make(job.path).make_folders(job.path.parts)
    return OK


def read_dir(desk: Desk, job: Job) -> Steps:
    """Return what is in a folder; of ``/``, the packages."""
    if job.path is ROOT:
        folder = desk.drives.top()
        before = ""
    else:
        folder = desk.drives.find(job.path).folder(job.path.parts)
        before = job.path.text + "/"
    work = partial(_entries, folder, before)
    # Where a folder takes up much room itself, it holds a thousand names or more.
    large = os.fstat(folder.fd).st_size >= LARGE
    return said("ReadDir", (yield work) if large else work())


def _entries(folder: Descriptor, before: str) -> list[Entry]:
    with os.scandir(folder.fd) as entries:
        return [{"path": before + _text(each.name), "file_type": _kind(each)} for each in entries]


def _text(name: str) -> str:
    """Return a name as JSON can have it; the machine's own names are any bytes."""
    return os.fsencode(name).decode(errors="replace")


def _kind(entry: "os.DirEntry[str]") -> str:
    if entry.is_symlink():
        return "Symlink"
    if entry.is_file(follow_symlinks=False):
        return "File"
    return "Directory" if entry.is_dir(follow_symlinks=False) else "Other"


def metadata(desk: Desk, job: Job) -> Reply:
    """Return what the path is, links followed, and its length."""
    status = desk.drives.find(job.path).status(job.path.parts)
    if stat.S_ISREG(status.st_mode):
        kind = "File"
    else:
        kind = "Directory" if stat.S_ISDIR(status.st_mode) else "Other"
    return said("Metadata", {"file_type": kind, "len": status.st_size})


def remove_file(desk: Desk, job: Job) -> Reply:
    """Remove a file (of a link, the link), and the handle on it."""
    folder, name = desk.drives.locate(job.path)
    os.unlink(name, dir_fd=folder.fd)
    desk.handles.close(job.source, job.path)
    return OK


def remove_dir(desk: Desk, job: Job) -> Reply:
    """Remove an empty folder."""
    folder, name = desk.drives.locate(job.path)
    os.rmdir(name, dir_fd=folder.fd)
    return OK


def remove_dir_all(desk: Desk, job: Job) -> Steps:
    """Remove a folder with all that is in it; of a link, the link."""
    folder, name = desk.drives.locate(job.path)
    yield partial(_remove_tree, folder, name)
    return OK


def _remove_tree(folder: Descriptor, name: str) -> None:
    mode = os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        os.unlink(name, dir_fd=folder.fd)
    elif stat.S_ISDIR(mode):
        shutil.rmtree(name, dir_fd=folder.fd)
    else:
        raise os_error(errno.ENOTDIR)


def rename(desk: Desk, job: Job) -> Reply:
    """Give a file or a folder another path; an open handle stays under the old one."""
    old, name = desk.drives.locate(job.path)
    new, new_name = desk.drives.locate(job.new_path)
    os.rename(name, new_name, src_dir_fd=old.fd, dst_dir_fd=new.fd)
    return OK


def copy_file(desk: Desk, job: Job) -> Steps:
    """Copy a file, with its permissions, over whatever file has the new path."""
    source = desk.open(job, os.O_RDONLY)
    status = os.fstat(source.fd)
    if not stat.S_ISREG(status.st_mode):
        raise io_error("the source path is neither a regular file nor a symlink to a regular file")
    new_path = job.new_path
    drive = desk.drives.find(new_path)
    target = drive.open(new_path.parts, REPLACE & ~os.O_TRUNC)
    if os.path.sameopenfile(source.fd, target.fd):
        return OK  # Kinode would leave it empty
    os.ftruncate(target.fd, 0)
    os.fchmod(target.fd, stat.S_IMODE(status.st_mode))
    work = partial(copy_all, source, target)
    if status.st_size >= LARGE:
        yield work
    else:
        work()
    return OK
