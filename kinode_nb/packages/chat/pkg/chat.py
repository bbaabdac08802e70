"""chat:chat:template.os: people on different nodes talk."""

from kinode_nb import wit
from kinode_nb.process_lib import Our, Request

from .api.chat import Request as Asked
from .chat_conversations import Conversations


async def init(our: Our) -> None:
    """Take part until the process ends."""
    print("begin")
    conversations = Conversations(our)
    async for message in our:
        if not isinstance(message, Request):
            if not await conversations.outcome(message):
                print("got error while handling message: unexpected Response")
            continue
        try:
            asked = wit.decode(Asked, message.body)
        except wit.WitError as error:
            print(f"got error while handling message: {error}")
            continue
        match asked:
            case Asked.Send(sent):
                await conversations.send(message, sent)
            case Asked.History(node):
                await conversations.history(message, node)
