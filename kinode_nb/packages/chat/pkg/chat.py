"""chat:chat:template.os: chat between nodes."""

from kinode_nb.process_lib import Our

from .chat_api import Chat


async def init(our: Our) -> None:
    """Chat until the process ends."""
    print("begin")
    chat = Chat(our)
    async for message in our:
        if not await chat.handle(message):
            print(f"got an unexpected message from {getattr(message, 'source', our.address)}")
