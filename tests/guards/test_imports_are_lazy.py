"""Importing is cheap: what is heavy or optional is imported by the function that needs it.

Each question is put to a fresh interpreter, since this one has imported everything long ago.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK_ONLY = {"IPython", "anywidget", "ipykernel", "ipywidgets"}
HEAVY = {"numpy", "pandas", "pyarrow", "wasmtime"} | NOTEBOOK_ONLY
HTTP = {"tornado"}  # waits for the first connection; a module of the HTTP server may name it


def imported_by(*modules: str) -> set[str]:
    """Return the top-level names in sys.modules once a fresh interpreter has imported these."""
    code = (
        "import importlib, json, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "json.dump(sorted({name.partition('.')[0] for name in sys.modules}), sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def modules_outside_the_notebook() -> list[str]:
    """Every module but the notebook's; of those its commands, which the command line shares.

    Packages' processes are left out: they run where they are installed, beside what they import.
    """
    names = []
    for path in sorted((ROOT / "kinode_nb").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        inside_the_notebook = parts[1:2] == ("notebook",) and parts[1:3] != ("notebook", "commands")
        process = parts[1:2] == ("packages",) and "pkg" in parts
        if all(map(str.isidentifier, parts)) and not (inside_the_notebook or process):
            names.append(".".join(parts))
    return names


def test_the_package_itself():
    assert not imported_by("kinode_nb") & (HEAVY | HTTP)


@pytest.mark.parametrize(
    "module", ["kinode_nb.__main__", "kinode_nb.aio", "kinode_nb.portal", "kinode_nb.pytest_plugin"]
)
def test_what_a_first_answer_needs(module: str):
    assert not imported_by(module) & (HEAVY | HTTP)


def test_every_module_outside_the_notebook():
    modules = modules_outside_the_notebook()
    assert "kinode_nb" in modules
    assert not imported_by(*modules) & HEAVY
