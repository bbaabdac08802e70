"""JSON files that people write, read so that a mistake names the file, the field and the remedy."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from kinode_nb.types.errors import PackageError

T = TypeVar("T")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_BYTE = re.compile(r"(?P<problem>.*) \(byte (?P<byte>\d+)\)\Z")


def read_json(data: bytes, kind: type[T], where: str, examples: Mapping[str, str]) -> T:
    """Return what JSON text says, as ``kind``; raises PackageError.

    ``where`` names the file; ``examples`` have, by a field's name, what may be written there.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        if " - at `$[...]" in text:
            text = text.replace("$[...]", f"${_wrong_key(data, kind)}", 1)
        raise PackageError(f"{where}: {_fault(text, examples)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PackageError(f"{where} cannot be read: {_place(str(error), data)}") from None


def _wrong_key(data: bytes, kind: Any) -> str:
    """Return the first key of an object whose value is not what ``kind`` has there."""
    for key, value in msgspec.json.decode(data).items():
        try:
            msgspec.convert({key: value}, kind)
        except msgspec.ValidationError:
            return str(key)
    return "[...]"


def _fault(text: str, examples: Mapping[str, str]) -> str:
    problem, _, place = text.partition(" - at `$")
    place = place.removesuffix("`").lstrip(".")
    missing = _MISSING.match(problem)
    if missing is not None:
        place, problem = f"{place}.{missing[1]}".lstrip("."), "is missing"
    else:
        problem = f"is wrong: {problem[:1].lower()}{problem[1:]}"
    example = examples.get(place.rpartition(".")[2].partition("[")[0])
    shown = place or "what it holds"
    return f"{shown} {problem}; write {example}" if example else f"{shown} {problem}"


def _place(text: str, data: bytes) -> str:
    """Return msgspec's text of a syntax error, with line and column for the byte."""
    found = _BYTE.match(text)
    if found is None:
        return text.replace("Input data was truncated", "it ends too soon")
    before = data[: int(found["byte"])]
    line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
    return f"line {line}, column {column}: {found['problem']}"
