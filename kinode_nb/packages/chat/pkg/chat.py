"""chat:chat:template.os: people on different nodes talk."""

from kinode_nb.process_lib import Our

from .chat_conversations import Conversations


async def init(our: Our) -> None:
    """Take part until the process ends."""
    print("begin")
    conversations = Conversations(our)
    async for message in our:
        if not await conversations.handle(message):
            print(f"got an unexpected message from {getattr(message, 'source', our.address)}")
