"""The scenario in what people and tools run notebooks with: nbclient, nbmake, a plain terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.notebook.cells import SCENARIO

pytestmark = pytest.mark.timeout(180)  # machine processes are started, on a machine that is busy


def write_notebook(path: Path, *cells: str, kernel: str = "kinode") -> None:
    notebook = new_notebook(
        cells=[new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
    )
    nbformat.write(notebook, path)


def nbmake(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--nbmake", "-p", "no:cacheprovider", path.name],
        cwd=path.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("kernel", ["kinode", "python3"])
def test_a_notebook_runs_from_its_first_cell_to_its_last(folder: Path, kernel: str):
    path = folder / "two.ipynb"
    write_notebook(path, *SCENARIO, kernel=kernel)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    kinds = [output.output_type for cell in notebook.cells for output in cell.outputs]
    assert "error" not in kinds
    download = next(cell for cell in notebook.cells if cell.source.startswith("t = "))
    texts = [output.data["text/plain"] for output in download.outputs if "data" in output]
    assert any("done" in text for text in texts), download.outputs


def test_nbmake_is_green_for_the_scenario_and_red_for_a_mistake(folder: Path):
    good, bad = folder / "good.ipynb", folder / "bad.ipynb"
    write_notebook(good, *SCENARIO)
    write_notebook(bad, "%load_ext kinode_nb", "%kinode bot", "1 + 1")
    done = nbmake(good)
    assert done.returncode == 0, done.stdout
    failed = nbmake(bad)
    assert failed.returncode == 1
    assert "there is no verb 'bot'" in failed.stdout


def test_a_plain_terminal(folder: Path):
    script = folder / "two.ipy"
    script.write_text("\n".join([*SCENARIO, "print(log.shape[1], t.status)", "%kinode bot"]))
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", script.name],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "my_file.txt  fake2.dev → fake.dev" in done.stdout, done.stderr
    assert "21 done" in done.stdout
    assert "UsageError: there is no verb 'bot'. Did you mean 'boot'?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
