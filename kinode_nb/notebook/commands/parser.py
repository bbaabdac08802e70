"""Reads the words of a line as a verb's arguments and flags; every mistake is one UsageError."""

import re
from collections.abc import Sequence
from typing import Any

from kinode_nb.notebook.commands.kinds import TEXT
from kinode_nb.notebook.commands.verb import HELP, Argument, Count, Flag, Values, Verb, flag_names
from kinode_nb.notebook.words import Word
from kinode_nb.types import UsageError, nearest

_NEGATIVE = re.compile(r"-\d")


def parse(verb: Verb, words: Sequence[Word], prompt: str = "%kinode") -> Values:
    """Read what follows the verb; raises UsageError, never exits, never prints."""
    return _Parser(verb, words, prompt).values()


def wants_help(words: Sequence[Word]) -> bool:
    """Tell whether -h or --help stands among the words."""
    return any(word.text in HELP.names and not word.quoted for word in words)


class _Parser:
    def __init__(self, verb: Verb, words: Sequence[Word], prompt: str) -> None:
        self.verb = verb
        self.words = list(words)
        self.prompt = prompt
        self.found: dict[str, list[Any]] = {}
        self.positions: list[str] = []

    def values(self) -> Values:
        only_text = False
        while self.words:
            word = self.words.pop(0)
            if word.text == "--" and not word.quoted and not only_text:
                only_text = True
            elif only_text or word.quoted or not self._looks_like_a_flag(word.text):
                self.positions.append(word.text)
            else:
                self._flag(word.text)
        self._place()
        return Values(self.found)

    def _looks_like_a_flag(self, text: str) -> bool:
        return len(text) > 1 and text.startswith("-") and not _NEGATIVE.match(text)

    def _flag(self, text: str) -> None:
        name, equals, value = text.partition("=")
        flag = self.verb.flag(name)
        if flag is None and not text.startswith("--") and (short := self.verb.flag(text[:2])):
            flag, name, equals, value = short, text[:2], "=", text[2:].removeprefix("=")
            if flag.kind is None:
                raise self._error(f"{name} stands alone: it takes no {value!r}")
        if flag is None:
            raise self._unknown(name)
        if flag.kind is None and equals:
            raise self._error(f"{name} stands alone: it takes no {value!r}")
        if flag.key in self.found and not (flag.is_many or flag.is_repeated):
            raise self._error(f"{name} stands there twice")
        given = self.found.setdefault(flag.key, [])
        given.append(self._value(flag, name, value if equals else None))
        while flag.is_many and flag.kind and self._goes_on():
            given.append(flag.kind.read(self.words.pop(0).text, name))

    def _goes_on(self) -> bool:
        """Tell whether the next word is no flag."""
        following = self.words[0] if self.words else None
        return following is not None and (
            following.quoted or not self._looks_like_a_flag(following.text)
        )

    def _value(self, flag: Flag, name: str, value: str | None) -> object:
        if flag.kind is None:
            return True
        if value is None:
            following = self.words[0] if self.words else None
            if following is None or (not following.quoted and self.verb.flag(following.text)):
                raise self._error(f"{name} needs {flag.metavar}")
            value = self.words.pop(0).text
        return flag.kind.read(value, name)

    def _unknown(self, name: str) -> UsageError:
        known = flag_names(self.verb.flags)
        hint = nearest(name, known)
        if not hint and known:
            hint = f" Its flags: {', '.join(known)}."
        if any(argument.kind is TEXT for argument in self.verb.arguments):
            hint += " Quote it where it is text."
        return UsageError(f"{self.verb.name or self.prompt} has no flag {name}.{hint}")

    def _place(self) -> None:
        """Share the words by position among the arguments."""
        arguments = self.verb.arguments
        required = [argument for argument in arguments if argument.is_required]
        spare = len(self.positions) - len(required)
        if spare < 0:
            missing = " and ".join(a.name.upper() for a in required[len(self.positions) :])
            raise self._error(f"{self.verb.name} needs {missing}{self._taken(missing)}")
        for argument in arguments:
            taken = _share(argument, spare)
            spare -= taken - argument.is_required
            if taken:
                words, self.positions = self.positions[:taken], self.positions[taken:]
                self.found[argument.name] = [
                    argument.kind.read(word, argument.name.upper()) for word in words
                ]
        if self.positions:
            raise self._error(f"{self.verb.name} takes no {self.positions[0]!r} there")

    def _taken(self, missing: str) -> str:
        """Say which flag took the last word that may have been meant for what is missing."""
        for flag in self.verb.flags:
            if flag.is_many and (values := self.found.get(flag.key)):
                return f": {flag.names[0]} took {str(values[-1])!r}, so let {missing} come first"
        return ""

    def _error(self, text: str) -> UsageError:
        return UsageError(f"{text}. Write: {self.prompt} {self.verb.head.lstrip()}")


def _share(argument: Argument, spare: int) -> int:
    match argument.count:
        case Count.ONE:
            return 1
        case Count.OPTIONAL:
            return min(1, spare)
        case Count.SOME:
            return 1 + spare
        case Count.ANY:
            return spare
