"""What a test's nodes print while it runs."""

import re
from collections.abc import Iterable

from kinode_nb.fake_net.run_tests.sources import Sources
from kinode_nb.kit.tests_toml import TestNode
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.types import Event
from kinode_nb.types.capabilities import TESTER
from kinode_nb.types.printed import terminal_text

_NO_NEWS = re.compile(
    rf"process \S+:{TESTER.package_id} (returned without error|has OnExit behavior)"
    rf"|process (\S+@)?{TESTER} ended with error"
    "|tester: test .* failed: "
)
"""What the tester and its tests end with, which the row says better."""


class Output:
    """Reads the prints of a group's nodes from the log, each as far as its terminal shows them."""

    def __init__(self, log: MessageLog, nodes: Iterable[TestNode], sources: Sources) -> None:
        """Begin with what is printed from now on."""
        self._log = log
        self._levels = {node.name: node.runtime_verbosity for node in nodes}
        self._sources = sources
        self._start = 0

    def begin(self) -> None:
        """Leave out what was printed until now."""
        self._start = self._log.next_seq

    def text(self) -> str:
        """Return a line for each print: its node, its package, its text."""
        entries = self._log.entries[max(0, self._start - self._log.first) :]
        lines = [
            f"{each.source.node} {terminal_text(each)}"
            for each in entries
            if isinstance(each, Event) and self._is_shown(each)
        ]
        return self._sources.named("\n".join(lines))

    def _is_shown(self, event: Event) -> bool:
        if event.kind != "print" or event.verbosity > self._levels.get(event.source.node, 0):
            return False
        return not _NO_NEWS.match(event.body)
