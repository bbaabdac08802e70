"""What ``run-tests`` returns: a table, a summary, a junit.xml."""

import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kinode_nb import frames
from kinode_nb.types import TestsFailedError, UsageError
from kinode_nb.types.test_rows import TestRow

if TYPE_CHECKING:
    import pandas as pd

_ORDER = ("passed", "failed", "crashed", "hung", "error", "skipped")


class Results:
    """The results of tests. True when all have passed."""

    def __init__(
        self, rows: Sequence[TestRow], began: datetime, *, shows_output: bool = False
    ) -> None:
        """Hold the rows of tests that began at this time."""
        self.rows = tuple(rows)
        """One for each test, in the order in which they ran."""
        self.began = began
        self.shows_output = shows_output
        """Whether `summary` tells what nodes printed for tests that have passed, too."""

    @property
    def passed(self) -> bool:
        """Whether all tests have passed."""
        return all(row.status == "passed" for row in self.rows)

    @property
    def frame(self) -> "pd.DataFrame":
        """The table, a row a test: its columns are in docs/run-tests.md."""
        return frames.tests(self.rows)

    def save_junit(self, file: "str | os.PathLike[str]") -> None:
        """Write a junit.xml; raises UsageError, which tells the results, when it cannot be."""
        from kinode_nb.kit.junit import junit

        try:
            Path(file).write_bytes(junit(self.rows, self.began))
        except OSError as error:
            problem = f"{file} cannot be written: {error.strerror}"
            raise UsageError(f"{problem}. The results:\n{self.summary()}") from None

    def raise_if_failed(self) -> None:
        """Raise TestsFailedError, in one line, unless all have passed."""
        bad = [row for row in self.rows if row.status != "passed"]
        if bad:
            first = bad[0]
            where = f" ({first.place})" if first.file else ""
            raise TestsFailedError(
                f"{self.counts()}; {first.test} {first.status}{where}: {first.reason}",
                self.rows,
                self,
            )

    def counts(self) -> str:
        """Return how many tests came to what: ``2 passed, 1 failed``."""
        found = Counter[str](row.status for row in self.rows)
        return ", ".join(f"{found[each]} {each}" for each in _ORDER if found[each]) or "no tests"

    def summary(self) -> str:
        """Return all that a person wants to know, as text: of what failed also what was printed."""
        lines = [line for row in self.rows for line in self._told(row)]
        return "\n".join([*lines, self.counts()])

    def _told(self, row: TestRow) -> list[str]:
        if row.status == "passed":
            lines = [f"passed   {row.test} in {row.seconds:.2f} s"]
        else:
            where = f"{row.place}: " if row.file else ""
            lines = [f"{row.status.upper():<8} {row.test} in {row.seconds:.2f} s"]
            lines.append(f"    {where}{row.reason}")
        if row.output and (row.status != "passed" or self.shows_output):
            lines += [f"    | {line}" for line in row.output.splitlines()]
        return lines

    def __bool__(self) -> bool:
        """Tell whether all have passed."""
        return self.passed

    def __repr__(self) -> str:
        """Return how many came to what."""
        return f"<Results {self.counts()}>"

    def _repr_html_(self) -> str:
        """Return the table, as a notebook shows it."""
        html: str = self.frame.to_html()
        return html


def check_junit(file: "str | os.PathLike[str]") -> None:
    """Raise UsageError when a junit.xml cannot be written there."""
    path = Path(file)
    if path.is_dir():
        raise UsageError(f"{file} cannot be written: it is a folder")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{file} cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise UsageError(f"{file} cannot be written: you may not")
