"""What ``$name`` and ``{expression}`` stand for: the notebook's values, as text for a line."""

import json
from collections.abc import Mapping
from typing import Any

from kinode_nb.notebook.words import Expand
from kinode_nb.types import UsageError

_PLAIN = (str, int, float, bytes)


def expander(names: Mapping[str, Any]) -> Expand:
    """Return what evaluates expressions in these names, for `words.split`."""

    def expand(code: str) -> str | None:
        if code.startswith("("):
            return text_of(_evaluate(code, names))
        found, value = _look_up(code, names)
        return text_of(value) if found else None

    return expand


def text_of(value: Any) -> str:
    """Return a value as a person would type it: a dict or a list as JSON, a node by its name."""
    if isinstance(value, dict | list | tuple):
        return _json(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    for name in ("name", "id"):  # a Node, a Transfer
        if type(value).__module__.startswith("kinode_nb.") and isinstance(
            text := getattr(value, name, None), str
        ):
            return text
    return str(value)


def _json(value: Any) -> str:
    try:
        # No spaces: at a terminal one would begin the next word.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise UsageError(f"this value cannot be written as JSON: {error}") from None


def _evaluate(code: str, names: Mapping[str, Any]) -> Any:
    try:
        # The person's own code, in the person's own names. A real dict, and one for both: a
        # comprehension inside sees only globals.
        return eval(code, dict(names))  # noqa: S307
    except Exception as error:  # noqa: BLE001  any expression may raise anything
        shown = f"{{{code[1:-1]}}}"
        raise UsageError(
            f"{shown}: {type(error).__name__}: {error}. Single quotes keep braces as they are"
        ) from None


def _look_up(dotted: str, names: Mapping[str, Any]) -> tuple[bool, Any]:
    """Find ``name`` or ``name.attribute``; in ``$i.dev`` the rest of a plain value is text."""
    first, *rest = dotted.split(".")
    if first not in names:
        return False, None
    value = names[first]
    for attribute in rest:
        if isinstance(value, _PLAIN) or not hasattr(value, attribute):
            return False, None
        value = getattr(value, attribute)
    return True, value
