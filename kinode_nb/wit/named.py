"""The shapes of types with names: records, variants, enums and flags.

A record is an object in JSON; a variant's case is ``{"FooBar": T}``, or ``"FooBar"`` when it
carries nothing; an enum is ``"FooBar"``. What is accepted beyond that is what serde_json accepts
of derived types: keys nobody knows, an array in place of a record, ``{"FooBar": null}``. One
thing is not seen here that serde refuses: a key that stands twice in one object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, Flag
from typing import Any, NoReturn

from kinode_nb.types.errors import nearest
from kinode_nb.wit.compound import in_turn
from kinode_nb.wit.names import json_field, python_name
from kinode_nb.wit.shape import MismatchError, Shape, as_json, expected_json, expected_value, inside
from kinode_nb.wit.values import Variant

_MISSING = object()


def record(wit: str, cls: type, fields: Sequence[tuple[str, Shape]]) -> Shape:
    """The shape of a record: ``cls`` takes the fields in order and has them as attributes."""
    keys = [json_field(name) for name, _ in fields]
    shapes = [shape for _, shape in fields]
    lowers = [(k, python_name(k), s.lower) for k, s in zip(keys, shapes, strict=True)]
    lifts = [(k, s.lift, s.optional) for k, s in zip(keys, shapes, strict=True)]
    in_order = [shape.lift for shape in shapes]

    def lower(value: Any) -> dict[str, Any]:
        if not isinstance(value, cls):
            raise MismatchError(expected_value, cls.__name__, value)
        return _lower_fields(lowers, value)

    def lift(raw: Any) -> Any:
        if type(raw) is dict:
            return cls(*_lift_fields(lifts, raw))
        if type(raw) is list and len(raw) == len(in_order):
            return cls(*in_turn(in_order, raw))
        raise MismatchError(expected_json, f"an object with the fields of {wit}", raw)

    return Shape(wit, cls, lower, lift)


def _lower_fields(plan: list[tuple[str, str, Callable[[Any], Any]]], value: Any) -> dict[str, Any]:
    lowered: dict[str, Any] = {}
    key = ""
    try:
        for key, attribute, lower in plan:
            lowered[key] = lower(getattr(value, attribute))
    except MismatchError as error:
        error.path.append(f".{key}")
        raise
    return lowered


def _lift_fields(
    plan: list[tuple[str, Callable[[Any], Any], bool]], raw: dict[str, Any]
) -> list[Any]:
    lifted: list[Any] = []
    key = ""
    try:
        for key, lift, optional in plan:
            item = raw.get(key, _MISSING)
            if item is not _MISSING:
                lifted.append(lift(item))
            elif optional:
                lifted.append(None)
            else:
                raise MismatchError(_missing_field, raw)  # noqa: TRY301 - its path is added below
    except MismatchError as error:
        error.path.append(f".{key}")
        raise
    return lifted


def _missing_field(raw: dict[str, Any]) -> str:
    return f"missing field, found {', '.join(map(as_json, [*raw][:9])) or 'none'}"


def variant(wit: str, cls: type[Variant], cases: Mapping[str, tuple[type, Shape | None]]) -> Shape:
    """The shape of a variant; ``cases`` are by their names in JSON, None carries nothing."""
    lowers = {kind: (name, s.lower if s else None) for name, (kind, s) in cases.items()}
    lifts = {name: (kind, s.lift) if s else (kind(), None) for name, (kind, s) in cases.items()}

    def lower(value: Any) -> Any:
        found = lowers.get(type(value))
        if found is None:
            raise MismatchError(expected_value, f"a case of {cls.__name__}", value)
        name, payload = found
        return name if payload is None else {name: inside(name, payload, value.value)}

    def lift(raw: Any) -> Any:
        name, item = _tagged(wit, raw)
        found = lifts.get(name)
        if found is None:
            raise MismatchError(_unknown_case, wit, name, lifts)
        made, payload = found
        if payload is None:
            _check_bare(name, item)
            return made
        if item is _MISSING:
            raise MismatchError(_bare_case, name)
        return made(inside(name, payload, item))

    return Shape(wit, cls, lower, lift)


def enum(wit: str, cls: type[Enum]) -> Shape:
    """The shape of an enum, whose members' values are what stands in JSON."""
    members = {member.value: member for member in cls}

    def lower(value: Any) -> Any:
        if type(value) is cls:
            return value.value
        raise MismatchError(expected_value, f"a member of {cls.__name__}", value)

    def lift(raw: Any) -> Enum:
        name, item = _tagged(wit, raw)
        if name not in members:
            raise MismatchError(_unknown_case, wit, name, members)
        _check_bare(name, item)
        return members[name]

    return Shape(wit, cls, lower, lift)


def flags(wit: str, cls: type[Flag]) -> Shape:
    """The shape of flags, which have no JSON: wit-bindgen 0.36 derives no serde for them."""

    def refuse(_: Any) -> NoReturn:
        raise MismatchError(_no_flags, wit)

    return Shape(wit, cls, refuse, refuse, flags=wit)


def _tagged(wit: str, raw: Any) -> tuple[str, Any]:
    """Return the case's name and what it carries, which may be _MISSING."""
    if type(raw) is str:
        return raw, _MISSING
    if type(raw) is dict and len(raw) == 1:
        [(name, item)] = raw.items()
        return name, item
    raise MismatchError(expected_json, f'"Case" or {{"Case": …}} of {wit}', raw)


def _check_bare(name: str, item: Any) -> None:
    if item is not _MISSING and item is not None:
        error = MismatchError(expected_json, "null, as this case carries nothing", item)
        error.path.append(f".{name}")
        raise error


def _unknown_case(wit: str, name: str, cases: Mapping[str, object]) -> str:
    return f"{wit} has no case {as_json(name)}, only {', '.join(cases)}.{nearest(name, cases)}"


def _bare_case(name: str) -> str:
    return f'the case "{name}" carries a value: write {{"{name}": …}}'


def _no_flags(wit: str) -> str:
    return f"flags have no JSON in Kinode: make {wit} a list of an enum"
