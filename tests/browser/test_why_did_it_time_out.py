"""The lesson about timeouts, as a person meets it: what it says of each mishap is what is shown."""

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

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "02_why_did_it_time_out.ipynb"
# What the cell that begins so prints, but for the seconds.
SAID = {
    "async def asker": "hello",
    'ask(curious, "fake3': "Offline",
    "hermit =": "Timeout",
    "deaf =": "Timeout",
    "shy =": "Timeout",
    "may_message_shy =": "hello",
    "budgie =": "Timeout",
    "async def slow_echo": "Timeout",
    "async def careless_sender": "sent",
    "castor = a.spawn(stubborn": "Timeout",
    "castor = a.spawn(easygoing": "I asked, and got: Fine",
}
MISHAPS = [
    ("request", "fake3.dev@parrot", "offline"),
    ("request", "fake2.dev@parrot", "denied"),
    ("request", "fake2.dev@deaf", "denied"),
    ("request", "fake.dev@shy", "denied"),
    ("request", "fake.dev@budgie", "timeout"),
    ("response", "fake.dev@timid", "denied"),
    ("request", "fake2.dev@slow", "timeout"),
    ("response", "fake.dev@curious", "dropped"),
    ("request", "fake3.dev@parrot", "offline"),
    ("request", "fake2.dev@pollux", "timeout"),
    ("request", "fake.dev@castor", "timeout"),
    ("response", "fake2.dev@pollux", "dropped"),
    ("response", "fake.dev@castor", "dropped"),
]


def test_every_mishap_happens_as_the_lesson_says_twice(
    lab: Server, page: Page, screenshot: Callable[[str], None]
):
    folder = lab.root / "timeouts"
    folder.mkdir()
    shutil.copy(LESSON, folder)
    notebook = OpenNotebook(page, lab, f"{folder.name}/{LESSON.name}")

    for times in (1, 2):
        notebook.run_all()
        assert notebook.errors() == []
        for cell, words in SAID.items():
            assert words in notebook.output(cell).inner_text()
        rows = notebook.table("log = net.log()")
        shown = [(row["kind"], row["target"], row["status"]) for row in rows]
        assert shown == MISHAPS * times
    screenshot("why_did_it_time_out")
