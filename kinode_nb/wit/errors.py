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
    """WIT text that cannot be read; ``line`` and ``column`` count from 1.

    ``file`` is the name of the file that holds the text, or ``""`` for text without one.
    """

    def __init__(self, problem: str, line: int, column: int, file: str = "") -> None:
        """Put the place in front of the problem."""
        super().__init__(f"{f'{file}, ' if file else ''}line {line}, column {column}: {problem}")
        self.problem = problem
        self.line = line
        self.column = column
        self.file = file

    def in_file(self, file: str) -> WitSyntaxError:
        """Return the same error of a text in a file, unless it knows of one already."""
        if self.file or not file:
            return self
        return WitSyntaxError(self.problem, self.line, self.column, file)


class WitBodyError(WitError, BodyError):
    """A JSON body that is not of the type asked for, such as ``at $.Send.target: …``."""
