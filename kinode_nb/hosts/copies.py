"""Copies of values and functions, for a process that may share nothing with where they come from.

A value is copied deeply. A function gets the globals of the process that it is copied for, and
copies of what it closes over. Modules, classes, and functions of imported modules stay what they
are: they belong to nobody.
"""

import copy
from functools import partial
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from kinode_nb.types import UsageError

Namespace = dict[str, Any]

_HANDLES = ("kinode_nb.portal.", "kinode_nb.aio.")


class Copies:
    """Copies for one namespace; what occurs twice is copied once.

    ``homes`` are the globals of functions that are to have the namespace instead.
    """

    def __init__(self, namespace: Namespace, *homes: Namespace) -> None:
        """Copy nothing yet."""
        self._namespace = namespace
        self._homes = homes
        self._memo: dict[int, Any] = {}
        self._kept: list[object] = []  # as long as their ids stand in the memo

    def of(self, value: Any) -> Any:
        """Return a copy; raises whatever copying raises."""
        match value:
            case FunctionType() if self.is_at_home(value):
                return self._function(value)
            case MethodType():
                return MethodType(self.of(value.__func__), self.of(value.__self__))
            case partial():
                words = {name: self.of(each) for name, each in value.keywords.items()}
                return partial(self.of(value.func), *map(self.of, value.args), **words)
            case ModuleType():
                return value
        return copy.deepcopy(value, self._memo)

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
        return any(function.__globals__ is home for home in self._homes)

    def _function(self, function: FunctionType) -> FunctionType:
        known = self._memo.get(id(function))
        if known is not None:
            return known  # type: ignore[no-any-return]  # deepcopy's memo holds anything
        cells = tuple(CellType() for _ in function.__closure__ or ())
        fresh = FunctionType(
            function.__code__, self._namespace, function.__name__, None, cells or None
        )
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
