"""Every lesson runs from its first cell to its last, and is stored as anyone may read it.

nbmake runs the lessons too, but calls a notebook passed when a cell raised IPython's UsageError and
all cells after it were never run. An execution count on every cell is what shows that they were.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

LESSONS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
EXPECTED_ERROR = "raises-exception"  # Jupyter's own tag for a cell that is meant to fail
MACHINE_PATH = re.compile(
    r"(?:(?<![\w./:-])|(?<=file://))/(?:home|root|Users|tmp|var|private|opt|mnt|srv|work\w*)/"
    r"|[A-Z]:\\+Users\\"
)

lesson = pytest.mark.parametrize("path", LESSONS, ids=[path.stem for path in LESSONS])


def code_cells(notebook: Any) -> list[Any]:
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def is_meant_to_fail(cell: Any) -> bool:
    return EXPECTED_ERROR in cell.metadata.get("tags", [])


def test_there_are_lessons():
    assert LESSONS


@lesson
@pytest.mark.timeout(300)  # a lesson boots a Jupyter kernel, and shows what takes its time
def test_every_cell_runs(path: Path, tmp_path: Path):
    shutil.copy(path, tmp_path)
    notebook = nbformat.read(tmp_path / path.name, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name=notebook.metadata.kernelspec.name,
        timeout=240,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    cells = code_cells(notebook)
    assert cells
    assert [c.source for c in cells if c.execution_count is None] == []
    errors = [
        output
        for cell in cells
        if not is_meant_to_fail(cell)
        for output in cell.outputs
        if output.output_type == "error"
    ]
    assert errors == []


@lesson
def test_what_is_stored_names_no_machine(path: Path):
    assert MACHINE_PATH.findall(path.read_text(encoding="utf-8")) == []


@lesson
def test_the_lesson_says_which_jupyter_kernel_runs_it(path: Path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.kernelspec.name in {"kinode", "python3"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wrote /tmp/kinode-1/vfs", True),
        ("file:///home/me/a.txt", True),
        (r'"C:\\Users\\me"', True),
        ("/chat:template.os/files/tmp/a.txt", False),
        ("https://example.org/home/page", False),
    ],
)
def test_a_machine_path_is_told_from_others(text: str, found: bool):
    assert bool(MACHINE_PATH.search(text)) is found
