"""The live widget, in the front end that people use, with a transfer that does as it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser.jupyter_lab import OpenNotebook, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
BEGIN = """\
from kinode_nb.notebook.widgets.progress import show
from tests.notebook.widgets.fake_transfer import *
transfer = FakeTransfer(running(300 * MIB, seconds=3))
view = show(transfer)"""
GO_ON = "transfer.become(running(512 * MIB, seconds=4))"
FAIL = "transfer.become(failed('fake2.dev went offline', 512 * MIB, 1024 * MIB))"


@pytest.fixture
def notebook(lab: Server, page: Page) -> OpenNotebook:
    content = nbformat.v4.new_notebook(metadata=KERNEL)
    content.cells = [nbformat.v4.new_code_cell(source) for source in (BEGIN, GO_ON, FAIL)]
    nbformat.write(content, lab.root / "progress.ipynb")
    return OpenNotebook(page, lab, "progress.ipynb")


def test_it_moves_while_the_transfer_runs_and_stays_true_when_it_fails(
    notebook: OpenNotebook, page: Page, screenshot: Callable[[str], None]
):
    from playwright.sync_api import expect

    bar = page.get_by_role("progressbar", name="Download of my_file.txt from fake2.dev")
    status = page.get_by_role("status").filter(has_text="my_file.txt: ")
    page.locator(".jp-CodeCell .cm-content").first.click()

    page.keyboard.press("Shift+Enter")
    expect(bar).to_have_attribute("aria-valuetext", "29 %, 300 MiB of 1.0 GiB, 8 s left")
    expect(status).to_have_text("my_file.txt: downloading")
    bar.evaluate("bar => { bar.dataset.mark = 'the same element' }")
    place = notebook.output("from").bounding_box()

    page.keyboard.press("Shift+Enter")
    expect(bar).to_have_attribute("aria-valuetext", "50 %, 512 MiB of 1.0 GiB, 4 s left")
    expect(bar).to_have_attribute("data-mark", "the same element")
    assert bar.evaluate("bar => bar.value") == 50
    expect(status).to_have_text("my_file.txt: downloading")
    screenshot("progress_running")

    page.keyboard.press("Shift+Enter")
    words = "50 %, 512 MiB of 1.0 GiB, failed: fake2.dev went offline"
    expect(bar).to_have_attribute("aria-valuetext", words)
    expect(status).to_have_text("my_file.txt: failed: fake2.dev went offline")
    # It is a page now, which needs no widget; nothing below it has moved.
    expect(notebook.output("from").locator(".jp-RenderedHTML progress")).to_have_count(1)
    assert notebook.output("from").bounding_box() == place
    assert notebook.errors() == []
    screenshot("progress_failed")
