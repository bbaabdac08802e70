from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fuzz.world import World


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., World]]:
    """Return what boots a node for a module's examples; it is stopped, well, after the last."""
    before = open_files()
    booted: list[World] = []

    def boot(*own: str) -> World:
        booted.append(World(tmp_path_factory.mktemp("world"), *own))
        return booted[-1]

    yield boot
    for world in booted:
        world.close()
    assert open_files() <= before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
