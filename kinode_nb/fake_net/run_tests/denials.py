"""Who has answered a test without the right to message it: the test waits in vain."""

from pathlib import PurePosixPath

from kinode_nb.fake_net.node import Node
from kinode_nb.types import Response
from kinode_nb.types.capabilities import TESTER


class Denials:
    """Reads the refused Responses to the test processes of a node from the log."""

    def __init__(self, node: Node) -> None:
        """Begin with what is sent from now on."""
        self._node = node
        self._log = node.kernel.log
        self.begin()

    def begin(self) -> None:
        """Leave out what was sent until now."""
        self._start = self._log.next_seq

    def told(self, folder: str) -> str:
        """Return what to write into the manifest of the test in a folder; "" without a refusal."""
        senders = dict.fromkeys(str(each.source.process) for each in self._refused())
        if not senders:
            return ""
        manifest = PurePosixPath(folder) / "manifest.json"
        names = ", ".join(f'"{each}"' for each in senders)
        return (
            f"{' and '.join(senders)} has answered, but may not message the test: write {names} "
            f"into grant_capabilities of {manifest}"
        )

    def _refused(self) -> list[Response]:
        log, node = self._log, self._node.name
        return [
            each
            for each in log.entries[max(0, self._start - log.first) :]
            if isinstance(each, Response)
            and each.source.node == each.target.node == node
            and each.target.process.package_id == TESTER.package_id
            and each.source.process.package_id != TESTER.package_id
            and log.outcomes.get(each.seq, ("",))[0] == "denied"
        ]
