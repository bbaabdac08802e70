"""Whatever the interface, its generated module is Python, laid out, and of the types loaded."""

from __future__ import annotations

import enum
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kinode_nb.wit import Variant, WitError, generate, load
from kinode_nb.wit.tokens import KEYWORDS
from tests.wit.documents import Drawn, drawn_text

RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")


@st.composite
def texts(draw) -> str:
    drawn = Drawn(draw)
    text, _ = drawn.type(3)
    return drawn_text(drawn, text)


def as_checkers_read_it(text: str) -> ModuleType:
    """Return the module whose classes are those for type checkers."""
    module = ModuleType("drawn")
    source = generate({"drawn.wit": text})["drawn.py"]
    exec(source.replace("typing.TYPE_CHECKING", "True"), vars(module))
    return module


def outline(cls: Any) -> object:
    """Return what of a class both halves of a module must have."""
    if issubclass(cls, enum.Enum):
        return [(member.name, member.value) for member in cls]
    if issubclass(cls, Variant):
        return [name for name in vars(cls) if name[0].isupper()]
    return (cls.__struct_fields__, len(cls.__struct_defaults__))


NAMES_THAT_PYTHON_USES = """
interface drawn {
    record ok { x: u8 }
    record err { ok: ok }
    record struct { y: ok }
    variant variant-x { ok(ok), any, %list(list<u8>) }
    record path {
        path: string, %list: list<string>, str: string, int: u8, wit: result<u8>, typing: u8,
        bytes: list<u8>, other: list<u8>,
    }
    enum none { none, true, false }
    enum mro { mro, name, value }
    variant name { name(name2), value(u8) }
    record name2 { name: string, self: u8, cls: u8, msgspec: u8 }
    record empty { }
    type any = u8;
    type type-alias = list<u8>;
    wit: func(wit: u8, our: u8, self: u8) -> result<u8>;
    typing: func();
}
"""


@settings(deadline=None, max_examples=150)
@given(texts())
@example(NAMES_THAT_PYTHON_USES)
def test_both_halves_have_the_same_types(text):
    module, api = as_checkers_read_it(text), load(text)
    assert set(module.__all__) == set(api.class_names)
    for name in api.class_names:
        loaded = getattr(api, name)
        if isinstance(loaded, type) and issubclass(loaded, Variant | enum.Enum | msgspec.Struct):
            written = getattr(module, name)
            if not isinstance(written, str):  # an alias stays text
                assert outline(written) == outline(loaded)


@pytest.mark.skipif(RUFF is None, reason="ruff comes with the check extra")
@settings(deadline=None, max_examples=4)
@given(st.lists(texts(), min_size=10, max_size=20))
def test_any_module_stands_as_the_formatter_leaves_it(several):
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(several):
            source = generate({"drawn.wit": text})["drawn.py"]
            (Path(folder) / f"m{number}.py").write_text(source, encoding="utf-8")
        command = [str(RUFF), "format", "--diff", "--isolated", "--line-length=100", "--no-cache"]
        done = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


PIECES = st.sampled_from(
    [
        *sorted(KEYWORDS),
        *"{}()<>:;,=./@_%",
        *("->", "//x\n", "/// d\n", "/**", "/*", "*/", "a", "b-c", "1.0.0", "7", "\n", "standard"),
        *("interface a {", "record r { a: ", "variant v { a(", "package a:b;", "use a.{b};"),
        *("list<u8>", "f: func(", "@since(version = 1.0.0)", "world w {", "}"),
    ]
)
PIECED = st.lists(PIECES, max_size=30).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(["a.wit", "b.wit"]), PIECED | st.text(), max_size=2))
def test_any_texts_are_read_or_refused(several):
    with suppress(WitError):
        for source in generate(several, ["a_api"]).values():
            compile(source, "generated", "exec")
