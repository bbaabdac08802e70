"""Timers, for processes: helpers over ``timer:distro:sys``.

Names are those of the module ``timer`` in Kinode's own process_lib. The timer's answer has to
reach the process: one that is not public grants ``timer:distro:sys`` the capability to message it
(``grant_capabilities`` in the manifest), or the answer is lost and times out.
"""

from typing import Any

from kinode_nb.process_lib.our import Our
from kinode_nb.types import Address, Response, UsageError
from kinode_nb.types.capabilities import TIMER


async def set_timer(our: Our, duration: int, context: Any = None) -> None:
    """Have a Response with an empty body in the mailbox after ``duration`` milliseconds.

    ``context`` comes back with it. Raises UsageError for what is no number of milliseconds.
    """
    body = _body(duration)
    await our.send_request(_timer(our), body, _patience(duration), context=context)


async def set_and_await_timer(our: Our, duration: int) -> Response:
    """Wait for ``duration`` milliseconds; other messages queue meanwhile.

    Raises SendError when the timer cannot answer, and UsageError as `set_timer` does.
    """
    return await our.send_and_await_response(_timer(our), _body(duration), _patience(duration))


def _timer(our: Our) -> Address:
    return Address(our.node, TIMER)


def _patience(duration: int) -> int:
    """Return how many seconds to wait for the Response, as Kinode's process_lib reckons."""
    return duration // 1000 + 1


def _body(duration: int) -> bytes:
    if type(duration) is not int or not 0 <= duration < 1 << 64:
        raise UsageError(f"a timer is set to whole milliseconds from 0: {duration!r} is none")
    return b'{"SetTimer":%d}' % duration
