"""The worker that file-transfer exports: does one side of one transfer, then ends.

The first message, a Download from the parent, says which side.
"""

from kinode_nb import wit
from kinode_nb.process_lib import Our, Request

from .api.file_transfer_worker import Request as Asked
from .file_transfer_receiving import Receiver
from .file_transfer_sending import Sender


async def init(our: Our) -> None:
    """Do what the parent's Download says."""
    first = await our.receive()
    if not isinstance(first, Request) or first.source.node != our.node:
        return
    match wit.decode(Asked, first.body):
        case Asked.Download(download) if download.is_requestor:
            await Receiver(our, first, download).run()
        case Asked.Download(download):
            await Sender(our, first, download).run()
