"""`show` where people meet it: in a real Jupyter kernel, and in IPython on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from kinode_nb.notebook.widgets.progress_text import describe
from tests.notebook.widgets.fake_transfer import done, failed, running

WIDGET = "application/vnd.jupyter.widget-view+json"
PREPARE = """
import threading
from kinode_nb.notebook.widgets import progress
from tests.notebook.widgets.fake_transfer import *
transfer = FakeTransfer(running(300 * MIB, seconds=3))
"""
FROM_START_TO_END = f"""{PREPARE}
view = progress.show(transfer)
transfer.become(done())
view.finish()
"""
JOIN = """
for thread in threading.enumerate():
    if thread.name == "kinode-views":
        thread.join(60)
"""


def run(*cells: str) -> Any:
    """Return a notebook that a Jupyter kernel has run."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    NotebookClient(notebook, kernel_name="python3", timeout=100).execute()
    return notebook


def bundle(notebook: Any, cell: int = 0) -> Any:
    """Return what the one output of a cell holds."""
    (output,) = notebook.cells[cell].outputs
    assert output.output_type == "display_data"
    return output.data


def test_while_it_runs_the_output_is_a_widget_with_a_page_and_a_line_beside_it():
    data = bundle(run(f"{PREPARE}view = progress.show(transfer)"))
    assert set(data) == {WIDGET, "text/html", "text/plain"}
    assert data["text/plain"] == describe(running(300 * 2**20, seconds=3)).line
    assert "<progress" in data["text/html"]


def test_when_it_has_ended_the_output_needs_no_widget_any_more():
    notebook = run(
        f"{PREPARE}view = progress.show(transfer)\ntransfer.become(done())\nview.finish()"
    )
    data = bundle(notebook)
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == describe(done()).line
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert describe(done()).digest in page
    assert 'aria-valuetext="100 %, 1.0 GiB of 1.0 GiB, done, verified"' in page


def test_a_view_that_nobody_waits_for_finds_its_own_end():
    ending = "transfer.become(failed('fake2.dev is offline'))"
    notebook = run(f"{PREPARE}view = progress.show(transfer)", f"{ending}\n{JOIN}")
    assert bundle(notebook)["text/plain"] == describe(failed("fake2.dev is offline")).line
    assert notebook.cells[1].outputs == []


def test_without_a_widget_library_the_page_itself_is_kept_true():
    notebook = run(
        f"{PREPARE}progress.find_spec = lambda name: None\nview = progress.show(transfer)",
        f"transfer.become(done())\n{JOIN}",
    )
    data = bundle(notebook)
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == describe(done()).line


def test_what_has_ended_before_needs_no_widget_at_all():
    notebook = run(
        f"{PREPARE}transfer.become(done())\nview = progress.show(transfer)",
        "import sys\nassert 'anywidget' not in sys.modules",
    )
    assert bundle(notebook)["text/plain"] == describe(done()).line


def ipython(code: str) -> list[str]:
    """Return the words that start IPython on a line of code."""
    return [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code]


def test_ipython_that_writes_to_a_file_writes_the_end_only():
    ran = subprocess.run(ipython(FROM_START_TO_END), capture_output=True, text=True, check=True)
    assert ran.stdout == describe(done()).line + "\n"


def on_a_terminal(words: list[str]) -> str:
    """Return all that a program writes to a terminal of 160 columns."""
    environment = os.environ | {"COLUMNS": "160"}
    child = pexpect.spawn(words[0], words[1:], env=environment, encoding="utf-8", timeout=60)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    return str(child.before)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
def test_ipython_on_a_terminal_rewrites_a_line_and_leaves_it_when_the_cell_ends():
    said = on_a_terminal(ipython(f"{PREPARE}view = progress.show(transfer)"))
    line = describe(running(300 * 2**20, seconds=3)).line
    assert said.count(line) == 2
    assert f"\r{line}\r\n" in said
