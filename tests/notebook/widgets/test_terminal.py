from __future__ import annotations

import io

import pytest

from kinode_nb.notebook.widgets.progress_text import describe
from kinode_nb.notebook.widgets.terminal import LastLine, TerminalSurface
from tests.notebook.widgets.fake_transfer import done, failed, row, running


class Output(io.StringIO):
    """A standard output that is, or is not, a terminal; `screen` is what a person sees on it."""

    def __init__(self, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def screen(self) -> list[str]:
        lines = []
        for line in self.getvalue().split("\n"):
            shown = ""
            for text in line.split("\r"):
                shown = text + shown[len(text) :]
            lines.append(shown.rstrip())
        return lines


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Output:
    monkeypatch.setenv("COLUMNS", "120")
    return Output(terminal=True)


@pytest.fixture
def pipe() -> Output:
    return Output(terminal=False)


def surface_on(output: Output) -> TerminalSurface:
    return TerminalSurface(LastLine(lambda: output))


def test_on_a_terminal_one_line_is_rewritten(terminal):
    surface = surface_on(terminal)
    surface.open(running(300 * 2**20, seconds=3))
    assert terminal.screen == [describe(running(300 * 2**20, seconds=3)).line]
    surface.update(row())
    assert terminal.screen == [describe(row()).line]
    surface.settle(done())
    assert terminal.screen == [describe(done()).line, ""]


def test_elsewhere_only_the_last_line_is_written(pipe):
    surface = surface_on(pipe)
    surface.open(row())
    surface.update(running(5))
    assert pipe.getvalue() == ""
    surface.settle(failed("gone"))
    assert pipe.getvalue() == describe(failed("gone")).line + "\n"


def test_after_its_last_words_it_is_silent(terminal):
    surface = surface_on(terminal)
    surface.open(row())
    assert not surface.settle(running(5))
    written = terminal.getvalue()
    surface.update(running(6))
    surface.settle(done())
    assert terminal.getvalue() == written


def test_transfers_take_turns_and_leave_their_last_words_above(terminal):
    last_line = LastLine(lambda: terminal)
    first, second = TerminalSurface(last_line), TerminalSurface(last_line)
    first.open(row(file="first"))
    second.open(row(file="second"))
    second.update(running(5))
    assert terminal.screen == [describe(row(file="first")).line]
    second.settle(done(12, file="second"))
    first.update(row(file="first"))
    first.settle(done(12, file="first"))
    ended = [describe(done(12, file=name)).line for name in ("second", "first")]
    assert terminal.screen == [*ended, ""]


def test_a_line_never_wraps_while_it_is_rewritten(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    surface = surface_on(terminal)
    surface.open(running(5))
    assert len(terminal.screen[0]) < 40


def test_an_output_that_knows_few_characters_gets_what_it_can():
    output = Output(terminal=False, encoding="ascii")
    surface = surface_on(output)
    surface.open(row())
    surface.settle(done())
    assert "fake2.dev ? fake.dev" in output.getvalue()
