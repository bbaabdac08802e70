"""echo:echo:template.os: shows any JSON that it gets, and answers ``"Ack"``."""

from typing import Any

import msgspec

from kinode_nb.process_lib import Our, Request, SendError

from .rust_debug import shown


async def init(our: Our) -> None:
    """Echo until the process ends."""
    print("begin")
    async for message in our:
        if isinstance(message, SendError):
            print(f"got SendError: {message.kind}")
        elif not isinstance(message, Request):
            print(f"got error while handling message: unexpected Response: {message.text()}")
        else:
            await _echo(our, message)


async def _echo(our: Our, request: Request) -> None:
    try:
        body: Any = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        print(f"got error while handling message: {error}")
        return
    print(f"got {shown(body)}")
    if request.expects_response is not None or request.rsvp is not None:
        await our.send_response("Ack", to=request)
