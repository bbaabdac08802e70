"""What counts as a module that can hold state, and what does not."""

from __future__ import annotations

import ast
import textwrap

import pytest

from kinode_nb.hosts.module_state import holds_state, imports
from kinode_nb.hosts.reaching_out import reaches_out

KEYED = (
    "from weakref import WeakKeyDictionary\nfrom kinode_nb.process_lib import Our\n"
    "HELD: WeakKeyDictionary[{}, int] = WeakKeyDictionary({})"
)


def module(text: str) -> ast.Module:
    return ast.parse(textwrap.dedent(text))


@pytest.mark.parametrize(
    "text",
    [
        '"""Only words."""',
        "import os, json\nfrom .api.chat import Send",
        "ONE = 1\nTWO, THREE = 2, (3, 'three', None)\nFOUR: int = ONE + 3\nFOUR += 1",
        "NAMES = frozenset({'a', 'b'})\nORDER = tuple(n * 2 for n in range(3))",
        "__all__ = ['a']\nclass A:\n    __slots__ = ['x']",
        "import re\nPATTERN = re.compile(r'[a-z]+')",
        "from pathlib import Path\nHERE = Path(__file__).parent\nTEXT = (HERE / 'a').read_text()",
        "from pathlib import Path\nTEXT = (Path(__file__).parent / 'a.txt').read_text().strip()",
        "from contextvars import ContextVar\nCURRENT = ContextVar('current', default=None)",
        "def f(a, b=1, *, c=None):\n    found = []\n    found.append(a)\n    return found",
        "class A:\n    'Words.'\n    x: int = 0\n    def set(self, x):\n        self.x = x",
        "import dataclasses as d\n@d.dataclass\nclass A:\n x: set = d.field(default_factory=set)",
        "from contextlib import contextmanager\n@contextmanager\ndef f():\n    yield",
        "from kinode_nb.process_lib import script\n@script\nasync def init(our, args): ...",
        "from kinode_nb import wit\napi = wit.load('x.wit', names=['a'])",
        "import kinode_nb.wit as w\nw.load('x.wit')",
        "from enum import Enum, auto\nclass A(Enum):\n    ONE = 'one'\n    TWO = auto()\n",
        "if TYPE_CHECKING:\n    from .x import y\nelse:\n    y = None",
        "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None",
        KEYED.format("Our", ""),
        "Body = dict[str, int] | None\nKEY = lambda x: [x]",
        "def outer(n):\n    def inner():\n        nonlocal n\n        n += 1\n    return inner",
    ],
)
def test_what_holds_no_state(text: str):
    assert not holds_state(module(text))
    assert not reaches_out(module(text))


