"""Imports between the modules of a package, looked at by a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit.building import build
from kinode_nb.types import PackageError
from tests.kit.package_folders import PROCESS, package, tree

_HERE = {
    "pkg/counting.py": "def count(text): ...\n",
    "pkg/deep/more.py": "",
    "pkg/json.py": "",
    "pkg/whole/__init__.py": "thing = 1\n",
}


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        (
            "words",
            "import counting",
            "counting is a module of the package itself; write `from . import counting`",
        ),
        (
            "words",
            "from counting import count",
            "counting is a module of the package itself; write `from .counting import …`",
        ),
        (
            "words",
            "from .countin import count",
            "there is no module 'countin' in pkg/ to import. Did you mean 'counting'?",
        ),
        (
            "words",
            "from . import zzz",
            "there is no module 'zzz' in pkg/ to import. Write pkg/zzz.py.",
        ),
        (
            "deep/other",
            "from .counting import count",
            "there is no module 'deep/counting' in pkg/ to import. Did you mean 'counting'?",
        ),
        (
            "deep/other",
            "from ..zzz import count",
            "there is no module 'zzz' in pkg/ to import. Write pkg/zzz.py.",
        ),
    ],
)
def test_an_import_that_finds_nothing_is_told_with_its_line(
    tmp_path: Path, file: str, line: str, said: str
) -> None:
    folder = package(tmp_path, {**_HERE, f"pkg/{file}.py": f"{line}\n{PROCESS}"})
    before = tree(folder)
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert str(caught.value) == f"{folder}/pkg/{file}.py, line 1: {said}"
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("words", "import json, pathlib"),
        ("words", "from .counting import count"),
        ("words", "from . import counting, deep"),
        ("words", "from .deep import more"),
        ("words", "from .deep.more import *"),
        ("words", "from .whole import thing"),
        ("words", "from .features import FEATURES"),
        ("words", "try:\n    from .gone import x\nexcept ImportError:\n    x = None"),
        ("words", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import counting"),
        ("words", "import nobody_has_this"),
        ("deep/other", "from ..counting import count\nfrom . import more\nfrom .. import whole"),
        ("whole/other", "from . import thing"),
    ],
)
def test_an_import_that_finds_something_or_is_guarded_is_believed(
    tmp_path: Path, file: str, line: str
) -> None:
    build(package(tmp_path, {**_HERE, f"pkg/{file}.py": f"{line}\n{PROCESS}"}))
