"""environment.yml (conda, Binder) asks for what pyproject.toml asks for.

conda-forge spells every one of these names as PyPI does, so they are compared as they stand.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, str)]
PIP = [entry for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict)]

# What only the environment needs: the front end that Binder shows, and pip for the last line.
EXTRA = {"jupyterlab", "pip"}


def bounds(requirements: list[str]) -> dict[str, str]:
    return {r.name: str(r.specifier) for r in map(Requirement, requirements)}


def test_names_and_bounds_agree():
    conda = bounds(CONDA)
    assert conda.pop("python") == PROJECT["requires-python"]
    assert {name: spec for name, spec in conda.items() if name not in EXTRA} == bounds(
        PROJECT["dependencies"]
    )


def test_the_front_end_is_one_that_the_browser_tests_use():
    browser = bounds(PROJECT["optional-dependencies"]["browser"])
    assert bounds(CONDA)["jupyterlab"] == browser["jupyterlab"]


def test_conda_forge_alone_and_this_very_tree():
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert PIP == [{"pip": ["-e ."]}]
