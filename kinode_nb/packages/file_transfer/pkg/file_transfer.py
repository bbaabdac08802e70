"""file-transfer:file-transfer:template.os: offers its files, and downloads from other nodes."""

from kinode_nb.process_lib import Our

from .file_transfer_api import FileTransfer


async def init(our: Our) -> None:
    """Transfer files until the process ends."""
    print("begin")
    transfers = await FileTransfer.open(our)
    async for message in our:
        if not await transfers.handle(message):
            print(f"got an unexpected message from {getattr(message, 'source', our.address)}")
