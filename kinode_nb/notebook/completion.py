"""What Tab offers at one place of a line. Knows verbs, not editors."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kinode_nb.notebook.commands import BY_NAME, VERBS
from kinode_nb.notebook.commands.kinds import NOTHING, Kind, Place
from kinode_nb.notebook.commands.verb import HELP, Argument, Flag, Verb, flag_names
from kinode_nb.notebook.words import UnclosedQuoteError, Word, quote, split

if TYPE_CHECKING:
    from kinode_nb.portal import FakeNet

VERB_NAMES = tuple(verb.name for verb in VERBS if verb.is_there)


def complete(
    before: str, after: str, find_net: Callable[[], "FakeNet"], verb: Verb | None = None
) -> tuple[str, list[str]]:
    """Return what Tab replaces before the cursor, and what it offers instead.

    ``before`` and ``after`` are the line on both sides of the cursor, without the prompt;
    ``verb`` is whose words they are, where the line does not begin with it.
    """
    words, current, opened = _words(before)
    later = [word.text for word in _words(after.partition(" ")[2] + " ")[0]]
    fragment = before[current.start :]
    texts = [word.text for word in words]
    if verb is None:
        if not texts:
            return fragment, _offers(VERB_NAMES, current.text, opened)
        verb = BY_NAME.get(texts.pop(0))
    if verb is None or not verb.is_there:
        return fragment, []
    if current.text.startswith("-") and not current.quoted:
        again = {
            name for flag in verb.flags if flag.is_many or flag.is_repeated for name in flag.names
        }
        names = [n for n in flag_names((*verb.flags, HELP)) if n not in texts or n in again]
        return fragment, _offers(names, current.text, opened)
    kind, positions = _kind(verb, texts)
    others = (*positions, *_positions(verb, later))
    flags = [*_flag_values(verb, texts), *_flag_values(verb, later)]
    node = next((value for key, value in flags if key == "--node"), None)
    port = next((int(v) for key, v in flags if key == "--port" and v.isdecimal()), None)
    place = Place(current.text, others, find_net, VERB_NAMES, node, port)
    return fragment, _offers(kind.offer(place), current.text, opened)


def _words(line: str) -> tuple[list[Word], Word, str]:
    """Return the words before the last, the last (it may be empty), and its open quote."""
    opened = ""
    try:
        words = split(line)
    except UnclosedQuoteError as error:
        words, opened = [*split(line[: error.word.start]), error.word], error.quote
    # An escaped space belongs to the word that it ends.
    if not opened and (not words or not line or _ends_in_space(line)):
        words.append(Word("", start=len(line)))
    return words[:-1], words[-1], opened


def _ends_in_space(line: str) -> bool:
    rest = line.rstrip()
    escaped = (len(rest) - len(rest.rstrip("\\"))) % 2 == 1
    return len(line) - len(rest) > escaped


def _offers(names: Iterable[str], word: str, opened: str) -> list[str]:
    return [quote(name, opened) for name in names if name.startswith(word)]


def _positions(verb: Verb, texts: list[str]) -> list[str]:
    """Return the words that are no flags and no flags' values."""
    found: list[str] = []
    follows: Flag | None = None  # whose value the next word is
    for text in texts:
        name, equals, _ = text.partition("=")
        flag = verb.flag(name)
        if flag is not None:
            follows = flag if flag.kind is not None and (flag.is_many or not equals) else None
        elif follows is None:
            found.append(text)
        elif not follows.is_many:
            follows = None
    return found


def _flag_values(verb: Verb, texts: list[str]) -> list[tuple[str, str]]:
    """Return the flags that have a value, by their key, each with its value."""
    found = []
    for text, following in zip(texts, [*texts[1:], ""], strict=False):
        name, equals, value = text.partition("=")
        flag = verb.flag(name)
        if flag is not None and flag.kind is not None and (equals or following):
            found.append((flag.key, value if equals else following))
    return found


def _kind(verb: Verb, texts: list[str]) -> tuple[Kind, list[str]]:
    """Return the kind of the word that follows these, and those of them that stand by position."""
    positions = _positions(verb, texts)
    for text in reversed(texts):
        name, equals, _ = text.partition("=")
        flag = verb.flag(name)
        if flag is None:
            continue
        if flag.kind is not None and (flag.is_many or (text is texts[-1] and not equals)):
            return flag.kind, positions
        break
    return _argument_kind(verb.arguments, len(positions)), positions


def _argument_kind(arguments: tuple[Argument, ...], position: int) -> Kind:
    for index, argument in enumerate(arguments):
        if index == position or argument.is_many:
            return argument.kind
    return NOTHING
