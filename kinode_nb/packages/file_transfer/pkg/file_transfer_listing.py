"""What a package offers: the files of its drive ``files``."""

import contextlib

from kinode_nb.process_lib import Our, VfsError, vfs

from .api.file_transfer import FileInfo


async def list_files(our: Our) -> list[FileInfo]:
    """Return the files, by name; raises VfsError where there is no such drive."""
    entries = await vfs.read_dir(our, f"{our.package_id}/files")
    files = []
    for entry in sorted(entries, key=lambda entry: entry.path):
        if entry.file_type == "File":
            with contextlib.suppress(VfsError):  # gone meanwhile, or its name is no text
                size = (await vfs.metadata(our, entry.path)).len
                files.append(FileInfo(name=entry.path, size=size))
    return files
