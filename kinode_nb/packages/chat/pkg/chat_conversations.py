"""The conversations of one process: forwards what is sent, archives what was said.

The protocol is that of kit's template. Where the template waits inside a Request for the
other node, two nodes that send to each other at once both time out; this one takes the
Response when it comes and finds by its context what it belongs to.
"""

from pathlib import Path
from typing import Any

import msgspec

from kinode_nb import wit
from kinode_nb.process_lib import Address, Our, Request, Response, SendError

api = wit.load(Path(__file__).parent / "api" / "chat.wit")

_SECONDS = 5  # the template's timeout


class Conversations:
    """Handles what is sent and asked; ask `handle` first, and handle what it leaves."""

    def __init__(self, our: Our) -> None:
        """Start with an empty archive, lost when the process ends."""
        self._our = our
        self._archive: dict[str, list[Any]] = {}  # lists of api.ChatMessage
        self._times: dict[str, list[int]] = {}

    async def handle(self, message: Request | Response | SendError) -> bool:
        """Handle one message; False when it is none of theirs."""
        if not isinstance(message, Request):
            return await self._outcome(message)
        try:
            request = wit.decode(api.Request, message.body)
        except wit.WitError:
            return False
        match request:
            case api.Request.Send(sent):
                await self._send(message, sent)
            case api.Request.History(node):
                await self._history(message, node)
        return True

    async def _send(self, message: Request, sent: Any) -> None:  # api.SendRequest
        our = self._our
        source = message.source.node
        if sent.target in {our.node, "our"}:  # or it would come back here, again and again
            our.print_to_terminal(0, f"{source}: {sent.message}")
            self._say(source, source, sent.message, message.time)
            await our.send_response(api.Response.Send())
        elif source != our.node:
            # the template lets another node speak in our name
            our.print_to_terminal(0, f"{source} may not send messages as {our.node}")
        else:
            await our.send_request(
                Address(sent.target, our.process),
                message.body,
                expects_response=_SECONDS,
                context=(sent, message.time),
            )

    async def _history(self, message: Request, node: str) -> None:
        if message.source.node not in (self._our.node, node):
            self._our.print_to_terminal(0, f"{message.source.node} may not read that history")
            return
        # when each message was sent: kinode_nb shows it, others do not look
        times = msgspec.json.encode({"chat": {"times": self._times.get(node, [])}}).decode()
        await self._our.send_response(
            api.Response.History(self._archive.get(node, [])), metadata=times
        )

    async def _outcome(self, message: Response | SendError) -> bool:
        """Archive what the other node has taken, and answer whoever asked us to send it."""
        if not isinstance(message.context, tuple):
            return False
        sent, time = message.context
        if isinstance(message, SendError):
            self._our.print_to_terminal(0, f"got SendError: {message.kind}")
            await self._our.send_response({"SendError": message.kind})
        else:
            self._say(sent.target, self._our.node, sent.message, time)
            await self._our.send_response(api.Response.Send())
        return True

    def _say(self, peer: str, author: str, content: str, time: int) -> None:
        self._times.setdefault(peer, []).append(time)
        self._archive.setdefault(peer, []).append(api.ChatMessage(author=author, content=content))
