"""A real JupyterLab on a folder of its own, and what a person does in it through a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

STARTS_WITHIN = 90  # seconds; a busy machine is slow, not wrong
SETTINGS: dict[str, dict[str, object]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # What is scrolled out of sight is drawn too, so that a test can look at it.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
PLACES = {
    "HOME": "home",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
}
JUPYTER_KERNEL_IS_IDLE = """() => {
  const notebook = window.jupyterapp?.shell.currentWidget;
  return notebook?.sessionContext?.session?.kernel?.status === "idle";
}"""
ALL_HAVE_RUN = """counted => {
  const content = window.jupyterapp.shell.currentWidget.content.model.toJSON();
  const cells = content.cells.filter(cell => cell.cell_type === "code");
  const failed = cell => !cell.metadata.tags?.includes("raises-exception")
    && cell.outputs.some(output => output.output_type === "error");
  return cells.every(cell => cell.execution_count > counted) || cells.some(failed);
}"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running JupyterLab; its folders hang below ``root``."""

    url: str
    token: str
    root: Path


@contextmanager
def serve(folder: Path, theme: str = "JupyterLab Light") -> Iterator[Server]:
    """Run JupyterLab in an empty folder, on a free port of this machine, with nobody's settings."""
    (folder / "root").mkdir(parents=True)
    _write_settings(folder / "settings", theme)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
        f"--ServerApp.root_dir={folder / 'root'}",
        "--LabApp.expose_app_in_browser=True",  # to ask when the Jupyter kernel is there
        "--LabApp.extension_manager=readonly",  # the other one asks PyPI
    ]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield _when_ready(server, folder)
        finally:
            _end(server)


def _environment(folder: Path) -> dict[str, str]:
    for place in PLACES.values():
        (folder / place).mkdir(exist_ok=True)
    return os.environ | {name: str(folder / place) for name, place in PLACES.items()}


def _write_settings(folder: Path, theme: str) -> None:
    themed = {"apputils-extension/themes": {"theme": theme}}
    for name, values in (SETTINGS | themed).items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def _when_ready(server: subprocess.Popen[bytes], folder: Path) -> Server:
    """Wait for the file in which a Jupyter server says where it listens."""
    said = folder / "runtime" / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            facts = json.loads(said.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)  # between two looks
        else:
            return Server(facts["url"], facts["token"], folder / "root")
    raise RuntimeError(f"JupyterLab did not start:\n{(folder / 'server.log').read_text()}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its Jupyter kernels first."""
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


class OpenNotebook:
    """A notebook in a browser."""

    def __init__(self, page: Page, server: Server, path: str) -> None:
        """Open it, and wait for its Jupyter kernel."""
        self.page = page
        page.goto(f"{server.url}lab/tree/{path}?token={server.token}&reset")
        page.wait_for_function(JUPYTER_KERNEL_IS_IDLE)

    def run_all(self) -> None:
        """Run all cells, from the menu, and wait until the last has run.

        A cell that fails ends it too, but for those that are meant to.
        """
        before = max(cell["execution_count"] or 0 for cell in self.code_cells())
        self.page.locator(".lm-MenuBar-item", has_text="Run").click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(ALL_HAVE_RUN, arg=before)
        self.page.wait_for_function(JUPYTER_KERNEL_IS_IDLE)

    def jupyter_kernel(self) -> str:
        """Return the name of the Jupyter kernel, as a person reads it."""
        context = "jupyterapp.shell.currentWidget.sessionContext"
        return str(self.page.evaluate(f"{context}.kernelDisplayName"))

    def code_cells(self) -> list[dict[str, Any]]:
        """Return the code cells with their outputs, as they would be saved now."""
        content = self.page.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON()")
        return [cell for cell in content["cells"] if cell["cell_type"] == "code"]

    def errors(self, *, meant: bool = False) -> list[str]:
        """Return what cells have failed with: those that are not, or those that are meant to."""
        return [
            output["evalue"]
            for cell in self.code_cells()
            if ("raises-exception" in cell["metadata"].get("tags", [])) is meant
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]

    def output(self, source: str) -> Locator:
        """Return the outputs of the cell that begins with this."""
        sources = ["".join(cell["source"]) for cell in self.code_cells()]
        (place,) = (i for i, text in enumerate(sources) if text.startswith(source))
        return self.page.locator(".jp-CodeCell").nth(place).locator(".jp-Cell-outputArea")

    def table(self, source: str) -> list[dict[str, str]]:
        """Return the rows of the table that a cell shows, as a person reads them."""
        table = self.output(source).locator("table")
        header = table.locator("thead th").all_inner_texts()
        rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]
        return [dict(zip(header, row, strict=True)) for row in rows]

    def save(self) -> None:
        """Save it."""
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
