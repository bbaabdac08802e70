"""WIT text as a row of tokens, each knowing its place and the doc comment before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from kinode_nb.wit.errors import WitSyntaxError

# An identifier of these must be written with a %, or the component model's tools refuse it.
KEYWORDS = frozenset(
    """
    as bool borrow char constructor enum export f32 f64 flags float32 float64 from func future
    import include interface list option own package record resource result s16 s32 s64 s8
    static stream string tuple type u16 u32 u64 u8 use variant with world
    """.split()  # noqa: SIM905 - as a list literal these would be forty lines
)

# Each word of an identifier is all lower or all upper case, by the component model's grammar.
_WORD = "(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)"
_IDENTIFIER = re.compile(rf"{_WORD}(?:-{_WORD})*\Z")
_TOKEN = re.compile(
    r"""
      (?P<space>   \s+ )
    | (?P<doc>     ///[^\n]* )
    | (?P<comment> //[^\n]* )
    | (?P<block>   /\* )
    | (?P<name>    %?[A-Za-z][A-Za-z0-9_-]* )
    | (?P<version> \d+\.\d+\.\d+ (?:[-+][0-9A-Za-z-]+ (?:\.[0-9A-Za-z-]+)* )* )
    | (?P<number>  \d+ )
    | (?P<mark>    -> | [{}()<>:;,=./@_*] )
    """,
    re.VERBOSE,
)
# Refused wherever they stand, also in comments, as the component model's tools do: control
# characters, those that turn the direction of what an editor shows, and halves of a character.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


class Position(NamedTuple):
    """A place in WIT text; both count from 1."""

    line: int
    column: int


class Token(msgspec.Struct, frozen=True):
    """One token: ``kind`` is ``name``, ``keyword``, ``version``, ``number``, ``mark`` or ``end``.

    ``text`` of a name is without its ``%``; ``doc`` is the ``///`` or ``/**`` comment before it.
    """

    kind: str
    text: str
    at: Position
    doc: str = ""

    def __str__(self) -> str:
        """Return how an error speaks of the token."""
        return "the end of the text" if self.kind == "end" else repr(self.text)


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of WIT text, an ``end`` last; raises WitSyntaxError."""
    offset, doc = 0, []
    refused = _REFUSED.search(text)
    if refused is not None:
        at = _Places(text).of(refused.start())
        raise WitSyntaxError(f"{refused.group()!r} cannot be in WIT: take it out", *at)
    places = _Places(text)
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            character = text[offset]
            raise WitSyntaxError(f"{character!r} has no meaning in WIT", *places.of(offset))
        kind, found = str(match.lastgroup), match.group()
        start, offset = offset, match.end()
        if kind == "block":
            offset = _end_of_block(text, start, places)
            doc += _block_doc(text[start:offset])
        elif kind == "doc":
            doc.append(found[3:].strip())
        elif kind not in {"space", "comment"}:
            yield _token(kind, found, places.of(start), "\n".join(doc).strip())
            doc = []
    yield Token("end", "", places.of(len(text)))


def _token(kind: str, text: str, at: Position, doc: str) -> Token:
    if kind != "name":
        return Token(kind, text, at, doc)
    name = text.removeprefix("%")
    if not _IDENTIFIER.match(name):
        better = re.sub(r"[_-]+", "-", name).strip("-").lower()
        hint = f": write {better!r}" if _IDENTIFIER.match(better) else ""
        raise WitSyntaxError(
            f"{name!r} is not kebab-case, whose words begin with a letter{hint}", *at
        )
    return Token("keyword" if text in KEYWORDS else "name", name, at, doc)


def _end_of_block(text: str, start: int, places: _Places) -> int:
    """Return where a ``/* */`` comment ends; they nest."""
    depth = 0
    for edge in _BLOCK_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise WitSyntaxError("expected '*/' to close the comment that opens here", *places.of(start))


def _block_doc(block: str) -> list[str]:
    """Return the lines of a ``/** … */`` comment; those of a plain ``/* … */`` are none."""
    if not block.startswith("/**") or block == "/**/":
        return []
    return [line.strip().removeprefix("*").strip() for line in block[3:-2].strip().splitlines()]


class _Places:
    """Offsets to places; asked in rising order, so the text is counted through once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._line_start, self._seen = 1, 0, 0

    def of(self, offset: int) -> Position:
        if offset > self._seen:
            self._line += self._text.count("\n", self._seen, offset)
            self._line_start = self._text.rfind("\n", 0, offset) + 1
            self._seen = offset
        return Position(self._line, offset - self._line_start + 1)
