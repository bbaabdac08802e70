"""file-transfer:file-transfer:template.os: offers its files, and downloads from other nodes."""

from kinode_nb import wit
from kinode_nb.process_lib import Address, Our, Request, Response, SendError, vfs

from .api.file_transfer import TransferRequest, TransferResponse
from .api.file_transfer_worker import (
    DownloadRequest,
    ProgressRequest,
    start_download,
)
from .api.file_transfer_worker import Request as WorkerRequest
from .api.file_transfer_worker import Response as WorkerResponse
from .features import FEATURES
from .file_transfer_listing import list_files
from .file_transfer_setup import prepare

_MANY = 256  # workers whose last percentage is known, not to print it twice


class Transfers:
    """The transfers of one process."""

    def __init__(self, our: Our) -> None:
        """Begin with none."""
        self._our = our
        self._shown: dict[Address, int] = {}

    async def asked(self, message: Request) -> None:
        """Do what a Request says; raises WitError when it is none of ours."""
        match wit.decode_any((WorkerRequest, TransferRequest), message.body):
            case WorkerRequest.Download(download):
                await self._download(download)
            case WorkerRequest.Progress(progress):
                await self._progress(message.source, progress)
            case TransferRequest.ListFiles():
                files = await list_files(self._our)
                await self._our.send_response(TransferResponse.ListFiles(files))

    async def _download(self, download: DownloadRequest) -> None:
        """Start a worker; it answers, and we pass that on."""
        started = await start_download(
            self._our, download.name, download.target, download.is_requestor
        )
        if isinstance(started, wit.Err):
            await self._our.send_response(WorkerResponse.Download(started))

    async def _progress(self, worker: Address, progress: ProgressRequest) -> None:
        """Print how far a worker of ours is."""
        if worker.node != self._our.node or worker.package_id != self._our.package_id:
            return
        if self._shown.get(worker) != progress.progress:
            if len(self._shown) >= _MANY:
                self._shown.clear()
            self._shown[worker] = progress.progress
            self._our.print_to_terminal(0, f"{progress.name} progress: {progress.progress}%")
        await self._our.send_response(WorkerResponse.Progress())

    async def answered(self, message: Response | SendError) -> None:
        """Pass a worker's answer on to whoever asked for the download."""
        if message.context != "download":
            print("got error while handling message: unexpected Response")
        elif isinstance(message, SendError):
            lost = wit.Err(f"the worker did not answer: {message.kind}")
            await self._our.send_response(WorkerResponse.Download(lost))
        else:
            await self._our.send_response(message.body, metadata=message.metadata)


async def init(our: Our) -> None:
    """Transfer files until the process ends."""
    print("begin")
    for drive in ("files", "tmp"):  # what is there, and what is on its way
        await vfs.create_drive(our, our.package_id, drive)
    if "test" in FEATURES:
        await prepare(our)
    transfers = Transfers(our)
    async for message in our:
        if not isinstance(message, Request):
            await transfers.answered(message)
            continue
        try:
            await transfers.asked(message)
        except wit.WitError as error:
            print(f"got error while handling message: {error}")
