"""``%kinode terminal``: all at once, or as it comes."""

from __future__ import annotations

from kinode_nb.notebook.commands.terminal import run
from kinode_nb.notebook.commands.verb import Values
from tests.notebook.pretend_net import Listener


class PrintingNode:
    """A node whose processes print these texts, look after look; then somebody interrupts."""

    status = "running"

    def __init__(self, *looks: list[str], stops: bool = False) -> None:
        self.looks = list(looks)
        self.stops = stops
        self.asked: list[tuple[int | None, int]] = []

    def printed(self, verbosity: int | None = None, start: int = 0) -> tuple[list[str], int]:
        self.asked.append((verbosity, start))
        if not self.looks:
            raise KeyboardInterrupt
        texts = self.looks.pop(0)
        if self.stops and len(self.looks) == 1:
            self.status = "stopped"
        return texts, start + len(texts)

    def terminal(self, verbosity: int | None = None) -> str:
        return f"all up to {verbosity}"


def follow(node: PrintingNode, **flags: object) -> list[str]:
    listener = Listener()
    listener.net.node = lambda *_: node  # type: ignore[method-assign, assignment]
    found = {f"--{name}": [value] for name, value in flags.items()}
    run(listener.context, Values({"--follow": [True], **found}))
    return listener.said


def test_following_shows_what_is_new_until_an_interrupt():
    node = PrintingNode(["a", "b"], [], ["c"])
    assert follow(node, verbosity=2) == ["a\nb", "c", "(no longer following)"]
    assert node.asked == [(2, 0), (2, 2), (2, 2), (2, 3)]


def test_following_ends_with_the_node_and_its_last_words_are_shown():
    assert follow(PrintingNode(["a"], ["last"], stops=True)) == ["a", "last"]


def test_without_following_all_is_returned():
    listener = Listener()
    listener.net.node = lambda *_: PrintingNode()  # type: ignore[method-assign, assignment]
    assert str(run(listener.context, Values({"--verbosity": [1]}))) == "all up to 1"
    assert repr(run(listener.context, Values({}))) == "all up to None"
