"""``timer:distro:sys``: answers when so many milliseconds are over (``kinode/src/timer.rs``).

``{"SetTimer":ms}`` is answered with an empty body, to who asked or their rsvp, even when no
Response was expected. Time is the event loop's, so in virtual time timers take none.
"""

import asyncio

import msgspec

from kinode_nb.process_lib import Our, Request

_MOST = 1 << 64  # Kinode's number of milliseconds is a u64


_read = msgspec.json.Decoder(dict[str, int | None] | str).decode


async def init(our: Our) -> None:
    """Keep time for the processes of the node; other nodes are ignored."""
    waiting: set[asyncio.Task[None]] = set()
    async for message in our:
        if not isinstance(message, Request) or message.source.node != our.node:
            continue
        asked = _action(message.body)
        if asked is None:
            our.print_to_terminal(1, f"timer: {message.source} sent a body that is no TimerAction")
        elif isinstance(asked, str):
            our.print_to_terminal(0, f"timer: {len(waiting)} timers are set")
        elif asked == 0:
            await our.send_response(b"", to=message)
        else:
            task = asyncio.create_task(_ring(our, message, asked))
            waiting.add(task)
            task.add_done_callback(waiting.discard)


def _action(body: bytes) -> int | str | None:
    """Return the milliseconds, or ``"Debug"``; None for what is neither."""
    try:
        written = _read(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if written in ("Debug", {"Debug": None}):  # serde reads that too
        return "Debug"
    if not isinstance(written, dict) or written.keys() != {"SetTimer"}:
        return None
    milliseconds = written["SetTimer"]
    return milliseconds if milliseconds is not None and 0 <= milliseconds < _MOST else None


async def _ring(our: Our, request: Request, milliseconds: int) -> None:
    await asyncio.sleep(milliseconds / 1000)
    await our.send_response(b"", to=request)
