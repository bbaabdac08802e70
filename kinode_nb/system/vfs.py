"""``vfs:distro:sys``: the files of a node, which are real files under its home.

``<home>/vfs/<package>:<publisher>/<drive>/…`` is what processes know as
``package:publisher/drive/…``. Requests and answers are those of Kinode's vfs
(``kinode/src/vfs.rs``); `process_lib.vfs` writes them for process authors.

Small actions are done at once, larger ones too while the files are as fast as memory (`vfs_pace`).
What moves many bytes else is done in threads, so several Requests are under way at a time, but
those of one process on one path are carried out in order.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from kinode_nb.process_lib import LazyLoadBlob, Our, ProcessId, Request
from kinode_nb.system import vfs_files as files
from kinode_nb.system import vfs_folders as folders
from kinode_nb.system.refusals import Refused, answer
from kinode_nb.system.vfs_descriptors import Descriptors
from kinode_nb.system.vfs_drives import Drives
from kinode_nb.system.vfs_errors import OUT_OF_DESCRIPTORS
from kinode_nb.system.vfs_files import Desk, Reply, Steps
from kinode_nb.system.vfs_handles import Handles
from kinode_nb.system.vfs_lanes import Lanes, Turn
from kinode_nb.system.vfs_pace import Pace
from kinode_nb.system.vfs_requests import Job, read
from kinode_nb.system.vfs_rights import Gate, Rights
from kinode_nb.system.vfs_zips import add_zip

__all__ = ["Descriptors", "Rights", "Vfs", "process"]

Action = Callable[[Desk, Job], Reply | Steps]

_ACTIONS: dict[str, Action] = {
    "CreateDrive": folders.create_drive,
    "CreateDir": folders.create_dir,
    "CreateDirAll": folders.create_dir_all,
    "CreateFile": files.create_file,
    "OpenFile": files.open_file,
    "CloseFile": files.close_file,
    "Write": files.write,
    "WriteAll": files.write_at_cursor,
    "Append": files.append,
    "SyncAll": files.sync_all,
    "Read": files.read,
    "ReadDir": folders.read_dir,
    "ReadToEnd": files.read_to_end,
    "ReadExact": files.read_exact,
    "ReadToString": files.read_to_string,
    "Seek": files.seek,
    "RemoveFile": folders.remove_file,
    "RemoveDir": folders.remove_dir,
    "RemoveDirAll": folders.remove_dir_all,
    "Rename": folders.rename,
    "Metadata": folders.metadata,
    "AddZip": add_zip,
    "CopyFile": folders.copy_file,
    "Len": files.length,
    "SetLen": files.set_len,
    "Hash": files.hash_file,
}

_MIME = "application/octet-stream"
_MOST_TURNS = 256  # then Requests wait in the mailbox, and their senders for room in it
_MOST_BYTES = 64 << 20


class _Pending(NamedTuple):
    """An action that waits for a thread."""

    steps: Steps
    work: Callable[[], Any]


_Outcome = Reply | bytes | _Pending
"""What came of a job: a reply, the body of an error, or neither yet."""


def process(home: Path, rights: Rights, descriptors: Descriptors | None = None) -> "Vfs":
    """Return the program of ``vfs:distro:sys`` for the node that has this home.

    ``rights`` answers for the node's capabilities. Nodes of one event loop can share
    ``descriptors``, which limits how many files are open; without it the node has its own.
    """
    return Vfs(home, rights, Descriptors() if descriptors is None else descriptors)


class Vfs:
    """The program: call it with a process's `Our`, as ``init(our)``."""

    def __init__(self, home: Path, rights: Rights, descriptors: Descriptors) -> None:
        """Serve the files under ``home``; nothing is made or opened before it runs."""
        self._home = home
        self._rights = rights
        self._descriptors = descriptors
        self._service: _Service | None = None

    async def __call__(self, our: Our) -> None:
        """Serve until the process is ended."""
        root = self._home / "vfs"
        root.mkdir(parents=True, exist_ok=True)
        drives = Drives(root.resolve(), self._descriptors)
        desk = Desk(drives, Handles(drives, self._descriptors))
        self._service = service = _Service(
            our, desk, Gate(our.node, self._rights), self._descriptors
        )
        try:
            await service.serve()
        finally:
            await service.close()

    def forget(self, process: ProcessId) -> None:
        """Close the files of a process that has ended."""
        if self._service is not None:
            self._service.desk.handles.forget(process)


