"""Where time comes from: a parameter of the runtime, never a global, so that a run can repeat."""

import time
from typing import Protocol


class Clock(Protocol):
    """A clock that only goes forward, and when its zero was."""

    epoch_ns: int
    """Add this to a reading for nanoseconds since 1970 (UTC)."""

    def now_ns(self) -> int:
        """Return the time in nanoseconds; agrees with the event loop's ``time()``."""
        ...


class SystemClock:
    """The machine's monotonic clock, which asyncio's event loops use too."""

    now_ns = staticmethod(time.monotonic_ns)

    def __init__(self) -> None:
        """Note how far the monotonic clock is from the time of day."""
        self.epoch_ns = time.time_ns() - time.monotonic_ns()
