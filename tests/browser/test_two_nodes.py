"""The first lesson, as a person meets it: in JupyterLab, with the Kinode Jupyter kernel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.jupyter_lab import OpenNotebook, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "01_two_nodes.ipynb"
DOWNLOAD = "t = %kinode download my_file.txt fake2.dev"
LOG = ["", "node", "kind", "type", "source_process", "target_process", "status", "rtt"]


@pytest.fixture
def folder(lab: Server) -> Path:
    folder = lab.root / "two_nodes"
    folder.mkdir()
    shutil.copy(LESSON, folder)
    return folder


def test_the_lesson_runs_twice_and_shows_what_it_promises(
    lab: Server, folder: Path, page: Page, screenshot: Callable[[str], None]
):
    notebook = OpenNotebook(page, lab, f"{folder.name}/{LESSON.name}")
    assert notebook.jupyter_kernel() == "Kinode"

    notebook.run_all()
    screenshot("two_nodes")
    the_transfer_is_shown(notebook)
    the_tables_are_shown(notebook, chats=1, transfers=1)
    assert notebook.output("import kinode_nb").inner_text().endswith("True")

    notebook.run_all()
    screenshot("two_nodes_again")
    the_transfer_is_shown(notebook)
    the_tables_are_shown(notebook, chats=2, transfers=2)

    notebook.save()
    what_is_saved_needs_no_widget(folder / LESSON.name)
    page.reload()
    the_transfer_is_shown(notebook)
    left = {path.name for path in folder.iterdir()} - {LESSON.name, ".ipynb_checkpoints"}
    assert left == {"my_file.txt"}


def the_transfer_is_shown(notebook: OpenNotebook) -> None:
    from playwright.sync_api import expect

    bar = notebook.page.get_by_role("progressbar", name="Download of my_file.txt from fake2.dev")
    expect(bar).to_have_attribute("aria-valuetext", "100 %, 12 B of 12 B, done, verified")
    assert bar.evaluate("bar => [bar.value, bar.max]") == [100, 100]
    expect(notebook.output(DOWNLOAD)).to_contain_text("fake2.dev → fake.dev")
    assert notebook.errors() == []


def the_tables_are_shown(notebook: OpenNotebook, *, chats: int, transfers: int) -> None:
    history = notebook.table("%kinode history")
    assert [(row["peer"], row["author"], row["content"]) for row in history] == [
        ("fake2.dev", "fake.dev", "hello from the notebook")
    ] * chats

    (file,) = notebook.table("%kinode list-files")
    assert (file["node"], file["file"], file["bytes"]) == ("fake2.dev", "my_file.txt", "12")

    shown = notebook.table("%kinode transfers")
    assert [row["id"] for row in shown] == [f"t{n + 1}" for n in range(transfers)]
    assert {(row["status"], row["verified"]) for row in shown} == {("done", "True")}

    assert list(notebook.table('log[["node"')[0]) == LOG
    between = {row["type"] for row in notebook.table('log[log["source_node"]')}
    assert {"Send", "Download", "Chunk"} <= between or chats > 1  # later, only the ends are shown


def what_is_saved_needs_no_widget(path: Path) -> None:
    cells = json.loads(path.read_text())["cells"]
    (cell,) = (cell for cell in cells if "".join(cell["source"]) == DOWNLOAD)
    # the second run also has a line that says that the file is there already
    (output,) = (each for each in cell["outputs"] if each["output_type"] == "display_data")
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert "done, verified blake3:" in "".join(output["data"]["text/plain"])
