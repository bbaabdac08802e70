"""Interfaces, loaded: a namespace of Python classes made from WIT text."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from kinode_nb.types.errors import UsageError, nearest
from kinode_nb.wit import tree
from kinode_nb.wit.errors import WitError, WitSyntaxError
from kinode_nb.wit.linking import Linker
from kinode_nb.wit.names import python_name, upper_camel
from kinode_nb.wit.shape import Shape, shape_of
from kinode_nb.wit.standard import standard_text
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
    _own: tuple[str, ...]
    _together: Mapping[str, Any]

    def __init__(self, written: tree.Interface, types: Mapping[str, Any]) -> None:
        functions = {function.name: function for function in written.functions}
        vars(self).update({python_name(upper_camel(name)): type_ for name, type_ in types.items()})
        vars(self).update(
            name=written.name,
            doc=written.doc,
            types=MappingProxyType(dict(types)),
            functions=MappingProxyType(functions),
            _own=tuple(t.name for t in written.types if not isinstance(t, tree.Use)),
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """The Python names of its types, in the order written; not of those used from others."""
        return tuple(python_name(upper_camel(each)) for each in self._own)

    def __getattr__(self, name: str) -> Any:
        # Reached only for a name that is not there; it also tells type checkers of those that are.
        names = [upper_camel(known) for known in vars(self).get("types", ())]
        interface = vars(self).get("name")
        raise AttributeError(f"interface {interface!r} has no type {name!r}.{nearest(name, names)}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"interface {self.name!r} is shared by all who load it: frozen")

    def __repr__(self) -> str:
        return f"<interface {self.name}: {', '.join(map(upper_camel, self.types))}>"


class _Loaded(dict[str, Interface]):
    """The interfaces of one package's texts."""


# A text's classes are there as long as one of its interfaces is; a few are kept in any case, as
# nodes that are booted again read the same packages again.
_KEPT = 64
_alive: WeakValueDictionary[tuple[object, ...], _Loaded] = WeakValueDictionary()
_recent: OrderedDict[tuple[object, ...], _Loaded] = OrderedDict()
# Two threads that load one text at the same time must get the same classes.
_lock = threading.RLock()


def load(source: str | Path | Mapping[str, str], name: str | None = None) -> Interface:
    """Return an interface of WIT text, of the file at a Path, or of a package of several files.

    A package is a folder's Path, whose ``*.wit`` are read, or its texts by the names of their
    files. Equal texts give the same interface. ``name`` chooses among several. Raises
    WitSyntaxError for text that cannot be read, WitError when there is no such interface, or
    no such file.
    """
    interfaces = interfaces_of(_texts(source))
    if name is None and len(interfaces) == 1:
        return next(iter(interfaces.values()))
    if name is not None:
        if name in interfaces:
            return interfaces[name]
        raise WitError(f"no interface {name!r} in this text.{nearest(name, interfaces)}")
    if interfaces:
        raise WitError(f"several interfaces: give name= one of {', '.join(interfaces)}")
    raise WitError("no interface in this text, only what surrounds one")


def interfaces_of(texts: Mapping[str, str]) -> Mapping[str, Interface]:
    """Return all interfaces of a package's texts; raises WitSyntaxError."""
    # The name of an only file says nothing about its types.
    key = tuple(sorted(texts.items())) if len(texts) > 1 else tuple(texts.values())
    with _lock:
        loaded = _alive.get(key)
        if loaded is None:
            loaded = _alive[key] = _load(texts)
        _recent[key] = loaded
        _recent.move_to_end(key)
        if len(_recent) > _KEPT:
            _recent.popitem(last=False)
        return loaded


def _load(texts: Mapping[str, str]) -> _Loaded:
    documents = parse_all(texts)
    linker = Linker(documents, standard_types)
    written = [each for document in documents.values() for each in document.interfaces]
    loaded = _Loaded({each.name: _linked(linker, each) for each in written})
    for interface in loaded.values():
        vars(interface)["_together"] = loaded
    return loaded


def parse_all(texts: Mapping[str, str]) -> dict[str, tree.Document]:
    """Return each text's tree, by the file's name and in its order; raises WitSyntaxError."""
    documents = {}
    for file, text in sorted(texts.items()):
        try:
            documents[file] = parse(text)
        except WitSyntaxError as error:
            raise error.in_file(file) from None
    return documents


def _texts(source: str | Path | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, Path):
        if not isinstance(source, str):
            raise UsageError(f"load takes WIT text, a Path or texts by their files, not {source!r}")
        if source.endswith(".wit") or re.fullmatch(r"(?!//|/\*)\S*[/\\]\S*", source):
            raise WitError(
                f"{source!r} is WIT text here: for a file or a folder, pass a pathlib.Path"
            )
        return {"": source}
    files = sorted(source.glob("*.wit")) if source.is_dir() else [source]
    try:
        return {file.name: file.read_text(encoding="utf-8") for file in files}
    except OSError as error:
        raise WitError(f"{error.filename} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise WitError(f"{source} holds what is no UTF-8: {error}") from None


def _linked(linker: Linker, written: tree.Interface) -> Interface:
    shapes = {t.name: linker.named(written.name, tree.Named(t.name, t.at)) for t in written.types}
    linker.check(written)
    return Interface(written, {name: _public(shape) for name, shape in shapes.items()})


def _public(shape: Shape) -> Any:
    """Return the class of a type, or the shape itself where other types share the class."""
    cls = shape.python
    return cls if isinstance(cls, type) and shape_of(cls) is shape else shape


@cache
def standard_types() -> Mapping[str, Shape]:
    """Return the shapes of Kinode's ``interface standard``."""
    written, linker = _read_standard()
    return {t.name: linker.named("standard", tree.Named(t.name, t.at)) for t in written.types}


@cache
def standard_interface() -> Interface:
    """Return Kinode's ``interface standard``, whose types any interface may use."""
    written, linker = _read_standard()
    return _linked(linker, written)


@cache
def _read_standard() -> tuple[tree.Interface, Linker]:
    document = parse(standard_text())
    return document.interfaces[0], Linker({"": document}, dict)
