"""Waits while nodes are served without a notebook, and ends a process that blocks them."""

from collections.abc import Iterator
from enum import Enum
from queue import Empty, SimpleQueue

from kinode_nb.hosts.tasks import ProcessTasks
from kinode_nb.portal.net import FakeNet
from kinode_nb.portal.watchdog import Waiting

_WATCHING = 0.5  # seconds between two looks at what holds the runtime up


class Order(Enum):
    """What comes from outside while nodes are served."""

    INTERRUPT = "Ctrl-C"
    END = "SIGTERM"


Orders = SimpleQueue[Order]
"""Orders in their turn; unlike an Event it may be filled by a signal's handler at any moment."""


def serve(net: FakeNet, orders: Orders) -> None:
    """Return when the nodes are to stop, or when the last of them has stopped by itself.

    A process that blocks them all is named. The first interrupt ends it, as an error would, and
    the nodes go on; a second one, or one while nothing blocks, is to stop them.
    """
    watchdog = net.portal.watchdog
    watchdog.waiting = Waiting.SERVED
    interrupted: ProcessTasks | None = None
    named: object = None
    for order in _orders(net, orders):
        blocked = watchdog.look()
        if order is None:
            if blocked is not None and (blocked.running, blocked.step) != named:
                named = blocked.running, blocked.step
                net.portal.say(blocked.named)
        elif (
            order is Order.END
            or blocked is None
            or not blocked.can_be_ended
            or blocked.running is interrupted
        ):
            break
        else:
            interrupted = blocked.running
            net.portal.say(net.portal.interrupt() or f"{blocked.address} yields again")
    watchdog.waiting = Waiting.ENDING


def _orders(net: FakeNet, orders: Orders) -> Iterator[Order | None]:
    """Yield what comes, None for every while without, until no node runs or is being stopped."""
    while net.core.running() or net.core.tasks:
        try:
            yield orders.get(timeout=_WATCHING)
        except Empty:
            yield None
