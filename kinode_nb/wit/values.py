"""The classes of values: results, and what is made for each record, variant, enum and flags."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

import msgspec

from kinode_nb.wit.frozen import Frozen, FrozenEnum, FrozenStruct, Members
from kinode_nb.wit.names import json_field, python_name, upper_camel

T_co = TypeVar("T_co", covariant=True)


# In JSON the field's name is the case's, so msgspec alone writes Kinode's form of it.
class Ok(msgspec.Struct, Generic[T_co], frozen=True, rename={"value": "Ok"}):
    """The good side of a ``result<T, E>``: ``{"Ok": value}`` in JSON, null when there is no T."""

    value: T_co = cast("Any", None)

    if TYPE_CHECKING:  # what is not given is None

        @overload
        def __init__(self: Ok[None]) -> None: ...
        @overload
        def __init__(self, value: T_co) -> None: ...
        def __init__(self, value: Any = None) -> None: ...

    def __repr__(self) -> str:
        return f"Ok({'' if self.value is None else repr(self.value)})"


class Err(msgspec.Struct, Generic[T_co], frozen=True, rename={"value": "Err"}):
    """The bad side of a ``result<T, E>``: ``{"Err": value}`` in JSON, null when there is no E."""

    value: T_co = cast("Any", None)

    if TYPE_CHECKING:

        @overload
        def __init__(self: Err[None]) -> None: ...
        @overload
        def __init__(self, value: T_co) -> None: ...
        def __init__(self, value: Any = None) -> None: ...

    def __repr__(self) -> str:
        return f"Err({'' if self.value is None else repr(self.value)})"


class Variant:
    """What the class of every variant derives from, as the classes of its cases derive from it.

    ``api.Request`` is such a class, and ``api.Request.Send(value)`` makes a value of it. A value
    is frozen, equal to its like, and hashable where what it carries is.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __init__(self) -> None: ...

    else:  # whatever it is called with

        def __init__(self, *_: object, **__: object) -> None:
            cases = [case for case in vars(type(self)).values() if isinstance(case, type)]
            names = ", ".join(case.__qualname__ for case in cases)
            raise TypeError(f"{type(self).__name__} is a variant: make one of its cases, {names}")


class Bare:
    """What a case's class has when the case carries nothing."""

    __slots__ = ()
    __match_args__ = ()

    def __init__(self, *values: object) -> None:
        if values:
            raise TypeError(f"{type(self).__qualname__} carries nothing: call it without a value")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}()"


def _repr_of_case(self: Any) -> str:
    return f"{type(self).__qualname__}({self.value!r})"


class _Enum(Members, enum.Enum, metaclass=FrozenEnum):
    """What the enums derive from."""


class _Flag(Members, enum.Flag, metaclass=FrozenEnum):
    """What the flags derive from."""


class FieldSpec(msgspec.Struct, frozen=True):
    """A field of a record: its name in WIT, its annotation, whether it may be left out."""

    name: str
    python: Any
    optional: bool


def record_class(name: str, module: str, doc: str, fields: Sequence[FieldSpec]) -> type:
    """Return a frozen Struct with the fields in order; options at the end may be left out."""
    required = len(fields)
    while required and fields[required - 1].optional:
        required -= 1
    members: list[Any] = []
    for index, field in enumerate(fields):
        attribute = python_name(json_field(field.name))
        default = () if index < required else (None,)
        members.append((attribute, field.python, *default))
    rename = {python_name(json_field(f.name)): json_field(f.name) for f in fields}
    namespace = {"__doc__": doc or f"The record ``{name}``.", "__module__": module}
    return _struct(upper_camel(name), (msgspec.Struct,), members, rename, namespace)


def variant_class(name: str, module: str, doc: str) -> type[Variant]:
    """Return the class of a variant, which is still without cases."""
    namespace = {
        "__slots__": (),
        "__module__": module,
        "__doc__": doc or f"The variant ``{name}``.",
    }
    return cast("type[Variant]", Frozen(upper_camel(name), (Variant,), namespace))


def _struct(
    name: str,
    bases: tuple[type, ...],
    members: Sequence[tuple[Any, ...]],
    rename: dict[str, str],
    namespace: dict[str, Any],
) -> type:
    """Return what `msgspec.defstruct` does, of a class that is frozen itself."""
    namespace["__annotations__"] = {member[0]: member[1] for member in members}
    namespace.update({attribute: default[0] for attribute, _, *default in members if default})
    made = cast("Any", FrozenStruct)(name, bases, namespace, frozen=True, rename=rename)
    return cast("type", made)


def case_class(variant: type[Variant], name: str, doc: str, payload: Any) -> type:
    """Return the class of a case, made an attribute of its variant's; ``payload`` an annotation.

    A case that carries nothing has the payload None.
    """
    json_name = upper_camel(name)
    attribute = python_name(json_name)
    namespace: dict[str, Any] = {
        "__doc__": doc or f"The case ``{name}``.",
        "__module__": variant.__module__,
        "__qualname__": f"{variant.__name__}.{attribute}",
    }
    if payload is None:
        case: type = Frozen(attribute, (Bare, variant), {"__slots__": (), **namespace})
    else:
        case = _struct(
            attribute,
            (variant, msgspec.Struct),
            [("value", payload)],
            {"value": json_name},
            {"__repr__": _repr_of_case, **namespace},
        )
    setattr(variant, attribute, case)
    return case


def enum_class(name: str, module: str, doc: str, cases: Sequence[str]) -> type[enum.Enum]:
    """Return an Enum with a member for each case, whose value is the case as it stands in JSON."""
    members = [(python_name(upper_camel(case)), upper_camel(case)) for case in cases]
    made = cast("Any", _Enum)(upper_camel(name), members, module=module)
    made.__doc__ = doc or f"The enum ``{name}``."
    return cast("type[enum.Enum]", made)


def flags_class(name: str, module: str, doc: str, flags: Sequence[str]) -> type[enum.Flag]:
    """Return a Flag with a bit for each flag, the first one's lowest."""
    members = [(python_name(upper_camel(flag)), 1 << bit) for bit, flag in enumerate(flags)]
    made = cast("Any", _Flag)(upper_camel(name), members, module=module)
    made.__doc__ = doc or f"The flags ``{name}``."
    return cast("type[enum.Flag]", made)
