"""Python source, laid out as ruff's formatter would leave it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100  # columns, as kinode_nb's own code has


def bracketed(opening: str, items: Sequence[str], closing: str, indent: int = 0) -> list[str]:
    """Return the lines of a call, a def or a subscript: one, three, or one an item."""
    left = " " * indent
    whole = f"{left}{opening}{', '.join(items)}{closing}"
    if len(whole) <= WIDTH or not items:
        return [whole]
    inner = f"{left}    {', '.join(items)}"
    alone = len(items) == 1 and "def " in opening  # the formatter gives it a comma in any case
    on_one = len(inner) <= WIDTH and not alone
    middle = [inner] if on_one else [f"{left}    {item}," for item in items]
    return [f"{left}{opening}", *middle, f"{left}{closing}"]


def listed(opening: str, items: Sequence[str], closing: str) -> list[str]:
    """Return the lines of a list or an import: one, or one an item."""
    whole = f"{opening}{', '.join(items)}{closing}"
    if len(whole) <= WIDTH:
        return [whole]
    return [opening, *(f"    {item}," for item in items), closing]


def imported(module: str, names: Sequence[str], indent: int = 0) -> list[str]:
    """Return the lines of ``from module import names``."""
    left, start = " " * indent, f"from {module} import "
    whole = f"{left}{start}{', '.join(names)}"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"{left}{start}(", *(f"{left}    {name}," for name in names), f"{left})"]


def alias(name: str, target: str, indent: int = 0, *, deeper: int = 0) -> list[str]:
    """Return the lines of a type's alias, whose target is text: it may come further down.

    Lines that will stand ``deeper`` are as long as that allows.
    """
    left, start = " " * indent, f"{name}: typing.TypeAlias ="
    whole = f'{left}{start} "{target}"'
    inner = f'{left}    "{target}"'
    if len(whole) + deeper <= WIDTH or len(inner) + deeper > WIDTH:
        return [whole]
    return [f"{left}{start} (", inner, f"{left})"]


def docstring(text: str, indent: int = 0, *, deeper: int = 0) -> list[str]:
    """Return the lines of a docstring; lines that are too long are wrapped."""
    left = " " * indent
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    lines = list(_wrapped(safe.splitlines(), WIDTH - deeper - indent - len('"""' * 2)))
    first = lines[0] if lines else ""
    if len(lines) < 2:  # noqa: PLR2004 - one line, and its quotes beside it
        end = " " if first.endswith('"') else ""
        return [f'{left}"""{first}{end}"""']
    rest = [f"{left}{line}".rstrip() for line in lines[1:]]
    return [f'{left}"""{first}', *rest, f'{left}"""']


def _wrapped(lines: Iterable[str], width: int) -> Iterable[str]:
    for line in lines:
        bare = line.strip()
        yield from textwrap.wrap(bare, width, break_long_words=False) or [""]


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines a level deeper."""
    return [f"    {line}" if line else "" for line in lines]
