"""chat-with-file-transfer: people talk, and get files from each other.

It imports the APIs of two other packages. The types come from their WIT. Their code (the worker
that file-transfer exports, the conversations of chat) is copied into this package's own ``pkg``
when it is built: so the worker runs here, in this package, over this package's drives.
"""

from kinode_nb import wit
from kinode_nb.process_lib import Address, Our, Request, Response, SendError, vfs

from .api.chat import Request as ChatRequest
from .api.file_transfer import TransferRequest, TransferResponse
from .api.file_transfer_worker import (
    DownloadRequest,
    ProgressRequest,
    start_download,
)
from .api.file_transfer_worker import Request as WorkerRequest
from .api.file_transfer_worker import Response as WorkerResponse
from .chat_conversations import Conversations
from .features import FEATURES
from .file_transfer_listing import list_files
from .file_transfer_setup import prepare

REQUESTS = (WorkerRequest, ChatRequest, TransferRequest)
"""What others may ask. A body is the first of these that it fits."""

printed: dict[Address, int] = {}
"""The last percentage of each worker: not every Progress makes a new one."""
MANY = 256  # of them that are remembered


async def init(our: Our) -> None:
    """Talk and transfer until the process ends."""
    print("begin")
    for drive in ("files", "tmp"):  # what is there, and what is on its way
        await vfs.create_drive(our, our.package_id, drive)
    if "test" in FEATURES:
        await prepare(our)
    conversations = Conversations(our)
    async for message in our:
        if not isinstance(message, Request):
            await handle_answer(our, message, conversations)
            continue
        try:
            await handle_request(our, message, conversations)
        except wit.WitError as error:
            print(f"got error while handling message: {error}")


async def handle_request(our: Our, message: Request, conversations: Conversations) -> None:
    """Do what a Request says; raises WitError when it is none of `REQUESTS`."""
    match wit.decode_any(REQUESTS, message.body):
        case ChatRequest.Send(sent):
            await conversations.send(message, sent)
        case ChatRequest.History(node):
            await conversations.history(message, node)
        case TransferRequest.ListFiles():
            await our.send_response(TransferResponse.ListFiles(await list_files(our)))
        case WorkerRequest.Download(download):
            await handle_download(our, download)
        case WorkerRequest.Progress(progress):
            await handle_progress(our, message.source, progress)


async def handle_download(our: Our, download: DownloadRequest) -> None:
    """Start a worker, for a person here or for a worker of another node; it answers itself."""
    started = await start_download(our, download.name, download.target, download.is_requestor)
    if isinstance(started, wit.Err):
        await our.send_response(WorkerResponse.Download(started))


async def handle_progress(our: Our, worker: Address, progress: ProgressRequest) -> None:
    """Print how far one of our workers is."""
    if worker.node != our.node or worker.package_id != our.package_id:
        return
    if printed.get(worker) != progress.progress:
        if len(printed) > MANY:
            printed.clear()
        printed[worker] = progress.progress
        print(f"{progress.name} progress: {progress.progress}%")
    await our.send_response(WorkerResponse.Progress())


async def handle_answer(
    our: Our, message: Response | SendError, conversations: Conversations
) -> None:
    """Pass on what a worker, or the other node's chat, has answered to whoever asked us."""
    if await conversations.outcome(message):
        return
    if message.context != "download":
        print("got error while handling message: unexpected Response")
    elif isinstance(message, SendError):
        lost = wit.Err(f"the worker did not answer: {message.kind}")
        await our.send_response(WorkerResponse.Download(lost))
    else:
        await our.send_response(message.body, metadata=message.metadata)
