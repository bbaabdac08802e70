"""The lesson about exported workers, as a person meets it: who counted, and whose it was."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.jupyter_lab import OpenNotebook, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "04_export_a_worker.ipynb"
NOTEBOOK = "fake.dev@notebook:distro:sys"
ASKED, ANSWERS = (f"{node}@reader:reader:lesson.os" for node in ("fake.dev", "fake2.dev"))
WORKER = "fake2.dev@worker:reader:lesson.os"
CONVERSATION = [
    ("request", "Count", NOTEBOOK, ASKED),
    ("request", "Count", ASKED, ANSWERS),
    ("request", "Count", ANSWERS, WORKER),
    *[("request", "Progress", WORKER, ASKED)] * 4,
    ("response", "Count", WORKER, ANSWERS),
    ("response", "Count", ANSWERS, ASKED),
    ("response", "Count", ASKED, NOTEBOOK),
]


def test_the_worker_is_the_importers_as_the_lesson_says_twice(
    lab: Server, page: Page, screenshot: Callable[[str], None]
):
    folder = lab.root / "workers"
    folder.mkdir()
    shutil.copy(LESSON, folder)
    notebook = OpenNotebook(page, lab, f"{folder.name}/{LESSON.name}")

    for times in (1, 2):
        notebook.run_all()
        assert notebook.errors() == []
        counted = notebook.output('a.request(reader, {"Count": {"name": "fox.txt"')
        assert "'Ok': 180000" in counted.inner_text()
        assert notebook.output("print(a.terminal").inner_text().count("fox.txt: 100 %") == times
        rows = notebook.table("log = net.log()")
        assert [conversation(row) for row in rows] == CONVERSATION
        missing = notebook.output('a.request(reader, {"Count": {"name": "dog.txt"')
        assert "No such file or directory" in missing.inner_text()
        installed = {row["package"] for row in notebook.table("%kinode packages")}
        assert installed == {"reader:lesson.os"}
        (test,) = notebook.table("%kinode run-tests")
        assert test["status"] == "passed"
        screenshot(f"export_a_worker_{times}")
    assert {path.name for path in folder.iterdir()} - {".ipynb_checkpoints"} == {LESSON.name}


def conversation(row: dict[str, str]) -> tuple[str, str, str, str]:
    source, target = (re.sub(r"@\d+…:", "@worker:", row[each]) for each in ("source", "target"))
    return row["kind"], row["type"], source, target
