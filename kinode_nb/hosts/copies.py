"""Copies of values and functions, for a process that may share nothing with where they come from.

A value is copied deeply. A function gets the globals of the process that it is copied for, and
copies of what it closes over; the same is true of one inside a value, and of one that another
wraps (`functools.lru_cache`). Modules, classes, and functions of imported modules stay what they
are: they belong to nobody.
"""

import functools
from collections.abc import Iterable
from functools import partial
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from kinode_nb.hosts.deep_copies import deep_copy
from kinode_nb.types import UsageError

Namespace = dict[str, Any]

CACHED = type(functools.lru_cache(len))
"""What `functools.lru_cache` and `functools.cache` make of a function."""
_HANDLES = ("kinode_nb.portal.", "kinode_nb.aio.")


class Copies:
    """Copies for one namespace; what occurs twice is copied once.

    ``homes`` are the globals of functions that are to have the namespace instead; with
    ``unimported``, so are those of a notebook or a script.
    """

    def __init__(
        self, namespace: Namespace, *homes: Namespace | None, unimported: bool = False
    ) -> None:
        """Copy nothing yet."""
        self.met: list[FunctionType] = []
        """The functions that were copied."""
        self._namespace = namespace
        self._homes = homes
        self._unimported = unimported
        self._memo: dict[int, Any] = {}
        self._kept: list[object] = []  # as long as their ids stand in the memo

    def of(self, value: Any) -> Any:
        """Return a copy; raises whatever copying raises."""
        match value:
            case FunctionType():
                made: Any = self._function(value) if self._leads_home(value) else value
            case MethodType():
                made = MethodType(self.of(value.__func__), self.of(value.__self__))
            case partial():
                words = {name: self.of(each) for name, each in value.keywords.items()}
                made = partial(self.of(value.func), *map(self.of, value.args), **words)
            case ModuleType():
                made = value
            case _ if type(value) is CACHED:
                made = self._cached(value)
            case _:
                made = deep_copy(value, self.of, self._memo)
        return made

    def named(self, name: str, value: Any) -> Any:
        """Return a copy of what has this name; raises UsageError in one line."""
        if type(value).__module__.startswith(_HANDLES):
            raise UsageError(
                f"{name} ({type(value).__name__}) is the notebook's handle, and cannot be copied "
                "into a process: give it a name, or an address"
            )
        try:
            return self.of(value)
        except UsageError:  # which says it of what is inside
            raise
        except Exception as error:  # noqa: BLE001  copying runs the value's own code
            why = " ".join(str(error).split())
            raise UsageError(
                f"{name} ({type(value).__name__}) cannot be copied into a process: {why}. "
                "Make it in the process, or send it in a message"
            ) from None

    def is_at_home(self, function: FunctionType) -> bool:
        """Tell whether a function's globals are those of a home."""
        known = function.__globals__
        if self._unimported and known.get("__name__") == "__main__":
            return True  # it was made in a notebook or a script, not in an imported module
        return any(known is home for home in self._homes)

    def _leads_home(self, function: FunctionType) -> bool:
        """Tell whether it is at home, or a decorator's that calls one which is."""
        waiting: list[Any] = [function]
        seen: set[int] = set()
        while waiting:
            each = waiting.pop()
            if id(each) in seen or not isinstance(each, FunctionType | CACHED):
                continue
            seen.add(id(each))
            if isinstance(each, FunctionType):
                if self.is_at_home(each):
                    return True
                waiting += _closed_over(each)
            waiting.append(getattr(each, "__wrapped__", None))
        return False

    def _cached(self, value: Any) -> Any:
        """Return the copy of a function with a cache of its own."""
        known = self._memo.get(id(value))
        if known is None:
            wrapped = self.of(value.__wrapped__)
            if wrapped is value.__wrapped__:
                return value
            known = functools.lru_cache(**value.cache_parameters())(wrapped)
            self._memo[id(value)] = known
            self._kept.append(value)
        return known

    def _function(self, function: FunctionType) -> FunctionType:
        known = self._memo.get(id(function))
        if known is not None:
            return known  # type: ignore[no-any-return]  # deepcopy's memo holds anything
        cells = tuple(CellType() for _ in function.__closure__ or ())
        home = self.is_at_home(function)
        namespace = self._namespace if home else function.__globals__
        fresh = FunctionType(function.__code__, namespace, function.__name__, None, cells or None)
        if home:
            self.met.append(function)
        self._memo[id(function)] = fresh  # before its cells, in one of which it may be itself
        self._kept.append(function)
        for name, cell, old in zip(
            function.__code__.co_freevars, cells, function.__closure__ or (), strict=True
        ):
            try:
                value = old.cell_contents
            except ValueError:  # it has no value yet
                continue
            cell.cell_contents = self.named(name, value)
        fresh.__defaults__ = self.of(function.__defaults__)
        fresh.__kwdefaults__ = self.of(function.__kwdefaults__)
        fresh.__qualname__ = function.__qualname__
        fresh.__doc__ = function.__doc__
        fresh.__annotations__ = dict(function.__annotations__)
        fresh.__dict__.update({name: self.of(each) for name, each in vars(function).items()})
        return fresh


def _closed_over(function: FunctionType) -> Iterable[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it has no value yet
            continue
