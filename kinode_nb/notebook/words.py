"""A line, split into words as a shell splits it, with the notebook's values put in.

IPython's own expansion gives up on a whole line at the first brace that it cannot read, and the
standard library's ``shlex`` cannot say which part of a word was quoted how. Here single quotes
keep everything as it is; elsewhere ``$name`` and ``{expression}`` become values, inside words too.
"""

import ast
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from kinode_nb.types import UsageError

Expand = Callable[[str], str | None]
"""Turns the text of an expression into its value's text; None: no such name, leave it alone."""

_NAME = re.compile(r"[A-Za-z_]\w*")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line.

    ``quoted``: its first character was quoted, escaped or put in, so that it is never a flag.
    ``start`` is where the word begins in the line, quotes included.
    """

    text: str
    quoted: bool = False
    start: int = 0


class UnclosedQuoteError(UsageError):
    """A line that ends inside a quote; ``word`` is the word so far."""

    def __init__(self, quote: str, word: Word) -> None:
        """Name the quote, and what helps."""
        super().__init__(
            f"a quote is not closed: {quote}. Write \\{quote} for the character itself, "
            "or put the text in the other kind of quotes"
        )
        self.quote = quote
        self.word = word


def split(line: str, expand: Expand | None = None) -> list[Word]:
    """Split a line into words; raises UsageError for an unclosed quote.

    Without ``expand`` dollars and braces stay as they are.
    """
    return _Reader(line, expand).words()


def put_in(line: str, at: int, expand: Expand) -> tuple[str, int]:
    """Return the text of what stands at one place of a line, and where the rest begins.

    That is the value of a ``$name`` or ``{expression}``, or else the one character; a backslash
    keeps a dollar or a brace as it is.
    """
    if line[at] == "\\" and line[at + 1 : at + 2] in tuple("${"):
        return line[at + 1], at + 2
    reader = _Reader(line, expand, at)
    return ("".join(reader.out), reader.at) if reader.value() else (line[at], at + 1)


@dataclass(slots=True)
class _Reader:
    """Reads one line from left to right; ``at`` is the next character."""

    line: str
    expand: Expand | None
    at: int = 0
    out: list[str] = field(default_factory=list)
    quoted: bool = False

    def words(self) -> list[Word]:
        """Return all words of the line."""
        found = []
        while (word := self.word()) is not None:
            found.append(word)
        return found

    def word(self) -> Word | None:
        """Return the next word, or None at the end."""
        while self.at < len(self.line) and self.line[self.at] in SPACE:
            self.at += 1
        if self.at == len(self.line):
            return None
        start = self.at
        self.out, self.quoted = [], False
        while self.at < len(self.line) and self.line[self.at] not in SPACE:
            self._piece(start)
        if not self.out and not self.quoted:  # a semicolon that stood alone
            return None
        return Word("".join(self.out), self.quoted, start)

    def _piece(self, start: int) -> None:
        first = self.at == start
        char = self.line[self.at]
        if char == "'":
            self._single(start)
        elif char == '"':
            self._double(start)
        elif char == "\\" and self.at + 1 < len(self.line):
            self.out.append(self.line[self.at + 1])
            self.at += 2
        elif char == ";" and not self.line[self.at + 1 :].strip():
            self.at = len(self.line)  # at the end of a cell it asks for silence, as in Python
            return
        elif not self.value():
            self.out.append(char)
            self.at += 1
            return
        self.quoted |= first

    def _single(self, start: int) -> None:
        end = self.line.find("'", self.at + 1)
        if end < 0:
            self.out.append(self.line[self.at + 1 :])
            raise UnclosedQuoteError("'", Word("".join(self.out), True, start))
        self.out.append(self.line[self.at + 1 : end])
        self.at = end + 1

    def _double(self, start: int) -> None:
        self.at += 1
        while self.at < len(self.line):
            char, following = self.line[self.at], self.line[self.at + 1 : self.at + 2]
            if char == '"':
                self.at += 1
                return
            if char == "\\" and following and following in '"\\${':
                self.out.append(following)
                self.at += 2
            elif not self.value():
                self.out.append(char)
                self.at += 1
        raise UnclosedQuoteError('"', Word("".join(self.out), True, start))

    def value(self) -> bool:
        """Put in the value that begins here; False where none does."""
        if self.expand is None or self.line[self.at] not in "${":
            return False
        reader = self._dollar if self.line[self.at] == "$" else self._braces
        return reader(self.expand)

    def _dollar(self, expand: Expand) -> bool:
        after = self.line[self.at + 1 : self.at + 2]
        if after == "$":
            self.out.append("$")
            self.at += 2
            return True
        if after == "{":  # a shell's ${name}
            self.at += 1
            if self._braces(expand):
                return True
            self.at -= 1
            return False
        for pattern in (_DOTTED, _NAME):
            name = pattern.match(self.line, self.at + 1)
            if name and (text := expand(name[0])) is not None:
                self.out.append(text)
                self.at = name.end()
                return True
        return False

    def _braces(self, expand: Expand) -> bool:
        if self.line.startswith("{{", self.at) and (end := self.line.find("}}", self.at)) > 0:
            self.out.append(self.line[self.at + 1 : end + 1])
            self.at = end + 2
            return True
        end = self.at
        while (end := self.line.find("}", end + 1)) > 0:
            code = self.line[self.at + 1 : end].strip()
            if is_expression(code):
                text = expand(f"({code})")
                self.out.append(text or "")
                self.at = end + 1
                return True
        return False


def is_expression(code: str) -> bool:
    """Tell whether the text is one Python expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is the writer's affair
            ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def quote(text: str, opened: str = "") -> str:
    """Write a word so that `split` reads this text, going on after an opened quote if any."""
    if opened == "'" and "'" not in text:
        return f"'{text}'"
    if opened == '"':
        return '"' + re.sub(r'(["\\${])', r"\\\1", text) + '"'
    return re.sub(r"([\s'\"\\${;])", r"\\\1", text) or "''"
