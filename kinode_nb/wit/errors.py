"""What can be wrong with WIT text, or with a value or a body that does not fit its type.

WitError
├── WitSyntaxError    WIT text that cannot be read, at a line and a column
└── WitBodyError      a JSON body that is not of the type asked for
"""

from __future__ import annotations

from kinode_nb.types.errors import BodyError, KinodeError


class WitError(KinodeError):
    """WIT text, a type or a value that does not fit; the text names the place."""


class WitSyntaxError(WitError):
    """WIT text that cannot be read; ``line`` and ``column`` count from 1."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        """Put the place in front of the problem."""
        super().__init__(f"line {line}, column {column}: {problem}")
        self.line = line
        self.column = column


class WitBodyError(WitError, BodyError):
    """A JSON body that is not of the type asked for, such as ``at $.Send.target: …``."""
