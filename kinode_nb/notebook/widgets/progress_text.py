"""What a person reads about one transfer: words and numbers, with no idea of where they are shown.

Sizes are binary (1 KiB is 1,024 bytes), rates likewise, a second.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass

from kinode_nb.types.rows import TransferRow

FINAL = frozenset({"done", "failed", "cancelled"})
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
STEP = 1024  # from one unit to the next
TWO_DIGITS = 10  # below, a decimal is worth its place
DIGEST_DIGITS = 8  # enough to tell two files apart by eye; the whole digest is in `transfers`
SHORTEST_NAME = 8
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class ProgressText:
    """The parts of a transfer's description; a part with nothing to say is empty."""

    file: str
    """The file's name, with what cannot be seen made visible."""
    route: str
    """``provider → requestor``."""
    amount: str
    """Bytes received, and of how many where that is known."""
    percent: str
    """Whole percent, rounded down: 100 only when every byte is there."""
    rate: str
    """Bytes a second."""
    state: str
    """What is going on, or how it ended; the time left while it runs."""
    digest: str
    """The beginning of a checked file's digest."""

    @property
    def line(self) -> str:
        """Return everything on one line."""
        outcome = " ".join(filter(None, (self.state, self.digest)))
        parts = (self.file, self.route, self.amount, self.percent, self.rate, outcome)
        return "  ".join(filter(None, parts))

    @property
    def spoken(self) -> str:
        """Return the state of things as a screen reader should say it: no digits of a digest."""
        return ", ".join(filter(None, (self.percent, self.amount, self.state)))

    def line_within(self, columns: int) -> str:
        """Return the line cut to a terminal's width; the name gives way before the numbers do."""
        excess = width(self.line) - columns
        if excess <= 0:
            return self.line
        keep = max(SHORTEST_NAME, width(self.file) - excess)
        short = cut(self.file, keep) + self.line.removeprefix(self.file)
        return cut(short, columns)


def describe(row: TransferRow) -> ProgressText:
    """Put one snapshot of a transfer into words."""
    whole = percent(row)
    return ProgressText(
        file=visible(row.file),
        route=f"{row.provider} → {row.requestor}",
        amount=amount(row),
        percent="" if whole is None or row.bytes is None else f"{whole} %",
        rate=f"{size(row.rate)}/s" if row.rate else "",
        state=state(row),
        digest=short_digest(row.digest) if row.verified and row.digest else "",
    )


def percent(row: TransferRow) -> int | None:
    """Return whole percent, or None while nobody can know how much is left."""
    if row.status == "done":
        return 100
    if row.bytes is None:
        return None if row.status == "running" else 0
    return math.floor(row.progress)


def amount(row: TransferRow) -> str:
    """Return the bytes received, and of how many."""
    received = size(row.received)
    return received if row.bytes is None else f"{received} of {size(row.bytes)}"


def state(row: TransferRow) -> str:
    """Return what is going on, or how it ended."""
    match row.status:
        case "running":
            return time_left(row)
        case "done":
            return "done, verified" if row.verified else "done, not verified"
        case "failed":
            return f"failed: {visible(' '.join(row.error.split()))}" if row.error else "failed"
        case other:
            return other


def time_left(row: TransferRow) -> str:
    """Return how long a running transfer will take, as far as that can be said."""
    if row.bytes and row.received >= row.bytes:
        return "checking"
    if row.remaining_ns is None:
        return "running"
    return f"{duration(row.remaining_ns)} left"


def size(count: float) -> str:
    """Return bytes in the unit that needs the fewest digits: ``12 B``, ``1.5 KiB``, ``512 MiB``."""
    value, unit = float(count), 0
    while round(value) >= STEP and unit < len(UNITS) - 1:  # 1,023.5 KiB would read as 1024 KiB
        value, unit = value / STEP, unit + 1
    digits = 1 if unit and round(value, 1) < TWO_DIGITS else 0
    return f"{value:.{digits}f} {UNITS[unit]}"


def duration(nanoseconds: int) -> str:
    """Return a time in whole seconds, rounded up, so that what goes on never has 0 s left."""
    seconds = max(1, math.ceil(nanoseconds / 1e9))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def short_digest(digest: str) -> str:
    """Return the algorithm and the first digits: ``blake3:d74981ef…``."""
    algorithm, colon, digits = digest.rpartition(":")
    return f"{algorithm}{colon}{digits[:DIGEST_DIGITS]}{ELLIPSIS}"


def visible(text: str) -> str:
    r"""Return text in which nothing can hide or act: a control character becomes ``\x1b``.

    File names come from other nodes, and may hold anything but a slash.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def width(text: str) -> int:
    """Return how many columns a terminal needs for it: wide characters two, accents none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, columns: int) -> str:
    """Return text that fits, with its end replaced by an ellipsis where it is too long."""
    if width(text) <= columns:
        return text
    while text and width(text) >= columns:
        text = text[:-1]
    return text + ELLIPSIS
