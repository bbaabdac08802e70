"""chat-with-file-transfer: chat that also transfers files.

It imports the APIs of two other packages. Their modules are copied into this package's own
``pkg`` folder when it is installed, so the worker that file-transfer exports runs here, in this
package, over this package's drives.
"""

from kinode_nb.process_lib import Our

from .chat_conversations import Conversations  # type: ignore[import-not-found]  # copied in when installed
from .file_transfer_api import FileTransfer  # type: ignore[import-not-found]  # likewise


async def init(our: Our) -> None:
    """Chat and transfer until the process ends."""
    print("begin")
    chat = Conversations(our)
    transfers = await FileTransfer.open(our)
    async for message in our:
        if not (await transfers.handle(message) or await chat.handle(message)):
            print(f"got an unexpected message from {getattr(message, 'source', our.address)}")
