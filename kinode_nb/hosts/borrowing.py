"""What a process that was written in a notebook gets from there, and nothing else."""

import builtins
from collections.abc import Callable, Container, Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from kinode_nb.hosts.copies import CACHED, Copies, Namespace
from kinode_nb.hosts.own_globals import NOTEBOOKS
from kinode_nb.hosts.written import Hint

_NOBODYS = (ModuleType, type, FunctionType, BuiltinFunctionType, CACHED)
"""What holds no one's values: what a function names of these goes with it."""


def borrowed(values: Mapping[str, Any], home: Namespace | None = None) -> Namespace:
    """Return copies, made now, of values and of what their functions name; UsageError.

    A notebook's function, or one of ``home``, wherever it is in a value, comes with the modules,
    functions and classes that it names, but not with other variables.
    """
    namespace: Namespace = {}
    copies = Copies(namespace, home, unimported=True)
    waiting = dict(values)
    while waiting:
        name, value = waiting.popitem()
        namespace[name] = copies.named(name, value)
        while copies.met:
            function = copies.met.pop()
            for each in named_in(function.__code__):
                known = function.__globals__.get(each)
                if each not in namespace and isinstance(known, _NOBODYS):
                    waiting.setdefault(each, known)
    return namespace


def named_in(code: CodeType) -> Iterator[str]:
    """Yield the names that code uses, that of functions inside it included."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from named_in(each)


def hinting(known: Callable[[], Container[str]], advice: str) -> Hint:
    """Return what tells of names that are known elsewhere; ``advice`` has a place for ``name``."""

    def hint(name: str) -> str:
        if name in NOTEBOOKS:
            return f"{name} is the notebook's own: a process runs outside of it; print shows text"
        if hasattr(builtins, name) or name not in known():
            return ""
        return advice.format(name=name)

    return hint
