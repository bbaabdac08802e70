"""The shape of a type: how its values become JSON data, and JSON data its values."""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Any

import msgspec


class MismatchError(Exception):
    """Data that is not of a shape; on its way up, each container adds its part of the path.

    The text is made only when somebody reads it: an untagged enum goes through a few of these
    before the type that fits, and throws them away.
    """

    def __init__(self, say: Callable[..., str], *about: object) -> None:
        """Keep how to say what is wrong, and what to say it of."""
        super().__init__()
        self._say, self._about = say, about
        self.path: list[str] = []

    def __str__(self) -> str:
        """Return ``at $.Send.target: expected a string, got 3``."""
        return f"at ${''.join(reversed(self.path))}: {self._say(*self._about)}"


class Shape(msgspec.Struct, frozen=True, eq=False):
    """One WIT type, ready for use.

    ``wit`` is its WIT text; ``python`` the class of its values, or their annotation. ``lower``
    takes such a value to what msgspec writes as JSON, ``lift`` takes parsed JSON to a value; both
    raise MismatchError. ``optional`` says that a record may leave a field of this shape out;
    ``flags`` names flags that are in it, which no message can have.
    """

    wit: str
    python: Any
    lower: Callable[[Any], Any]
    lift: Callable[[Any], Any]
    optional: bool = False
    flags: str = ""

    def __repr__(self) -> str:
        return f"<wit {self.wit}>"

    # An alias stands in annotations as well, and those may be evaluated: `names: Names | None`.
    def __or__(self, other: Any) -> Any:
        return self.python | (other.python if isinstance(other, Shape) else other)

    def __ror__(self, other: Any) -> Any:
        return other | self.python


# On the class itself, so that a type goes with the last who knows it; a case of a variant has that
# of the variant. Only Kinode's own few, which classes of another layer stand for, are kept here.
_ATTRIBUTE = "__wit_shape__"
_FOREIGN: dict[type, Shape] = {}


def shape_of(cls: type) -> Shape | None:
    """Return the shape of a class of values; None when it is of no WIT type."""
    return getattr(cls, _ATTRIBUTE, None) or _FOREIGN.get(cls)


def keep_shape(shape: Shape, *, foreign: bool = False) -> Shape:
    """Let the class of a shape's values know it, and return the shape."""
    if foreign:
        return _FOREIGN.setdefault(shape.python, shape)
    setattr(shape.python, _ATTRIBUTE, shape)
    return shape


def inside(name: str, convert: Callable[[Any], Any], item: Any) -> Any:
    """Return the item converted; a MismatchError gets the name into its path."""
    try:
        return convert(item)
    except MismatchError as error:
        error.path.append(f".{name}")
        raise


def expected_json(what: str, got: object) -> str:
    """Say that parsed JSON is something else."""
    return f"expected {what}, got {as_json(got)}"


def expected_value(what: str, got: object) -> str:
    """Say that a Python value is something else."""
    if isinstance(got, type) and shape_of(got):
        return f"expected {what}, got the class {got.__qualname__}: call it"
    return f"expected {what}, got {reprlib.repr(got)}"


def as_json(value: object) -> str:
    """Return parsed JSON as part of an error's one line: the gist of it when it is long."""
    match value:
        case dict():
            return "an object"
        case list():
            return f"an array of {len(value)}"
        case str() if len(value) > 40:  # noqa: PLR2004 - as much as a line can hold
            return msgspec.json.encode(value[:40] + "…").decode()
        case _:
            return msgspec.json.encode(value).decode()
