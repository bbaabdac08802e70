"""Interfaces, loaded: a namespace of Python classes made from WIT text."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from kinode_nb.types.errors import nearest
from kinode_nb.wit import tree
from kinode_nb.wit.errors import WitError
from kinode_nb.wit.linking import Linker
from kinode_nb.wit.names import python_name, upper_camel
from kinode_nb.wit.shape import SHAPES, Shape
from kinode_nb.wit.standard import STANDARD
from kinode_nb.wit.syntax import parse


class Interface:
    """One WIT interface: ``api.ChatMessage`` is the class of its ``chat-message``.

    Records are frozen Structs, variants classes with a class for each case, enums Enums, flags
    Flags. An alias of another type is that type's class; of anything else it is a type without a
    class, which `decode` takes as well.
    """

    name: str
    """The interface's name in WIT."""
    doc: str
    """The ``///`` comment before it."""
    types: Mapping[str, Any]
    """The same types by their names in WIT, those it uses from other interfaces included."""
    functions: Mapping[str, tree.Function]
    """The functions that a package's API exports, as written."""

    def __init__(self, written: tree.Interface, types: Mapping[str, Any]) -> None:
        functions = {function.name: function for function in written.functions}
        vars(self).update({python_name(upper_camel(name)): type_ for name, type_ in types.items()})
        vars(self).update(
            name=written.name,
            doc=written.doc,
            types=MappingProxyType(dict(types)),
            functions=MappingProxyType(functions),
        )

    def __getattr__(self, name: str) -> Any:
        # Reached only for a name that is not there; it also tells type checkers of those that are.
        names = [upper_camel(known) for known in vars(self).get("types", ())]
        interface = vars(self).get("name")
        raise AttributeError(f"interface {interface!r} has no type {name!r}.{nearest(name, names)}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"interface {self.name!r} is shared by all who load it: frozen")

    def __repr__(self) -> str:
        return f"<interface {self.name}: {', '.join(map(upper_camel, self.types))}>"


_loaded: dict[str, Mapping[str, Interface]] = {}
# Two threads that load one text at the same time must get the same classes.
_lock = threading.RLock()


def load(source: str | Path, name: str | None = None) -> Interface:
    """Return the interface in WIT text, or in the file at a Path; equal texts give the same one.

    ``name`` chooses among several. Raises WitSyntaxError for text that cannot be read, WitError
    when there is no such interface, OSError when there is no such file.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    interfaces = _loaded.get(text) or _load(text)
    if name is None and len(interfaces) == 1:
        return next(iter(interfaces.values()))
    if name is not None:
        if name in interfaces:
            return interfaces[name]
        raise WitError(f"no interface {name!r} in this text.{nearest(name, interfaces)}")
    if interfaces:
        raise WitError(f"several interfaces: give name= one of {', '.join(interfaces)}")
    raise WitError("no interface in this text, only what surrounds one")


def _load(text: str) -> Mapping[str, Interface]:
    if text.endswith(".wit"):
        raise WitError(f"{text!r} is WIT text here: for the file, pass a pathlib.Path")
    with _lock:
        if text not in _loaded:
            document = parse(text)
            linker = Linker(document, _standard)
            _loaded[text] = {i.name: _linked(linker, i) for i in document.interfaces}
        return _loaded[text]


def _linked(linker: Linker, written: tree.Interface) -> Interface:
    shapes = {t.name: linker.named(written.name, tree.Named(t.name, t.at)) for t in written.types}
    return Interface(written, {name: _public(shape) for name, shape in shapes.items()})


def _public(shape: Shape) -> Any:
    """Return the class of a type, or the shape itself where other types share the class."""
    cls = shape.python
    return cls if isinstance(cls, type) and SHAPES.get(cls) is shape else shape


@cache
def _standard() -> Mapping[str, Shape]:
    document = parse(STANDARD)
    linker = Linker(document, dict)
    [interface] = document.interfaces
    return {t.name: linker.named("standard", tree.Named(t.name, t.at)) for t in interface.types}
