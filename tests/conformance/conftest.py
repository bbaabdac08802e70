"""Runs every test that asks for a host on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.hosts import HOSTS

if TYPE_CHECKING:
    import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "host" in metafunc.fixturenames:
        metafunc.parametrize("host", HOSTS, ids=[host.name for host in HOSTS])
