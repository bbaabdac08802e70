"""Tests of packages, for who has no net at hand."""

import os
from collections.abc import Callable

from kinode_nb.portal.net import FakeNet
from kinode_nb.portal.test_groups import run_groups
from kinode_nb.portal.test_results import Results


def run_tests(
    path: str | os.PathLike[str] = ".",
    *,
    junit: str | os.PathLike[str] | None = None,
    say: Callable[[str], None] = print,
) -> Results:
    """Run the tests of a tests.toml, as `FakeNet.run_tests` does; ``say`` is told its notes."""
    return run_groups(FakeNet, path, junit, say)