class _Service:
    """One run of the process."""

    def __init__(self, our: Our, desk: Desk, gate: Gate, descriptors: Descriptors) -> None:
        self.desk = desk
        self._our = our
        self._gate = gate
        self._descriptors = descriptors
        self._lanes = Lanes()
        self._pace = Pace()
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads: set[asyncio.Future[Any]] = set()
        self._room = asyncio.Event()
        self._closed = False

    async def serve(self) -> None:
        """Take Requests, and answer at once what is done at once."""
        our, lanes = self._our, self._lanes
        async for message in our:
            if not isinstance(message, Request):
                continue
            if message.source.node != our.node:
                self._ignore(message)
                continue
            blob = our.get_blob()
            outcome = self._take(message, None if blob is None else blob.bytes)
            if outcome is not None:
                await self._answer(message, outcome)
            while lanes.count >= _MOST_TURNS or lanes.size >= _MOST_BYTES:
                self._room.clear()
                await self._room.wait()

    async def close(self) -> None:
        """Wait for the threads, so that nothing is written any more; begin nothing new."""
        self._closed = True
        if self._threads:
            await asyncio.wait(self._threads)
        self.desk.handles.close_all()
        self.desk.drives.close()

    def _ignore(self, message: Request) -> None:
        node = self._our.node
        self._our.print_to_terminal(
            1, f"vfs: got request from {message.source.node}, but they must come from {node}"
        )

    def _take(self, request: Request, data: bytes | None) -> Reply | bytes | None:
        """Do what a Request asks for; None when that takes until later."""
        try:
            job = read(request.source.process, request.body, data)
        except Refused as error:
            return answer(error)
        turn = Turn(request, job)
        if not self._lanes.free(turn):
            self._lanes.enter(turn)
            return None
        outcome = self._begin(job)
        if not isinstance(outcome, _Pending):
            return outcome
        self._lanes.enter(turn)
        self._go_on(turn, outcome)
        return None

    def _begin(self, job: Job) -> _Outcome:
        """Do a job, or as much of it as comes before a thread is needed."""
        try:
            self._gate.check(job)
            return self._act(job)
        except OSError as error:
            if error.errno not in OUT_OF_DESCRIPTORS or not self._descriptors.shrink():
                return answer(error)
        except Exception as error:  # noqa: BLE001 - one bad job must not end them all
            return self._failed(job, error)
        try:
            return self._act(job)
        except Exception as error:  # noqa: BLE001
            return self._failed(job, error)

    def _act(self, job: Job) -> _Outcome:
        outcome = _ACTIONS[job.action](self.desk, job)
        if isinstance(outcome, tuple):
            if job.action == "CreateDrive":
                self._gate.grant_drive(job)
            return outcome
        try:
            work = next(outcome)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # a Reply
        if self._pace.at_once(job):
            return self._pace.run(outcome, work)
        return _Pending(outcome, work)

    def _failed(self, job: Job, error: Exception) -> bytes:
        if not isinstance(error, Refused | OSError):
            self._our.print_to_terminal(1, f"vfs: {job.action} of {job.path.text}: {error!r}")
        return answer(error)

    def _go_on(self, turn: Turn, pending: _Pending) -> None:
        task = asyncio.get_running_loop().create_task(self._finish(turn, pending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, turn: Turn, pending: _Pending) -> None:
        """Bring a job to its end, and then begin those that waited for it."""
        outcome = await self._through(turn.job, pending)
        if self._closed:
            return
        await self._answer(turn.request, outcome)
        ready = self._lanes.leave(turn)
        while ready:
            turn = ready.pop(0)
            begun = self._begin(turn.job)
            if isinstance(begun, _Pending):
                self._go_on(turn, begun)
            else:
                await self._answer(turn.request, begun)
                ready += self._lanes.leave(turn)
        self._room.set()

    async def _through(self, job: Job, pending: _Pending) -> Reply | bytes:
        """Run an action's work in threads until it has its reply."""
        steps, work = pending
        try:
            while True:
                try:
                    value = await self._in_thread(work)
                except Exception as error:  # noqa: BLE001 - the action decides what it means
                    work = steps.throw(error)
                else:
                    work = steps.send(value)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # a Reply
        except Exception as error:  # noqa: BLE001
            return self._failed(job, error)
        finally:
            steps.close()

    def _in_thread(self, work: Callable[[], Any]) -> Awaitable[Any]:
        """Run work in a thread; when the task is cancelled it goes on, and `close` waits for it."""
        future = asyncio.get_running_loop().run_in_executor(None, work)
        self._threads.add(future)
        future.add_done_callback(self._came_back)
        return asyncio.shield(future)

    def _came_back(self, future: asyncio.Future[Any]) -> None:
        self._threads.discard(future)
        future.exception()  # looked at: who waited for it may be gone, and asyncio would complain

    async def _answer(self, request: Request, outcome: Reply | bytes) -> None:
        """Answer as Kinode does: errors only those who asked for an answer, and plainly."""
        if isinstance(outcome, bytes):
            if request.expects_response is not None:
                await self._our.send_response(outcome, to=request)
        elif request.expects_response is not None or request.rsvp is not None:
            body, data = outcome
            await self._our.send_response(
                body,
                metadata=request.metadata,
                blob=None if data is None else LazyLoadBlob(data, _MIME),
                to=request,
            )
        if self._pace.breathless():
            await asyncio.sleep(0)
