"""Open files: one handle and one cursor for each process and path.

In Kinode one handle of a path serves all processes, so that two who read one file at the same
time move each other's cursor, and one's CloseFile sends the other back to the start.
"""

import os
from collections import OrderedDict

from kinode_nb.system.vfs_descriptors import Descriptor, Descriptors
from kinode_nb.system.vfs_drives import Drives
from kinode_nb.system.vfs_paths import VfsPath
from kinode_nb.types import ProcessId

_REMEMBERED = 256  # ended processes whose cursors are kept


class Handle:
    """A file that one process uses, and its place in it.

    The cursor is moved when an action begins, not when it ends: the descriptor may be evicted in
    between, and a handle at the start is then forgotten altogether.
    """

    __slots__ = ("_beside", "_text", "cursor", "descriptor")

    def __init__(self, beside: dict[str, "Handle"], text: str) -> None:
        """Stand at the start, with nothing open, beside the process's other handles."""
        self._beside = beside
        self._text = text
        self.cursor = 0
        self.descriptor: Descriptor | None = None

    def let_go(self) -> None:
        """Keep nothing but the cursor; a next action opens the file again."""
        self.descriptor = None
        if not self.cursor and self._beside.get(self._text) is self:
            del self._beside[self._text]


class Handles:
    """The handles of all processes of one node."""

    def __init__(self, drives: Drives, descriptors: Descriptors) -> None:
        """Open files in the drives, and count them in."""
        self._drives = drives
        self._descriptors = descriptors
        self._of: dict[ProcessId, dict[str, Handle]] = {}
        self._ended: OrderedDict[ProcessId, None] = OrderedDict()

    def use(self, source: ProcessId, path: VfsPath) -> tuple[Handle, Descriptor]:
        """Return a process's handle, opened if it is not, but not created; raises OSError."""
        beside = self._of.get(source)
        handle = None if beside is None else beside.get(path.text)
        if handle is not None and handle.descriptor is not None:
            self._descriptors.touch(handle)
            return handle, handle.descriptor
        descriptor = self._drives.find(path).open(path.parts, os.O_RDWR)
        if handle is None:
            return self._add(source, path, descriptor), descriptor
        handle.descriptor = descriptor
        self._descriptors.keep(handle)
        return handle, descriptor

    def open(self, source: ProcessId, path: VfsPath, flags: int) -> None:
        """Open a file as it now lies at the path, the cursor at the start; raises OSError."""
        descriptor = self._drives.find(path).open(path.parts, os.O_RDWR | flags)
        self.close(source, path)
        self._add(source, path, descriptor)

    def close(self, source: ProcessId, path: VfsPath) -> None:
        """Forget handle and cursor, if there are any."""
        beside = self._of.get(source)
        handle = None if beside is None else beside.pop(path.text, None)
        if handle is not None:
            self._descriptors.drop(handle)
        if not beside:
            self._of.pop(source, None)

    def forget(self, source: ProcessId) -> None:
        """Close all files of a process that has ended.

        What it sent last may still be in the mailbox, and has to be done in its place, so the
        cursors outlive the process for a while.
        """
        for handle in list(self._of.get(source, {}).values()):
            self._descriptors.drop(handle)
            handle.let_go()
        if self._of.get(source):
            self._ended[source] = None
            if len(self._ended) > _REMEMBERED:
                self._drop(self._ended.popitem(last=False)[0])
        else:
            self._of.pop(source, None)

    def close_all(self) -> None:
        """Forget all handles."""
        for source in list(self._of):
            self._drop(source)

    def _drop(self, source: ProcessId) -> None:
        for handle in self._of.pop(source, {}).values():
            self._descriptors.drop(handle)

    def _add(self, source: ProcessId, path: VfsPath, descriptor: Descriptor) -> Handle:
        self._ended.pop(source, None)  # somebody of that name lives again
        beside = self._of.setdefault(source, {})
        handle = beside[path.text] = Handle(beside, path.text)
        handle.descriptor = descriptor
        self._descriptors.keep(handle)
        return handle
