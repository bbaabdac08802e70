"""What a process that was written in a notebook gets from there, and nothing else."""

import builtins
from collections.abc import Callable, Container, Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from kinode_nb.hosts.copies import Copies, Namespace
from kinode_nb.hosts.own_globals import NOTEBOOKS
from kinode_nb.hosts.written import Hint

_NOBODYS = (ModuleType, type, FunctionType, BuiltinFunctionType)
"""What holds no one's values: what a function names of these goes with it."""


def borrowed(values: Mapping[str, Any], home: Namespace | None = None) -> Namespace:
    """Return copies, made now, of values and of what their functions name; UsageError.

    A notebook's function, or one of ``home``, comes with the modules, functions and classes that
    it names, but not with other variables.
    """
    found = dict(values)
    waiting = list(values.values())
    homes: list[Namespace] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, FunctionType) and (value.__globals__ is home or _is_unimported(value)):
            known = value.__globals__
            homes.append(known)
            for name in named_in(value.__code__):
                if name not in found and isinstance(known.get(name), _NOBODYS):
                    found[name] = known[name]
                    waiting.append(known[name])
    namespace: Namespace = {}
    copies = Copies(namespace, *homes)
    for name, value in found.items():
        namespace[name] = copies.named(name, value)
    return namespace


def _is_unimported(function: FunctionType) -> bool:
    """Tell whether a function was made in a notebook or a script, not in an imported module."""
    return function.__globals__.get("__name__") == "__main__"


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
