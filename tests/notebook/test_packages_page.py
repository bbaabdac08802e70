"""docs/packages.md runs from its first command to its last, in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "packages.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    """What stands between two fences: a file where a path is named, lines where no language is."""

    language: str
    path: str
    text: str

    def __str__(self) -> str:
        return self.path or self.text.splitlines()[0]


BLOCKS = [
    Block(*found)
    for found in re.findall(r"^```(\w*) ?(\S*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
]
LINES = [line for block in BLOCKS if not block.language for line in block.text.splitlines()]


def test_it_has_files_and_lines():
    assert PAGE.count("```") == 2 * len(BLOCKS)
    assert sum(bool(block.path) for block in BLOCKS) >= 5
    assert {line.split()[0] for line in LINES} == {"%kinode"}
    assert {line.split()[1] for line in LINES} >= {
        *("new", "build", "start", "run-tests", "view-api", "inject"),
    }


def test_its_lines_run_as_they_stand(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]
):
    for block in BLOCKS:
        if block.path:
            path = folder / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif not block.language:
            for line in block.text.splitlines():
                assert shell.run_cell(line).success, line
    said = capsys.readouterr().out
    assert '["hello Ada, says party:template.os"]' in said  # the other name was empty


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python"], ids=str)
def test_its_python_is_python(block: Block):
    compile(block.text, block.path or "a snippet", "exec")
