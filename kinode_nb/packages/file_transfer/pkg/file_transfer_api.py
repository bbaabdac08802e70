"""What file-transfer exports: `start_download`, and the handling that goes with it.

Wire and roles are those of Kinode's recipe *Exporting Workers in Package APIs*: a requestor's
main process spawns a worker, the worker asks the provider's main process, which spawns a
worker of its own, and the two workers exchange the file.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kinode_nb import wit
from kinode_nb.process_lib import (
    Address,
    Capability,
    KinodeError,
    Our,
    Request,
    Response,
    SendError,
    VfsError,
    vfs,
)

from .file_transfer_wire import worker_api

api = wit.load(Path(__file__).parent / "api" / "file-transfer.wit")

# More than the 5 s that the worker gives the other node: its answer must come first.
_WORKER_SECONDS = 8
_SHOWN = 256  # workers whose last percentage is remembered, not to print it twice


class Started:
    """The context of a Download that a worker was asked for."""


class FileTransfer:
    """A main process's part in transfers; ask `handle` with every message."""

    def __init__(self, our: Our) -> None:
        """Use `open`."""
        self._our = our
        self._shown: dict[Address, int] = {}
        # What a worker needs is held by now. Later each worker that runs adds one more, and to hand
        # all on to the next would cost ever more.
        self._capabilities = our.our_capabilities()

    @classmethod
    async def open(cls, our: Our) -> "FileTransfer":
        """Make sure of the drives that transfers use, and return the handler."""
        for drive in ("files", "tmp"):
            await vfs.create_drive(our, our.package_id, drive)
        return cls(our)

    async def handle(self, message: Request | Response | SendError) -> bool:
        """Handle one message; False when it is none of a transfer."""
        if not isinstance(message, Request):
            return await self._answered(message)
        try:
            request = wit.decode(worker_api.Request, message.body)
        except wit.WitError:
            try:
                request = wit.decode(api.TransferRequest, message.body)
            except wit.WitError:
                return False
        match request:
            case api.TransferRequest.ListFiles():
                await self._list_files()
            case worker_api.Request.Download(download):
                await self._download(message, download)
            case worker_api.Request.Progress(progress):
                await self._progress(message, progress)
        return True

    async def _list_files(self) -> None:
        folder = f"{self._our.package_id}/files"
        entries = await vfs.read_dir(self._our, folder)
        files = []
        for entry in sorted(entries, key=lambda entry: entry.path):
            if entry.file_type != "File":
                continue
            with contextlib.suppress(VfsError):  # gone meanwhile, or its name is no text
                size = (await vfs.metadata(self._our, entry.path)).len
                files.append(api.FileInfo(name=entry.path, size=size))
        await self._our.send_response(api.TransferResponse.ListFiles(files))

    async def _download(self, message: Request, download: Any) -> None:
        our = self._our
        local = message.source.node == our.node
        if download.is_requestor and not local:
            # the recipe lets any node make us download from anywhere, over our own files
            await our.send_response(refused(f"{our.node} starts no downloads for other nodes"))
            return
        # A provider answers the worker that asked, whatever the Request says.
        target = download.target if download.is_requestor else message.source
        try:
            await start_download(
                our,
                download.name,
                target,
                download.is_requestor,
                message.metadata,
                self._capabilities,
            )
        except KinodeError as error:
            await our.send_response(refused(f"no worker could be started: {error}"))

    async def _progress(self, message: Request, progress: Any) -> None:
        source = message.source
        if source.node != self._our.node or source.package_id != self._our.package_id:
            return
        if self._shown.get(source) != progress.progress:
            self._shown[source] = progress.progress
            if len(self._shown) > _SHOWN:
                del self._shown[next(iter(self._shown))]
            self._our.print_to_terminal(0, f"{progress.name} progress: {progress.progress}%")
        await self._our.send_response(worker_api.Response.Progress())

    async def _answered(self, message: Response | SendError) -> bool:
        """Pass a worker's answer on to whoever asked for the download."""
        if not isinstance(message.context, Started):
            return False
        if isinstance(message, SendError):
            await self._our.send_response(refused(f"the worker did not answer: {message.kind}"))
        else:
            await self._our.send_response(
                message.body, metadata=message.metadata, blob=self._our.get_blob()
            )
        return True


async def start_download(
    our: Our,
    name: str,
    target: Address,
    is_requestor: bool,
    metadata: str | None = None,
    capabilities: Sequence[Capability] | None = None,
) -> None:
    """Spawn a worker in our own package and let it begin.

    Its answer, a ``Download`` Response, arrives at our process with a `Started` context: ``Ok``
    when the provider has opened the file. ``metadata`` is the Download's (see
    `file_transfer_wire`). The worker gets the ``capabilities``, or all of ours: those to message
    each worker that runs are among them. Raises SpawnError and SendError.
    """
    if capabilities is None:
        capabilities = our.our_capabilities()
    worker = await our.spawn(
        f"{our.package_id}/pkg/file_transfer_worker.py",
        request_capabilities=capabilities,
    )
    await our.send_request(
        worker,
        worker_api.Request.Download(
            worker_api.DownloadRequest(name=name, target=target, is_requestor=is_requestor)
        ),
        expects_response=_WORKER_SECONDS,
        metadata=metadata,
        context=Started(),
    )


def refused(reason: str) -> Any:  # worker_api.Response
    """Return the Response that refuses a download."""
    return worker_api.Response.Download(wit.Err(reason))
