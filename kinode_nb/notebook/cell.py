"""``%%kinode``: a cell whose lines are typed at a node's terminal, one after the other."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kinode_nb.notebook.commands import BY_NAME
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.parser import parse, wants_help
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Flag, Values, Verb
from kinode_nb.notebook.line import run_words
from kinode_nb.notebook.values import expander
from kinode_nb.notebook.words import UnclosedQuoteError, Word, split
from kinode_nb.types import KinodeError, UsageError

_HEADERS_TO_COME = ("process", "wit", "trace")
# `send:chat:template.os`: a script of a package, which here is a verb that a package does.
_SCRIPT = re.compile(r"(send|download|list[-_]files):([^:\s]+:[^:\s]+)")
_SCRIPTS_TO_COME = ("m", "alias", "cat", "echo", "kill", "peer", "peers", "top", "kfetch")


def _no_run(_: Context, __: Values) -> None:
    raise UsageError("%%kinode needs lines below it")


CELL = Verb(
    name="",  # the prompt says it all
    summary="types the lines below it at a node's terminal",
    arguments=(Argument("word", count=Count.ANY),),
    flags=(*ACTING, Flag(("--keep-going",), "go on after a line that fails")),
    run=_no_run,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cell; ``number`` counts from the one below ``%%kinode``."""

    number: int
    text: str


def run_cell(
    header: str,
    body: str,
    context: Context,
    names: Mapping[str, Any],
    show_result: Callable[[object], None],
) -> None:
    """Run every line of a cell; raises the error of the first that fails, with its number."""
    options = _options(header, names)
    acting = [word for key in ("--node", "--port") for word in _flag_words(options, key)]
    failed = []
    for line in lines(body):
        try:
            words = _as_verb(split(line.text, expander(names)), acting)
            if (result := run_words(words, context)) is not None:
                show_result(result)
        except KinodeError as error:
            error.add_note(f"(line {line.number}: {line.text.strip()})")
            if not options.has("--keep-going"):
                raise
            failed.append(line.number)
            context.say(f"line {line.number}: {error}")
    if failed:
        raise UsageError(f"{len(failed)} of the cell's lines failed: {', '.join(map(str, failed))}")


def lines(body: str) -> Iterator[Line]:
    """Yield the lines that are no comments; an open quote or a backslash goes on below."""
    rest = list(enumerate(body.splitlines(), start=1))
    while rest:
        number, text = rest.pop(0)
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        whole, used = text, 0
        while not _is_whole(whole) and used < len(rest):
            joined = whole.removesuffix("\\") if _goes_on(whole) else whole + "\n"
            whole, used = joined + rest[used][1], used + 1
        if _is_whole(whole):
            del rest[:used]
            yield Line(number, whole)
        else:  # a quote that nothing closes is this line's own mistake
            yield Line(number, text)


def _is_whole(text: str) -> bool:
    if _goes_on(text):
        return False
    try:
        split(text)
    except UnclosedQuoteError:
        return False
    return True


def _goes_on(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _options(header: str, names: Mapping[str, Any]) -> Values:
    words = split(header, expander(names))
    if words and words[0].text in _HEADERS_TO_COME:
        raise UsageError(f"%%kinode {words[0].text} is not there yet in this version")
    options = parse(CELL, words, prompt="%%kinode")
    if verbs := options.many("word"):
        raise UsageError(
            f"%%kinode takes no {verbs[0]!r}: lines stand below it; a verb on its own is "
            f"%kinode {verbs[0]}"
        )
    return options


def _flag_words(options: Values, key: str) -> list[Word]:
    value = options.maybe(key)
    return [] if value is None else [Word(key), Word(value, quoted=True)]


def _as_verb(words: list[Word], acting: list[Word]) -> list[Word]:
    """Turn a line of the terminal into the words of a verb."""
    first = words[0].text if words else ""
    if first == "kit":
        return _with_acting(words[1:], acting)
    if first == "hi":
        return _with_acting(words, acting)
    if script := _SCRIPT.fullmatch(first):
        verb, package = script[1].replace("_", "-"), script[2]
        chosen = [Word("--package"), Word(package, quoted=True)]
        return _with_acting([Word(verb), *chosen, *words[1:]], acting)
    raise _unknown(first)


def terminal_verb(first: str) -> Verb | None:
    """Return the verb that a line of the terminal with this first word comes to."""
    script = _SCRIPT.fullmatch(first)
    name = script[1].replace("_", "-") if script else first
    return BY_NAME[name] if script or first == "hi" else None


def _with_acting(words: list[Word], acting: list[Word]) -> list[Word]:
    """Add the cell's -n or -p, where the verb knows it and the line has none of its own."""
    verb = BY_NAME.get(words[0].text) if words else None
    if verb is None or not acting or wants_help(words) or not verb.flag("-n"):
        return words
    own = {word.text.partition("=")[0] for word in words if not word.quoted}
    if own & {"-n", "-p", "--node", "--port"}:
        return words
    return [words[0], *acting, *words[1:]]


def _unknown(first: str) -> UsageError:
    if first in _SCRIPTS_TO_COME or re.fullmatch(r"[^:\s]+:[^:\s]+:[^:\s]+", first):
        return UsageError(f"{first} is not there yet in this version")
    if (verb := BY_NAME.get(first)) is not None:
        return UsageError(f"the terminal knows no {first!r}; for the verb write: kit {verb.name} …")
    return UsageError(
        f"the terminal knows no {first!r}. It takes hi NODE TEXT, send:chat:template.os NODE TEXT, "
        "or kit and a verb"
    )
