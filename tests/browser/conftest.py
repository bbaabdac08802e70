"""One JupyterLab for all browser tests, and a fresh page for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.jupyter_lab import Server, serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 60_000  # milliseconds; a busy machine is slow, not wrong
# The system's chromium, which may run as root in a container, and asks the network for nothing.
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("lab") / "server") as server:
        yield server


@pytest.fixture
def page(chromium_path: str) -> Iterator[Page]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(PATIENCE)
            yield page
        finally:
            browser.close()


@pytest.fixture
def screenshot(page: Page, tmp_path: Path) -> Callable[[str], None]:
    """Return what takes a screenshot: into KINODE_NB_SCREENSHOTS, when that names a folder."""
    folder = Path(os.environ.get("KINODE_NB_SCREENSHOTS") or tmp_path)

    def take(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return take
