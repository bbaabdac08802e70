"""What implements the functions of an interface, looked at by a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit.building import build
from kinode_nb.types import PackageError
from tests.kit.package_folders import WIT, package, tree

WRITE = "write `async def count_words(our, text)`"
EXPECTED = f"words_api.py, line 1: count_words takes our, text; {WRITE}"
MISSING = "words_api.py: count_words is missing, a function of words in {0}/api/words.wit; " + WRITE


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("async def count(our, text): ...", MISSING),
        (
            "\ndef count_words(our, text): ...",
            f"words_api.py, line 2: count_words is no coroutine; {WRITE}",
        ),
        ("async def count_words(our): ...", EXPECTED),
        ("async def count_words(our, text, more): ...", EXPECTED),
        ("async def count_words(our, text, *, more): ...", EXPECTED),
        ("async def count_words(text=None): ...", EXPECTED),
    ],
)
def test_a_function_that_cannot_be_called_as_the_wit_says_is_told(
    tmp_path: Path, code: str, said: str
) -> None:
    folder = package(tmp_path, {"api/words.wit": WIT, "pkg/words_api.py": code})
    before = tree(folder)
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert str(caught.value) == f"{folder}/pkg/{said.format(folder)}"
    assert tree(folder) == before


@pytest.mark.parametrize(
    "code",
    [
        "async def count_words(our, text, more=None, *, loud=False): ...",
        "async def count_words(*given, **named): ...",
        "from .counting import count_words",
        "from .counting import count as count_words",
        "from .counting import *",
        "from .counting import count\ncount_words = count",
        "import functools\n@functools.cache\ndef count_words(text): ...",
        (
            "try:\n    from .counting import gone as count_words\nexcept ImportError:\n"
            "    async def count_words(our, text): ..."
        ),
    ],
)
def test_a_function_that_may_be_called_as_the_wit_says_is_believed(
    tmp_path: Path, code: str
) -> None:
    counting = "async def count(our, text): ...\ngone = count_words = count\n"
    files = {"api/words.wit": WIT, "pkg/words_api.py": code, "pkg/counting.py": counting}
    assert build(package(tmp_path, files)).notes == ()


def test_a_dependencys_folder_is_looked_at_too(tmp_path: Path) -> None:
    words = package(tmp_path / "words", {"api/words.wit": WIT, "pkg/words_api.py": ""})
    properties = {"package_name": "reader", "dependencies": ["words:me.os"]}
    with pytest.raises(PackageError, match=f"{words}/pkg/words_api.py: count_words is missing"):
        build(package(tmp_path / "reader", properties=properties))
