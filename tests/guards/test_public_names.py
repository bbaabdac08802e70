"""The public names of `kinode_nb`. Whoever adds or takes one away says so here as well."""

from __future__ import annotations

import kinode_nb

PUBLIC_NAMES = [
    "FakeNet",
    "KinodeError",
    "Node",
    "SendError",
    "Transfer",
    "__version__",
    "aio",
    "fakenet",
    "load_ipython_extension",
    "process",
    "unload_ipython_extension",
    "wit",
]


def test_these_and_no_others():
    assert sorted(kinode_nb.__all__) == sorted(PUBLIC_NAMES)


def test_each_can_be_had():
    for name in kinode_nb.__all__:
        assert getattr(kinode_nb, name) is not None


def test_dir_lists_them():
    assert set(kinode_nb.__all__) <= set(dir(kinode_nb))
