"""The conversations of one process: forwards what is sent, archives what was said.

The protocol is that of kit's template. Where the template waits inside a Request for the
other node, two nodes that send to each other at once both time out; this one takes the
Response when it comes and finds by its context what it belongs to.
"""

import msgspec

from kinode_nb.process_lib import Address, Our, Request, Response, SendError

from .api.chat import ChatMessage, SendRequest
from .api.chat import Response as Answer

_SECONDS = 5  # the template's timeout


class Sent(msgspec.Struct, frozen=True):
    """The context of what was forwarded to another node."""

    request: SendRequest
    time: int


class Conversations:
    """Does what is asked of a process, one message after the other."""

    def __init__(self, our: Our) -> None:
        """Start with an empty archive, lost when the process ends."""
        self._our = our
        self._archive: dict[str, list[ChatMessage]] = {}
        self._times: dict[str, list[int]] = {}

    async def send(self, message: Request, sent: SendRequest) -> None:
        """Take what was sent to us, or send on what is for another node."""
        our = self._our
        source = message.source.node
        if sent.target in {our.node, "our"}:  # or it would come back here, again and again
            our.print_to_terminal(0, f"{source}: {sent.message}")
            self._say(source, source, sent.message, message.time)
            await our.send_response(Answer.Send())
        elif source != our.node:
            # the template lets another node speak in our name
            our.print_to_terminal(0, f"{source} may not send messages as {our.node}")
        else:
            await our.send_request(
                Address(sent.target, our.process),
                message.body,
                expects_response=_SECONDS,
                context=Sent(sent, message.time),
            )

    async def history(self, message: Request, node: str) -> None:
        """Tell what was said with a node."""
        if message.source.node not in (self._our.node, node):
            self._our.print_to_terminal(0, f"{message.source.node} may not read that history")
            return
        # when each message was sent: kinode_nb shows it, others do not look
        times = msgspec.json.encode({"chat": {"times": self._times.get(node, [])}}).decode()
        await self._our.send_response(Answer.History(self._archive.get(node, [])), metadata=times)

    async def outcome(self, message: Response | SendError) -> bool:
        """Archive what the other node has taken, and answer whoever asked us to send it.

        False when it is about nothing that was sent.
        """
        sent = message.context
        if not isinstance(sent, Sent):
            return False
        if isinstance(message, SendError):
            self._our.print_to_terminal(0, f"got SendError: {message.kind}")
            await self._our.send_response({"SendError": message.kind})
        else:
            self._say(sent.request.target, self._our.node, sent.request.message, sent.time)
            await self._our.send_response(Answer.Send())
        return True

    def _say(self, peer: str, author: str, content: str, time: int) -> None:
        self._times.setdefault(peer, []).append(time)
        self._archive.setdefault(peer, []).append(ChatMessage(author=author, content=content))
