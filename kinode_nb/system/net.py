"""``net:distro:sys``: says hello. What another node sends here is shown, and answered ``ack``.

Kinode's net module also answers questions about peers, in MessagePack (``net/mod.rs``); a node's
own ``hi`` to itself gets no answer there, and none here.
"""

from kinode_nb.process_lib import Our, Request


async def init(our: Our) -> None:
    """Show and answer greetings until the node stops."""
    async for message in our:
        if isinstance(message, Request) and message.source.node != our.node:
            text = message.body.decode(errors="replace")
            our.print_to_terminal(0, f"{message.source.node}: {text}")
            await our.send_response(b"ack")
