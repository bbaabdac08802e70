"""WIT types as a type checker reads them: ``option<list<u8>>`` is ``bytes | None``."""

from __future__ import annotations

from typing import assert_never

from kinode_nb.wit import tree
from kinode_nb.wit.linking import Linker
from kinode_nb.wit.names import python_name, upper_camel

_FLOATS = frozenset({"f32", "f64"})
_SAME = {"bool": "bool", "char": "str", "string": "str"}

BUILT_IN_TYPES = frozenset({"bool", "bytes", "float", "int", "list", "str", "tuple"})
"""The types of Python that annotations name: nothing else in their module may be called so."""


def class_name(name: str) -> str:
    """Return the Python name of a WIT type or case."""
    return python_name(upper_camel(name))


class Annotations:
    """The annotations of one interface's types, in a module that has those types by name."""

    def __init__(self, linker: Linker, interface: str) -> None:
        """Look names up in the interface."""
        self._linker = linker
        self._interface = interface

    def of(self, written: tree.Type | None) -> str:
        """Return a type's annotation; None is what a side of a result has that carries none."""
        return "None" if written is None else self._of(written)

    def _of(self, written: tree.Type) -> str:
        match written:
            case tree.Primitive(name=name):
                return _SAME.get(name) or ("float" if name in _FLOATS else "int")
            case tree.Named(name=name):
                return class_name(name)
            case tree.ListOf(item=item):
                is_bytes = self._linker.shape(self._interface, written).python is bytes
                return "bytes" if is_bytes else f"list[{self.of(item)}]"
            case tree.OptionOf(item=item):
                inner = self.of(item)
                return inner if inner.endswith("| None") else f"{inner} | None"
            case tree.TupleOf(items=items):
                return f"tuple[{', '.join(map(self.of, items))}]"
            case tree.ResultOf(ok=ok, err=err):
                return f"wit.Ok[{self.of(ok)}] | wit.Err[{self.of(err)}]"
            case _:
                assert_never(written)

    def may_be_left_out(self, written: tree.Type) -> bool:
        """Say whether a record may leave out a field of this type."""
        return self._linker.shape(self._interface, written).optional
