"""What came of one test: a row of the table that ``run-tests`` returns."""

from typing import Literal

import msgspec

Status = Literal["passed", "failed", "hung", "crashed", "error", "skipped"]
"""``failed``: an assert did not hold, or the test said so. ``crashed``: any other error ended it.
``hung``: there was no answer within its time. ``error``: it could not be built, spawned or set up.
``skipped``: it was not run, since one before it could not be ended."""


class TestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One test package, or one script of ``test_scripts``, that was run on its nodes."""

    __test__ = False  # pytest: no test class

    tests_file: str
    """The ``tests.toml``, as it is seen from the working folder."""
    test: str
    """The name of the test package's folder; of a script, its command."""
    package: str = ""
    """The id of the test package, where it could be read."""
    nodes: tuple[str, ...] = ()
    status: Status
    seconds: float = 0.0
    file: str = ""
    """Where it failed, in the package's own source, as it is seen from the working folder."""
    line: int | None = None
    reason: str = ""
    """Why it has not passed, in one line."""
    traceback: str = ""
    output: str = ""
    """What its nodes printed meanwhile, a line each, and what the script said."""

    @property
    def place(self) -> str:
        """The file with its line, where they are known."""
        return self.file if self.line is None else f"{self.file}:{self.line}"
