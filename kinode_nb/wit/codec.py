"""JSON bodies: values of WIT types -> bytes and back, by the mapping that Kinode's processes use.

That mapping is serde_json's for the types that wit-bindgen makes of the same WIT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import UnionType
from typing import Any, TypeVar, overload

import msgspec

from kinode_nb.wit.compound import each
from kinode_nb.wit.errors import WitBodyError, WitError
from kinode_nb.wit.shape import MismatchError, Shape, expected_value, shape_of
from kinode_nb.wit.values import Err, Ok

_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_E = TypeVar("_E")
_F = TypeVar("_F")

_ATOMS = frozenset({str, int, float, bool, type(None)})


def encode(value: Any, type_: type | Shape | UnionType | None = None) -> bytes:
    """Return a value of a WIT type as compact JSON.

    ``type_`` says which type when the value's class does not: a ``list<string>``, say. Raises
    WitError, such as ``at $.Send.target: expected a string, got 3``.
    """
    shape = shape_of(type(value)) if type_ is None else _shape(type_)
    if shape is None:
        raise WitError(expected_value("a value of a WIT type (to_json takes any)", value))
    return _write(shape.lower, value)


def to_json(value: Any) -> bytes:
    """Return anything as compact JSON; raises WitError.

    Values of WIT types are as `encode` has them, inside dicts, lists and tuples too; everything
    else is as msgspec has it.
    """
    return _write(_plain, value)


@overload
def decode(type_: type[_A], body: bytes) -> _A: ...
@overload
def decode(type_: Shape | UnionType, body: bytes) -> Any: ...
def decode(type_: Any, body: bytes) -> Any:
    """Return the value that a JSON body has as a WIT type: ``decode(api.Request, message.body)``.

    Raises WitBodyError, such as ``at $.Send.target: expected a string, got 3``.
    """
    shape, raw = _shape(type_), _read(body)
    try:
        return shape.lift(raw)
    except MismatchError as error:
        # As it stands: its text is dear, and often nobody reads it.
        raise WitBodyError(error.with_traceback(None)) from None


@overload
def decode_any(types: tuple[type[_A]], body: bytes) -> _A: ...
@overload
def decode_any(types: tuple[type[_A], type[_B]], body: bytes) -> _A | _B: ...
@overload
def decode_any(types: tuple[type[_A], type[_B], type[_C]], body: bytes) -> _A | _B | _C: ...
@overload
def decode_any(
    types: tuple[type[_A], type[_B], type[_C], type[_D]], body: bytes
) -> _A | _B | _C | _D: ...
@overload
def decode_any(
    types: tuple[type[_A], type[_B], type[_C], type[_D], type[_E]], body: bytes
) -> _A | _B | _C | _D | _E: ...
@overload
def decode_any(
    types: tuple[type[_A], type[_B], type[_C], type[_D], type[_E], type[_F]], body: bytes
) -> _A | _B | _C | _D | _E | _F: ...
@overload
def decode_any(types: Iterable[type | Shape], body: bytes) -> Any: ...
def decode_any(types: Iterable[Any], body: bytes) -> Any:
    """Return the value of the first of the types that a JSON body fits, in the order given.

    So Kinode's processes tell their messages apart, with serde's untagged ``enum Msg``. Raises
    WitBodyError when none fits; its notes say why not, type by type.
    """
    shapes, raw = [_shape(type_) for type_ in types], _read(body)
    for shape in shapes:
        try:
            return shape.lift(raw)
        except MismatchError:
            continue
    raise _no_match(shapes, raw)


def _no_match(shapes: Iterable[Shape], raw: Any) -> WitBodyError:
    # Lifted once more, as the reasons are wanted only now and an exception that is kept for later
    # keeps its frame, and the frame keeps it.
    failure = WitBodyError("data did not match any variant of untagged enum Msg")
    for shape in shapes:
        try:
            shape.lift(raw)
        except MismatchError as error:
            failure.add_note(f"{shape.wit}: {error}")
    return failure


def _shape(type_: Any) -> Shape:
    if isinstance(type_, Shape):
        return type_
    shape = shape_of(type_) if isinstance(type_, type) else None
    if shape is None:
        raise WitError(f"{type_!r} is no WIT type: take one from an interface, as api.Request")
    if shape.python is not type_:
        name = shape.python.__name__
        raise WitError(f"{type_.__qualname__} is one case of a variant: name the variant, {name}")
    return shape


def _read(body: bytes) -> Any:
    if not body:
        raise WitBodyError("the body is empty, not JSON")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WitBodyError(f"the body is not JSON: {error}") from error


def _write(lower: Callable[[Any], Any], value: Any) -> bytes:
    try:
        return _ENCODER.encode(lower(value))
    except MismatchError as error:
        raise WitError(str(error)) from None
    except RecursionError as error:
        raise WitError("the value contains itself, or is nested too deeply for JSON") from error
    except (TypeError, ValueError, OverflowError, msgspec.EncodeError) as error:
        raise WitError(f"the value cannot be JSON: {error}") from error


def _plain(value: Any) -> Any:
    """Return any value with those of WIT types in it lowered, the rest for msgspec to write."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return value if _ATOMS.issuperset(map(type, value.values())) else _plain_object(value)
    if kind is list or kind is tuple:
        return value if _ATOMS.issuperset(map(type, value)) else each(_plain, value)
    if (shape := shape_of(kind)) is not None:
        return shape.lower(value)
    if kind is Ok or kind is Err:
        return _plain_object({kind.__name__: value.value})
    return value


def _plain_object(value: dict[Any, Any]) -> dict[Any, Any]:
    plain: dict[Any, Any] = {}
    key: Any = None
    try:
        for key, item in value.items():
            plain[key] = _plain(item)
    except MismatchError as error:
        error.path.append(f".{key}")
        raise
    return plain


def _foreign(value: Any) -> Any:
    """Return what msgspec does not know as what it does: WIT values in objects, numpy's numbers."""
    if shape_of(type(value)):
        return _plain(value)
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__qualname__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_foreign)