@pytest.mark.parametrize(
    "text",
    [
        "LOG = []",
        "TABLE = {'a': 1}",
        "SEEN: set[str] = set()",
        KEYED.format("Thing", ""),
        KEYED.format("Our", "others"),
        "PAIR = (1, [])",
        "count = 0\ndef f():\n    global count\n    count += 1",
        "def f(seen=[]): ...",
        "def f(*, seen={}): ...",
        "f = lambda seen=[]: seen",
        "class A:\n    all = []",
        "class A:\n    def f(self, seen=[]): ...",
        "class A:\n    class B:\n        all = {}",
        "@functools.cache\ndef f(x): ...",
        "@register\nclass A: ...",
        "import asyncio\nLOCK = asyncio.Lock()",
        "import itertools\nNUMBERS = itertools.count(1)",
        "NUMBERS = (n for n in range(3))",
        "class Point: ...\nORIGIN = Point()",
        "tick = make_counter()",
        "setup()",
        "for name in 'ab':\n    print(name)",
        "with open('x') as file:\n    TEXT = file.read()",
        "NAMES = frozenset({'a'}) or []",
        "TABLE[0] = 1",
        "from .store import Store\nSTORE = Store(1)",
        "from .store import *",
        "try:\n    x = 1\nexcept Exception:\n    x = []",
        "try:\n    x = 1\nexcept Exception:\n    pass\nelse:\n    x = []",
        "try:\n    x = 1\nfinally:\n    x = []",
        "try:\n    x = 1\nexcept (y := [], ValueError)[1]:\n    pass",
        "if x:\n    pass\nelse:\n    y = []",
        "if (x := []) is not None:\n    pass",
        "assert (x := []) is not None",
        "raise ValueError(x := [])",
        "(x := [])",
        "def f(x: (y := [])): ...",
        "import msgspec\nSEEN = msgspec.json.decode(b'[]')",
        "from contextvars import ContextVar\nSEEN = ContextVar('s', default=[])",
        "class S: ...\nSEEN = S.parse('x')",
        "class Decoder: ...\nSEEN = Decoder()",
        "import re\ndef compile(x): return [x]\nSEEN = compile('x')",
        "from re import compile\ndef compile(x): return [x]\nSEEN = compile('x')",
        "from enum import Enum\nclass K(Enum):\n    A = 1\n    def __init__(self, v): self.x = []",
        "from enum import Enum\nclass B: ...\nclass K(B, Enum):\n    A = 1",
        "from enum import Enum\nclass B(Enum): ...\nclass K(B):\n    def f(self): ...",
        "class M(type): ...\nclass K(metaclass=M): ...",
        "class K(type('B', (), {'x': []})): ...",
        "class K:\n    def __init_subclass__(cls): cls.x = []",
        "class K:\n    def __class_getitem__(cls, x): return [x]\nX = K[1]",
        "from kinode_nb.wit import Ok\nX = Ok([])",
        "X = tuple(x for x in ([],))",
        "X = tuple([x] for x in 'ab')",
        "import os\nX = os.environ | os.environ",
        "from foreign import TABLE\nX = TABLE",
        "from .side import environ as E\nX = E | E",
        "from registry import setter\n@setter.setter\ndef f(): ...",
    ],
)
def test_what_may_hold_state(text: str):
    assert holds_state(module(text))


@pytest.mark.parametrize(
    "text",
    [
        "from . import settings\ndef f():\n    settings.volume = 3",
        "def f():\n    from . import settings\n    settings.volume += 1",
        "from .api import Chat\nChat.count = 1",
        "class A:\n    count = 0\n    def f(self):\n        A.count += 1",
        "class A:\n    count = 0\n    @classmethod\n    def f(cls):\n        cls.count += 1",
        "class A:\n    count = 0\n    def f(self):\n        type(self).count += 1",
        "class A:\n    count = 0\n    def f(self):\n        self.__class__.count += 1",
        "def f():\n    f.calls = 1",
        "def f(x):\n    setattr(x, 'a', 1)",
        "def f():\n    globals()['a'] = 1",
        "import sys\ndef f():\n    sys.modules[__name__]",
        "from . import settings\ndel settings.volume",
        "def f(message):\n    message.body.x = 1",
        "def add():\n    f = add\n    f.n = 1",
        "class A: ...\ndef f(k):\n    k.n += 1",
        "class A:\n    def f(self):\n        self.kind.n = 1",
        "class A:\n    @classmethod\n    def f(self):\n        self.n = 1",
        "class A:\n    def f(self):\n        self = A\n        self.n = 1",
        "def f(self):\n    self.n = 1",
        "def f(x, name):\n    getattr(x, name).append(1)",
        "def f():\n    getattr(f, '__dict__')['a'] = 1",
        "__all__ = []\ndef f():\n    __all__.append(1)",
        "def f():\n    f.__annotations__['a'] = 1",
        "from .api import Chat\nfor Chat.peer in 'ab': ...",
    ],
)
def test_what_reaches_out(text: str):
    assert reaches_out(module(text))


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    def __init__(self):\n        self.x = 1",
        "class A:\n    @property\n    def x(self):\n        self.y = 1",
        "import os\nprint(os.sep, __file__)",
        "def f(items):\n    items[0] = 1",
        "__all__ = ['f']\ndef f(x): return getattr(x, 'y', None)",
    ],
)
def test_what_does_not_reach_out(text: str):
    assert not reaches_out(module(text))


def test_relative_imports_are_found_wherever_they_are():
    text = """
        import os
        from json import loads
        from . import one
        def f():
            from ..two import three, four as five
        """
    assert imports(module(text)) == {(1, "", ("one",)), (2, "two", ("three", "four"))}
