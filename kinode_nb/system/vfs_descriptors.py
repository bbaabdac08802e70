"""Open file descriptors, and how many of them may be held at once."""

import os
import resource
from collections import OrderedDict
from typing import Protocol

_MOST = 256
_SHARE = 4  # leave three quarters of what the process may open to others
_LEAST = 16


class Descriptor:
    """A file descriptor that is closed when nobody holds it any more.

    A thread that still reads or writes holds it, so its number cannot come to mean another file
    under the thread's hands, whatever is closed, evicted or cancelled meanwhile.
    """

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        """Own a descriptor."""
        self.fd = fd

    def __del__(self, close=os.close) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Close it."""
        close(self.fd)


class Holder(Protocol):
    """What keeps a descriptor only to save opening it again."""

    def let_go(self) -> None:
        """Do without the descriptor from now on."""
        ...


class Descriptors:
    """The descriptors that are kept open: when there are too many, the least recently used go.

    Share one between the nodes of an event loop, and the limit holds for all of them. Not for
    use from several threads.
    """

    def __init__(self, limit: int | None = None) -> None:
        """Keep at most ``limit`` (default: a quarter of what the process may open, to 256)."""
        self.limit = _default_limit() if limit is None else limit
        self._holders: OrderedDict[Holder, None] = OrderedDict()
        self.touch = self._holders.move_to_end
        """Tell that a holder has just used its descriptor."""

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._holders)

    def keep(self, holder: Holder) -> None:
        """Count in a holder that has just opened its descriptor."""
        self._holders[holder] = None
        self._holders.move_to_end(holder)
        self._evict(self.limit)

    def drop(self, holder: Holder) -> None:
        """Count out a holder that has closed its descriptor."""
        self._holders.pop(holder, None)

    def shrink(self) -> bool:
        """Let half of them go, as the system gives no more; False when there is none to let go."""
        had = len(self._holders)
        self._evict(had // 2)
        return had > 0

    def _evict(self, limit: int) -> None:
        while len(self._holders) > limit:
            holder, _ = self._holders.popitem(last=False)
            holder.let_go()


def _default_limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return min(_MOST, max(_LEAST, soft // _SHARE))
