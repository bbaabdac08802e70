"""Runs the tests of a ``tests.toml``, each group of them on a net of its own."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kinode_nb.fake_net.run_tests import GroupRun
from kinode_nb.kit import tests_toml
from kinode_nb.kit.tests_toml import TestGroup, TestsFile
from kinode_nb.portal.test_results import Results
from kinode_nb.portal.transfer import InterruptedWait
from kinode_nb.portal.watchdog import Blocked
from kinode_nb.types import StuckError

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
    write the results to. ``say`` is told what a person should know.
    """
    found = tests_toml.find(Path(path))
    file = tests_toml.read(found)
    began = datetime.now(UTC)
    notes = [f"{found}: {note}" for note in file.notes()]
    rows = []
    for group in file.tests:
        run = _run_group(make, found, file, group)
        rows += run.rows
        notes += [f"{found}: {note}" for note in run.notes]
    for note in dict.fromkeys(notes):
        say(note)
    results = Results(rows, began, shows_output=file.always_print_node_output)
    if junit is not None:
        results.save_junit(junit)
    return results


def _run_group(
    make: Callable[[], "FakeNet"], path: Path, file: TestsFile, group: TestGroup
) -> GroupRun:
    try:
        with make() as net:
            return _on_a_net(net, path, file, group)
    except KeyboardInterrupt:
        said = "the tests have ended, and their nodes are stopped"
        raise InterruptedWait(said) from None


def _on_a_net(net: "FakeNet", path: Path, file: TestsFile, group: TestGroup) -> GroupRun:
    net.portal.say = _nothing  # the results tell what did not yield
    run = net.portal.do(lambda: GroupRun(net.core, path, file, group))

    def ends(blocked: Blocked) -> bool:
        overdue = run.is_overdue(blocked.seconds)
        if overdue:
            run.blocked(blocked.file, blocked.line, str(blocked))
        return overdue

    try:
        net.portal.call(run.run(), ends=ends)
    except StuckError as error:
        run.stuck(str(error))
    return run


def _nothing(_: str) -> None:
    pass
