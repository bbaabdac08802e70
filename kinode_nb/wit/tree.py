"""WIT text as a tree: what was written, before any name is looked up.

Doc comments are kept as ``doc``; ``at`` is where the name of a thing stands.
"""

from __future__ import annotations

import msgspec

from kinode_nb.wit.tokens import Position


class Primitive(msgspec.Struct, frozen=True):
    """A type with a name of its own in WIT, such as ``u64`` or ``string``."""

    name: str


class Named(msgspec.Struct, frozen=True):
    """A type by the name it was given in an interface."""

    name: str
    at: Position


class ListOf(msgspec.Struct, frozen=True):
    """``list<item>``."""

    item: Type


class OptionOf(msgspec.Struct, frozen=True):
    """``option<item>``."""

    item: Type


class TupleOf(msgspec.Struct, frozen=True):
    """``tuple<a, b, …>``."""

    items: tuple[Type, ...]


class ResultOf(msgspec.Struct, frozen=True):
    """``result<ok, err>``; a side that is ``_`` or not written is None."""

    ok: Type | None
    err: Type | None


Type = Primitive | Named | ListOf | OptionOf | TupleOf | ResultOf


class Field(msgspec.Struct, frozen=True):
    """A field of a record, or a parameter of a function."""

    name: str
    type: Type
    at: Position
    doc: str = ""


class Case(msgspec.Struct, frozen=True):
    """A case of a variant or an enum, or one of some flags; None when it carries nothing."""

    name: str
    type: Type | None
    at: Position
    doc: str = ""


class Record(msgspec.Struct, frozen=True):
    """``record name { field: type, … }``."""

    name: str
    fields: tuple[Field, ...]
    at: Position
    doc: str = ""


class Variant(msgspec.Struct, frozen=True):
    """``variant name { case, case(type), … }``."""

    name: str
    cases: tuple[Case, ...]
    at: Position
    doc: str = ""


class Enum(msgspec.Struct, frozen=True):
    """``enum name { case, … }``."""

    name: str
    cases: tuple[Case, ...]
    at: Position
    doc: str = ""


class Flags(msgspec.Struct, frozen=True):
    """``flags name { flag, … }``."""

    name: str
    cases: tuple[Case, ...]
    at: Position
    doc: str = ""


class Alias(msgspec.Struct, frozen=True):
    """``type name = target;``."""

    name: str
    target: Type
    at: Position
    doc: str = ""


class Use(msgspec.Struct, frozen=True):
    """One name out of ``use interface.{original as name};``.

    ``package`` is what stands before the interface: ``""``, or ``namespace:package``.
    """

    name: str
    interface: str
    original: str
    at: Position
    package: str = ""


TypeDefinition = Record | Variant | Enum | Flags | Alias | Use


class Function(msgspec.Struct, frozen=True):
    """``name: func(parameter: type, …) -> result;``; None when it returns nothing."""

    name: str
    parameters: tuple[Field, ...]
    result: Type | None
    at: Position
    doc: str = ""


class Interface(msgspec.Struct, frozen=True):
    """``interface name { … }``."""

    name: str
    types: tuple[TypeDefinition, ...]
    functions: tuple[Function, ...]
    at: Position
    doc: str = ""
    package: str = ""


class WorldItem(msgspec.Struct, frozen=True):
    """What a world imports, exports or includes: ``verb`` says which.

    ``function`` is set when the world imports or exports that function itself, ``interface`` when
    it does so with an interface that is written there.
    """

    verb: str
    name: str
    function: Function | None = None
    interface: Interface | None = None
    package: str = ""


class World(msgspec.Struct, frozen=True):
    """``world name { … }``."""

    name: str
    items: tuple[WorldItem, ...]
    at: Position
    doc: str = ""
    types: tuple[TypeDefinition, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """Everything that stands in one WIT text."""

    interfaces: tuple[Interface, ...]
    worlds: tuple[World, ...]
    package: str = ""
    """``namespace:package`` as declared, without its version; ``""`` where it is not."""
