"""Shells and Jupyter kernels to test in, closed again with all that they started."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import KernelManager
from traitlets.config import Config

import kinode_nb
from tests.notebook.cells import Kernel

FILE = "my_file.txt"
CONTENT = b"hello world\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a file in it, and a place for nodes' homes that is only ours."""
    homes, work = tmp_path / "temporary", tmp_path / "work"
    homes.mkdir()
    work.mkdir()
    (work / FILE).write_bytes(CONTENT)
    monkeypatch.setenv("TMPDIR", str(homes))
    monkeypatch.setattr("tempfile.tempdir", str(homes))
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def shell(folder: Path) -> Iterator[InteractiveShell]:
    """IPython's shell in this very machine process, with the extension loaded."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    shell = InteractiveShell(config=config, ipython_dir=str(folder.parent / "ipython"))
    kinode_nb.load_ipython_extension(shell)
    yield shell
    kinode_nb.fakenet().close()
    kinode_nb.unload_ipython_extension(shell)
    # each shell of a run would collect all garbage once more at its end: minutes
    atexit.unregister(shell.atexit_operations)


@pytest.fixture
def kernel(folder: Path) -> Iterator[Kernel]:
    """The Kinode Jupyter kernel in a machine process of its own."""
    manager = KernelManager(kernel_name="kinode")
    manager.start_kernel(cwd=str(folder), env=dict(os.environ))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)
