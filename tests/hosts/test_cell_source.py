"""The text of a process is checked before anything runs."""

from __future__ import annotations

import traceback

import pytest

from kinode_nb.hosts.cell_source import compiled, lines_of, title
from kinode_nb.types import UsageError

GOOD = "async def init(our):\n    pass\n"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "from x import init",
        "from x import other as init",
        "init = make()",
        "async def init(our, n=1): ...",
        "async def init(*args): ...",
        "@wrapped\nasync def init(our, args): ...",
        "@wrapped\ndef init(our): ...",
        "if True:\n    async def init(our): ...",
        "x = '\\d'\nasync def init(our): ...",
    ],
)
def test_what_can_be_a_process(text: str):
    compiled(None, text, title("it"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the process has no init"),
        (
            "async def main(our): ...",
            "no init: write `async def init(our):`. There is main.",
        ),
        ("def init(our): ...", "line 1: init is not async"),
        ("async def init(): ...", "line 1: init takes one argument"),
        ("async def init(our, *, n): ...", "line 1: init takes one argument"),
        ("class init: ...", "line 1: init is a class"),
        ("x = (\n", "line 1: SyntaxError: '(' was never closed: x = ("),
        ("async def init(our):\nx = 1\n", "line 2: IndentationError: expected an indented block"),
        ("x = '\0'", "null bytes"),
        ("(" * 5000 + ")" * 5000, ""),
        ("async def init(our):\n    return 1\nawait x", "line 3: SyntaxError: 'await' outside"),
    ],
)
def test_what_cannot_is_one_line(text: str, said: str):
    with pytest.raises(UsageError) as raised:
        compiled(None, text, title("it"))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_lines_are_counted_from_the_line_of_the_cell_that_names_it():
    assert lines_of("process x", "a\nb") == ["%%kinode process x\n", "a\n", "b"]
    names: dict[str, object] = {}
    with pytest.raises(ZeroDivisionError) as raised:
        exec(compiled("process x", f"{GOOD}1 / 0\n", title("x")), names)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].lineno == 4
    with pytest.raises(UsageError, match="line 3: SyntaxError"):
        compiled("process x", "a = 1\nb = = 1\n", title("x"))
