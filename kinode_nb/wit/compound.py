"""The shapes that are made of others: lists, options, tuples and results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import GenericAlias
from typing import Any

from kinode_nb.wit.scalars import SCALARS
from kinode_nb.wit.shape import MismatchError, Shape, expected_json, expected_value, inside
from kinode_nb.wit.values import Err, Ok

_INT = frozenset({int})


def list_of(item: Shape) -> Shape:
    """``list<T>``: a list, and an array in JSON; ``list<u8>`` is bytes."""
    if item is SCALARS["u8"]:
        return _bytes(item)

    def lower(value: Any) -> list[Any]:
        if isinstance(value, list | tuple):
            return each(item.lower, value)
        raise MismatchError(expected_value, "a list", value)

    def lift(raw: Any) -> list[Any]:
        if type(raw) is list:
            return each(item.lift, raw)
        raise MismatchError(expected_json, "an array", raw)

    return Shape(
        f"list<{item.wit}>", GenericAlias(list, (item.python,)), lower, lift, flags=item.flags
    )


def each(convert: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Return the items converted; a MismatchError gets the index into its path."""
    done: list[Any] = []
    try:
        for item in items:
            done.append(convert(item))  # noqa: PERF401 - its length is the index that failed
    except MismatchError as error:
        error.path.append(f"[{len(done)}]")
        raise
    return done


def _bytes(item: Shape) -> Shape:
    def lower(value: Any) -> list[int]:
        if isinstance(value, bytes | bytearray | memoryview):
            return list(bytes(value))
        if isinstance(value, list | tuple):
            return each(item.lower, value)
        raise MismatchError(expected_value, "bytes", value)

    def lift(raw: Any) -> bytes:
        if type(raw) is not list:
            raise MismatchError(expected_json, "an array of bytes", raw)
        # bytes() takes True for 1, so only what is all ints goes to it unchecked.
        if _INT.issuperset(map(type, raw)):
            try:
                return bytes(raw)
            except ValueError:
                pass
        return bytes(each(item.lift, raw))

    return Shape("list<u8>", bytes, lower, lift)


def option_of(item: Shape) -> Shape:
    """``option<T>``: the value or None, and null in JSON; options in options are one."""

    def lower(value: Any) -> Any:
        return None if value is None else item.lower(value)

    def lift(raw: Any) -> Any:
        return None if raw is None else item.lift(raw)

    wit, python = f"option<{item.wit}>", item.python | None
    return Shape(wit, python, lower, lift, optional=True, flags=item.flags)


def tuple_of(items: tuple[Shape, ...]) -> Shape:
    """``tuple<A, B>``: a tuple, and an array of just that length in JSON."""
    what = f"{len(items)} item{'s' if len(items) > 1 else ''}"
    lowers, lifts = [i.lower for i in items], [i.lift for i in items]

    def lower(value: Any) -> list[Any]:
        if isinstance(value, list | tuple) and len(value) == len(lowers):
            return in_turn(lowers, value)
        raise MismatchError(expected_value, f"a tuple of {what}", value)

    def lift(raw: Any) -> tuple[Any, ...]:
        if type(raw) is list and len(raw) == len(lifts):
            return tuple(in_turn(lifts, raw))
        raise MismatchError(expected_json, f"an array of {what}", raw)

    wit = f"tuple<{', '.join(i.wit for i in items)}>"
    python = GenericAlias(tuple, tuple(i.python for i in items))
    return Shape(wit, python, lower, lift, flags=next((i.flags for i in items if i.flags), ""))


def in_turn(converts: Iterable[Callable[[Any], Any]], items: Iterable[Any]) -> list[Any]:
    """Return as `each` does, every item with a conversion of its own."""
    pairs = iter(zip(converts, items, strict=True))
    return each(lambda pair: pair[0](pair[1]), pairs)


def result_of(ok: Shape | None, err: Shape | None) -> Shape:
    """``result<T, E>``: an `Ok` or an `Err`; ``{"Ok": …}`` or ``{"Err": …}`` in JSON."""
    ok_side, err_side = ok or UNIT, err or UNIT
    lowers: dict[type, tuple[str, Callable[[Any], Any]]]
    lowers = {Ok: ("Ok", ok_side.lower), Err: ("Err", err_side.lower)}
    lifts: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]
    lifts = {"Ok": (Ok, ok_side.lift), "Err": (Err, err_side.lift)}

    def lower(value: Any) -> dict[str, Any]:
        if type(value) not in lowers:
            raise MismatchError(expected_value, "Ok(…) or Err(…)", value)
        name, side = lowers[type(value)]
        return {name: inside(name, side, value.value)}

    def lift(raw: Any) -> Any:
        if type(raw) is not dict or len(raw) != 1 or not lifts.keys() >= raw.keys():
            raise MismatchError(expected_json, '{"Ok": …} or {"Err": …}', raw)
        [(name, item)] = raw.items()
        kind, side = lifts[name]
        return kind(inside(name, side, item))

    return Shape(_result_wit(ok, err), Ok | Err, lower, lift, flags=ok_side.flags or err_side.flags)


def _result_wit(ok: Shape | None, err: Shape | None) -> str:
    if err is not None:
        return f"result<{ok.wit if ok else '_'}, {err.wit}>"
    return f"result<{ok.wit}>" if ok else "result"


def _unit() -> Shape:
    """The side of a result that was left out, Rust's ``()``: None, and null in JSON."""

    def lower(value: Any) -> None:
        if value is not None:
            raise MismatchError(expected_value, "nothing, as this side carries none", value)

    def lift(raw: Any) -> None:
        if raw is not None:
            raise MismatchError(expected_json, "null", raw)

    return Shape("_", None, lower, lift)


UNIT = _unit()
