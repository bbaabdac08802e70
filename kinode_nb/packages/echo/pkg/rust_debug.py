"""JSON values as Rust shows them when it debugs (``{:?}`` of serde_json's ``Value``)."""

from typing import Any

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def shown(value: Any) -> str:  # JSON enters here
    """Return such text as ``String("hi")`` or ``Array [Number(1), Null]``."""
    match value:
        case None:
            return "Null"
        case bool():
            return f"Bool({str(value).lower()})"
        case int() | float():
            return f"Number({value})"
        case str():
            return f"String({_quoted(value)})"
        case list():
            return f"Array [{', '.join(map(shown, value))}]"
        case _:
            pairs = (f"{_quoted(name)}: {shown(value[name])}" for name in sorted(value))
            return f"Object {{{', '.join(pairs)}}}"


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"
