"""What every test stands on: a home of its own, and a word on what needs a browser."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kinode_nb.portal import FakeNet, Node

# By the name of its entry point, so that it is loaded once where kinode_nb is installed, and where
# it is not. pytester runs pytest on files that a test writes.
pytest_plugins = ["kinode_nb.pytest_plugin", "pytester"]

ROOT = Path(__file__).resolve().parent.parent
KERNELSPEC = ROOT / "kinode_nb" / "notebook" / "kernelspec"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

# A busy machine is slow, not wrong. All else stays as Hypothesis chose it, here or in CI.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
# `make fuzz`: --hypothesis-profile=fuzz. Rare inputs are what it is for, and they may be large.
settings.register_profile(
    "fuzz",
    deadline=None,
    derandomize=False,
    max_examples=10_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

_environment = pytest.StashKey[pytest.MonkeyPatch]()
_home = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home of its own, before anything looks for the person's.

    A hook rather than a fixture: nbmake's items have no fixtures, and their Jupyter kernels would
    write IPython's history and Jupyter's connection files to the home of whoever runs the tests.
    """
    home = Path(tempfile.mkdtemp(prefix="kinode-nb-"))
    patch = pytest.MonkeyPatch()
    config.stash[_home], config.stash[_environment] = home, patch
    for name in ("HOME", "USERPROFILE"):
        patch.setenv(name, str(home))
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    patch.setenv("IPYTHONDIR", str(home / "ipython"))
    for name in ("CONFIG", "DATA", "RUNTIME"):
        patch.setenv(f"JUPYTER_{name}_DIR", str(home / "jupyter" / name.lower()))
    patch.delenv("VIRTUAL_ENV", raising=False)  # of another one IPython warns, and warnings fail
    # Jupyter kernels and subprocesses import this tree, installed or not, and no other one.
    patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    if not (Path(sys.prefix) / "share" / "jupyter" / "kernels" / "kinode").is_dir():
        shutil.copytree(KERNELSPEC, home / "share" / "kernels" / "kinode")
        patch.setenv("JUPYTER_PATH", str(home / "share"), prepend=os.pathsep)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the home away again."""
    if _environment in config.stash:
        config.stash[_environment].undo()
        shutil.rmtree(config.stash[_home], ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a browser where there is none; CI says that there must be one."""
    if item.get_closest_marker("browser") is None or (missing := missing_for_a_browser()) is None:
        return
    if os.environ.get("KINODE_NB_BROWSER") == "required":
        pytest.fail(f"KINODE_NB_BROWSER=required, and {missing}", pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the path of the system's chromium, for tests marked `browser`."""
    path = find_chromium()
    assert path is not None, "mark the test with @pytest.mark.browser"
    return path


@cache
def missing_for_a_browser() -> str | None:
    """Return what a browser test would miss here, and how to get it; None when nothing."""
    for distribution in ("playwright", "jupyterlab"):
        if find_spec(distribution) is None:
            return f"{distribution} is not installed: pip install -e '.[browser]'"
    if find_chromium() is None:
        return "no chromium on PATH: install the system's package of that name"
    return None


def find_chromium() -> str | None:
    """Return the first chromium on PATH, under any of its names."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture
def net() -> Iterator[FakeNet]:
    """Return an empty net, closed after the test."""
    with FakeNet() as net:
        yield net


@pytest.fixture
def two(net: FakeNet) -> tuple[Node, Node]:
    """Return fake.dev and fake2.dev, with chat-with-file-transfer started."""
    nodes = net.boot(port="none"), net.boot(port="none")
    net.start("chat-with-file-transfer")
    return nodes
