"""How http-server asks processes on behalf of HTTP clients, and for how long.

Kinode's http-server waits a time of its own (15 s, or 600 s on a real fake node) for every
answer, whatever the caller expects, and gets no SendErrors. So a Request that cannot be delivered
is found out only when that time is up, here too.
"""

import asyncio
import math
from typing import Protocol

from kinode_nb.process_lib import Address, LazyLoadBlob, Our, Response, SendError

_GRACE = 0.05  # seconds, so that the kernel's own timeout comes first, and stands in the log


class Asker(Protocol):
    """What sends the messages: handles of this process, made by the composition root."""

    def __call__(self, *, rsvp: bool = True) -> Our:
        """Return a handle with a state of its own.

        Without ``rsvp`` its Requests name nobody to answer to, so only the process that was asked
        can answer: were it to pass the Request on, the answer would come back to it.
        """
        ...


async def ask(
    our: Our,
    target: Address,
    body: bytes,
    limit: float,
    *,
    expects_response: int = 0,
    blob: LazyLoadBlob | None = None,
    metadata: str | None = None,
) -> Response | None:
    """Return the Response, or None when ``limit`` seconds have passed without one.

    The Request expects a Response within ``expects_response`` seconds, if that is longer.
    """
    seconds = max(math.ceil(limit), expects_response)
    try:
        async with asyncio.timeout(limit + _GRACE if seconds == limit else limit):
            return await our.send_and_await_response(
                target, body, timeout=seconds, blob=blob, metadata=metadata
            )
    except (TimeoutError, SendError):
        return None
