from __future__ import annotations

import pytest

from kinode_nb.__main__ import main
from tests.notebook.command_line.command_lines import Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs one command line: (exit code, output, errors)."""

    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call
