"""Which modules a program leads to, and whether its processes may share them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.hosts.reached import may_share
from kinode_nb.hosts.sources import Sources
from kinode_nb.kit import packages


def sources(folder: Path, files: dict[str, bytes]) -> Sources:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Sources(str(folder), "/t:os/pkg", whole=True)


@pytest.mark.parametrize("package", ["file-transfer", "chat-with-file-transfer"])
def test_the_workers_of_file_transfer_share_all_their_modules(tmp_path: Path, package: str):
    """Thousands of them may begin in a second, and each is a process."""
    found = sources(tmp_path, packages.find(package).files)
    assert may_share(found, found.compiled("file_transfer_worker.py"), "")


@pytest.mark.parametrize(
    ("program", "shared"),
    [
        (b"x = []", True),  # its own module is run for it alone
        (b"from .pure import x", True),
        (b"from . import pure", True),
        (b"from . import nowhere", True),  # which will be told when it is run
        (b"from ... import far", True),
        (b"from .state import x", False),
        (b"def f():\n    from . import state", False),
        (b"from .inner.deep import x", False),
        (b"from .broken import x", False),
        (b"from .circle import x", True),
        (b"from . import pure\npure.x = 2", False),
    ],
)
def test_a_program_leads_to_what_it_imports_and_what_that_imports(
    tmp_path: Path, program: bytes, shared: bool
):
    files = {
        "pure.py": b"x = 1",
        "state.py": b"x = []",
        "broken.py": b"x = (",
        "circle.py": b"from . import round",
        "round.py": b"from . import circle",
        "inner/deep.py": b"from ..state import x",
        "main.py": program,
    }
    found = sources(tmp_path, files)
    assert may_share(found, found.compiled("main.py"), "") is shared
