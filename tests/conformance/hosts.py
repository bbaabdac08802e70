"""The hosts that the suite is run on: one line each.

A host brings one program, its guest (`tests/conformance/steps.py` says what that has to do).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GUESTS = Path(__file__).parent / "guests"


@dataclass(frozen=True)
class Host:
    """What runs processes' code, and the guest that it runs."""

    name: str
    guest: Path

    @property
    def path(self) -> str:
        """Where the guest lies in its package, as a manifest says it."""
        return f"/{self.guest.name}"


HOSTS = (Host("python", GUESTS / "guest.py"),)
