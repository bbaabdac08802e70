"""The lesson about processes in cells, as a person meets it: its mishaps happen, and no others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.jupyter_lab import OpenNotebook, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "03_write_a_process.ipynb"
# What the cell that begins so shows.
SAID = {
    '[ask("tally", {"Vote": drink}) for drink in ("tea"': "['Counted', 'Counted', 'Counted']",
    'said("fan")': "I would vote for tea",
    "stories =": "TypeError: unhashable type: 'list'",
    'ask("tally", {"Vote": "tea"}), ask': "('Counted', 'tea')",
    'print(ask("tally", "Leader"))': "coffee\nI begin with {'coffee': 2, 'tea': 1}",
    'said("tally")': "{'Counted': 3}",
    "time.sleep(1.5)": "closed: {'Leader': 'coffee'}",
    "time.sleep(0.5)": "I was given nothing: Timeout\nI was given the recipe",
}
TOO_MANY = "Timeout: tally:notebook:template.os on fake.dev ended with an error: TypeError"
MEANT = [
    "fake.dev@fan:notebook:template.os ended with an error as soon as it began: NameError",
    TOO_MANY,
    "Timeout: there is no process tally:notebook:template.os on fake.dev: it ended with an error",
    TOO_MANY,
    TOO_MANY,
]


def test_a_process_is_written_broken_and_replaced_twice(
    lab: Server, page: Page, screenshot: Callable[[str], None]
):
    folder = lab.root / "processes"
    folder.mkdir()
    shutil.copy(LESSON, folder)
    notebook = OpenNotebook(page, lab, f"{folder.name}/{LESSON.name}")

    for _ in (1, 2):
        notebook.run_all()
        assert notebook.errors() == []
        failed = notebook.errors(meant=True)
        assert [text[: len(begins)] for text, begins in zip(failed, MEANT, strict=True)] == MEANT
        for cell, words in SAID.items():
            assert words in notebook.output(cell).inner_text()
    screenshot("write_a_process")
