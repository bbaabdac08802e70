"""The shapes of WIT's primitive types."""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable
from typing import Any

from kinode_nb.wit.shape import MismatchError, Shape, expected_json, expected_value

# Nine digits always tell one f32 from the next; six are always kept by one.
_F32_DIGITS = range(6, 10)


def _exactly(kind: type, what: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    def lower(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise MismatchError(expected_value, what, value)

    def lift(raw: Any) -> Any:
        if type(raw) is kind:
            return raw
        raise MismatchError(expected_json, what, raw)

    return lower, lift


def _integer(name: str, low: int, high: int) -> Shape:
    what = f"a whole number from {low} to {high} ({name})"

    def lower(value: Any) -> int:
        number = value if type(value) is int else _index(value, what)
        if low <= number <= high:
            return number
        raise MismatchError(expected_value, what, value)

    def lift(raw: Any) -> int:
        if type(raw) is int and low <= raw <= high:
            return raw
        raise MismatchError(expected_json, what, raw)

    return Shape(name, int, lower, lift)


def _index(value: Any, what: str) -> int:
    """Return numpy's and other whole numbers as int; a bool is none."""
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise MismatchError(expected_value, what, value)
    return operator.index(value)


def _float(name: str, rounded: Callable[[float], float]) -> Shape:
    def lower(value: Any) -> float:
        number = hasattr(type(value), "__float__") or hasattr(type(value), "__index__")
        if isinstance(value, bool) or not number:
            raise MismatchError(expected_value, f"a number ({name})", value)
        return rounded(_as_float(value))

    def lift(raw: Any) -> float:
        if type(raw) is float or type(raw) is int:
            return rounded(_as_float(raw))
        raise MismatchError(expected_json, f"a number ({name})", raw)

    return Shape(name, float, lower, lift)


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        raise MismatchError(expected_json, "a number that fits in 64 bits", number) from None


def _to_f32(number: float) -> float:
    """Return the float whose shortest decimal text is that of the nearest f32, as Rust has it."""
    try:
        packed = struct.pack("<f", number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    candidates = (float(f"{number:.{digits}g}") for digits in _F32_DIGITS)
    return next((c for c in candidates if _packs_to(packed, c)), number)


def _packs_to(packed: bytes, number: float) -> bool:
    try:
        return struct.pack("<f", number) == packed
    except OverflowError:
        return False


def _char() -> Shape:
    what = "one character"

    def lower(value: Any) -> str:
        if isinstance(value, str) and len(value) == 1:
            return str(value)
        raise MismatchError(expected_value, what, value)

    def lift(raw: Any) -> str:
        if type(raw) is str and len(raw) == 1:
            return raw
        raise MismatchError(expected_json, what, raw)

    return Shape("char", str, lower, lift)


def _string() -> Shape:
    _, lift = _exactly(str, "a string")

    def lower(value: Any) -> str:
        if type(value) is str:
            return value
        if isinstance(value, str):
            return str(value)
        raise MismatchError(expected_value, "a string", value)

    return Shape("string", str, lower, lift)


SCALARS = {
    shape.wit: shape
    for shape in (
        Shape("bool", bool, *_exactly(bool, "true or false")),
        *(_integer(f"u{bits}", 0, 2**bits - 1) for bits in (8, 16, 32, 64)),
        *(
            _integer(f"s{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            for bits in (8, 16, 32, 64)
        ),
        _float("f32", _to_f32),
        _float("f64", float),
        _char(),
        _string(),
    )
}
