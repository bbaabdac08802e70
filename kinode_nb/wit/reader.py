"""The reader beneath the parser: takes tokens one by one and says what it expected instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from kinode_nb.wit.errors import WitSyntaxError
from kinode_nb.wit.tokens import Position, Token, tokens

T = TypeVar("T")

_GATES = ("since", "unstable", "deprecated")


class _Placed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def at(self) -> Position: ...


class Path(NamedTuple):
    """The last name of a path, and the package before it: ``""``, or ``namespace:package``."""

    package: str
    name: Token


class Reader:
    """WIT text, read a token at a time."""

    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._index = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._index]

    def next(self) -> Token:
        """Take the next token, whatever it is; the end stays where it is."""
        token = self.token
        self._index += token.kind != "end"
        return token

    def at(self, text: str) -> bool:
        """Say whether this mark or keyword comes next."""
        return self.token.text == text and self.token.kind in {"mark", "keyword"}

    def at_name(self, text: str) -> bool:
        """Say whether this name comes next: a word that means something only in some places."""
        return self.token.text == text and self.token.kind == "name"

    def take(self, text: str) -> bool:
        """Take this mark or keyword when it comes next, and say whether it did."""
        found = self.at(text)
        self._index += found
        return found

    def expect(self, text: str) -> Token:
        """Take this mark or keyword; raises WitSyntaxError when another token comes next."""
        if not self.at(text):
            raise self.failure(repr(text))
        return self.next()

    def name(self, what: str) -> Token:
        """Take a name; ``what`` tells the error what it would have been the name of."""
        if self.token.kind == "keyword":
            word = self.token.text
            problem = f"expected {what}, found the keyword {word!r}: as a name, write %{word}"
            raise WitSyntaxError(problem, *self.token.at)
        if self.token.kind != "name":
            raise self.failure(what)
        return self.next()

    def path(self, what: str) -> Path:
        """Take ``name`` or ``namespace:package/name@1.0.0``."""
        names = [self.name(what)]
        # `import name: func(…)` has a colon as well, but no second name behind it.
        while (self.at(":") or self.at("/")) and self._tokens[self._index + 1].kind == "name":
            self.next()
            names.append(self.name(what))
        if self.take("@"):
            self.version()
        return Path(":".join(name.text for name in names[:-1]), names[-1])

    def version(self) -> None:
        """Take a version."""
        if self.token.kind != "version":
            raise self.failure("a version such as 1.0.0")
        self.next()

    def gates(self) -> None:
        """Take ``@since(version = 1.0.0)`` and its like; a doc comment before it stays in force."""
        doc = self.token.doc
        while self.take("@"):
            gate = self.name("since, unstable or deprecated")
            if gate.text not in _GATES:
                problem = f"there is no @{gate.text}, only @{', @'.join(_GATES)}"
                raise WitSyntaxError(problem, *gate.at)
            self.between("(", ")", self._gate_argument)
        if doc and not self.token.doc:
            self._tokens[self._index] = msgspec.structs.replace(self.token, doc=doc)

    def _gate_argument(self) -> None:
        what = self.name("version or feature")
        self.expect("=")
        if what.text == "version":
            self.version()
        else:
            self.name("the name of a feature")

    def between(self, opening: str, closing: str, item: Callable[[], T]) -> list[T]:
        """Take items with commas between them; a comma may follow the last one."""
        self.expect(opening)
        items: list[T] = []
        while not self.take(closing):
            items.append(item())
            if not self.take(",") and not self.at(closing):
                raise self.failure(f"',' or {closing!r}")
        return items

    def failure(self, expected: str) -> WitSyntaxError:
        """Return the error that another token than the expected comes next."""
        return WitSyntaxError(f"expected {expected}, found {self.token}", *self.token.at)


def check_distinct(what: str, items: Sequence[_Placed]) -> None:
    """Raise WitSyntaxError at the first item whose name, in any case, another has already."""
    seen: set[str] = set()
    for item in items:
        if item.name.lower() in seen:
            raise WitSyntaxError(f"the {what} {item.name!r} is there twice", *item.at)
        seen.add(item.name.lower())
