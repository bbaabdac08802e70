"""Runs the tests of a ``tests.toml``, each group of them on a net of its own."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kinode_nb.fake_net.run_tests import GroupRun
from kinode_nb.kit import tests_toml
from kinode_nb.kit.tests_toml import TestsFile
from kinode_nb.portal.interrupts import InterruptedWait
from kinode_nb.portal.test_results import Results, check_junit
from kinode_nb.portal.watchdog import Blocked
from kinode_nb.types import StuckError
from kinode_nb.types.test_rows import TestRow

if TYPE_CHECKING:
    from kinode_nb.portal.net import FakeNet


def run_groups(
    make: Callable[[], "FakeNet"],
    path: str | os.PathLike[str],
    junit: str | os.PathLike[str] | None,
    say: Callable[[str], None],
) -> Results:
    """Run tests as kit's ``run-tests`` does, on nets from ``make``; returns their results.

    ``path`` is a tests.toml, or a folder with one in it or in its ``test``; ``junit`` a file to
    write the results to. ``say`` is told what a person should know. Raises UsageError, of a file
    for ``junit`` before a test runs.
    """
    found = tests_toml.find(Path(path))
    file = tests_toml.read(found)
    if junit is not None:
        check_junit(junit)
    began = datetime.now(UTC)
    notes = [f"{found}: {note}" for note in file.notes()]
    runs: list[GroupRun] = []
    try:
        for number in range(1, len(file.tests) + 1):
            with make() as net:
                _run_group(net, found, file, number, runs)
    except KeyboardInterrupt:
        raise InterruptedWait(_ended(Results(_rows(runs), began))) from None
    notes += [f"{found}: {note}" for run in runs for note in run.notes]
    for note in dict.fromkeys(notes):
        say(note)
    results = Results(_rows(runs), began, shows_output=file.always_print_node_output)
    if junit is not None:
        results.save_junit(junit)
    return results


def _rows(runs: Iterable[GroupRun]) -> list[TestRow]:
    return [row for run in runs for row in run.rows]


def _ended(results: Results) -> str:
    """Return what a person is told who has interrupted tests."""
    ended = [f"{row.test} {row.status}" for row in results.rows]
    before = f" (before that: {', '.join(ended)})" if ended else ""
    return f"the tests have ended, and their nodes are stopped{before}"


def _run_group(
    net: "FakeNet", path: Path, file: TestsFile, number: int, runs: list[GroupRun]
) -> None:
    """Run a group on a net; it is among the ``runs`` before it begins."""
    net.portal.say = _nothing  # the results tell what did not yield
    run = net.portal.do(lambda: GroupRun(net.core, path, file, number))
    runs.append(run)

    def ends(blocked: Blocked) -> bool:
        overdue = run.is_overdue(blocked.seconds)
        if overdue:
            run.blocked(blocked.file, blocked.line, str(blocked))
        return overdue

    try:
        net.portal.call(run.run(), ends=ends)
    except StuckError as error:
        run.stuck(str(error))


def _nothing(_: str) -> None:
    pass
