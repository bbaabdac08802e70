"""``%%kinode``: a cell whose lines are typed at a node's terminal, one after the other.

Or a cell of another kind, where a word after ``%%kinode`` says so (`cell_kinds`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kinode_nb.notebook.cell_kinds import BY_NAME as KINDS
from kinode_nb.notebook.cell_kinds.kind import Cell
from kinode_nb.notebook.commands import BY_NAME
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.help import text as help_text
from kinode_nb.notebook.commands.kinds import Kind
from kinode_nb.notebook.commands.parser import parse, wants_help
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Flag, Values, Verb
from kinode_nb.notebook.line import run_words
from kinode_nb.notebook.terminal_line import filled, goes_on, is_kit, is_whole
from kinode_nb.notebook.values import expander
from kinode_nb.notebook.words import Expand, Word, split
from kinode_nb.types import KinodeError, UsageError, nearest

_PROMPT = "%%kinode"
_HEADERS_TO_COME = ("trace",)


def _no_run(_: Context, __: Values) -> None:
    raise UsageError("%%kinode needs lines below it")


CELL = Verb(
    name="",  # the prompt says it all
    summary="types the lines below it at a node's terminal",
    arguments=(Argument("word", Kind(lambda _: KINDS), Count.ANY),),
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
    """Do what a cell says; what an expression of it has for a value is shown."""
    words = split(header, expander(names))
    if not words or words[0].quoted or words[0].text not in KINDS:
        if wants_help(words):
            context.say(help_text(CELL, _PROMPT))
            return
        run_lines(words, body, context, names, show_result)
        return
    kind, rest = KINDS[words[0].text], words[1:]
    if wants_help(rest):
        context.say(help_text(kind.verb, _PROMPT))
        return
    result = kind.run(Cell(header, body, names, context), parse(kind.verb, rest, _PROMPT))
    if result is not None:
        show_result(result)


def run_lines(
    words: list[Word],
    body: str,
    context: Context,
    names: Mapping[str, Any],
    show_result: Callable[[object], None],
) -> None:
    """Run every line of a cell; raises the error of the first that fails, with its number."""
    options = _options(words)
    failed = []
    for line in lines(body):
        try:
            if (result := _run(line.text, options, context, expander(names))) is not None:
                show_result(result)
        except KinodeError as error:
            error.add_note(f"(line {line.number}: {line.text.strip()})")
            if not options.has("--keep-going"):
                raise
            failed.append(line.number)
            context.say(f"line {line.number}: {error}")
    if failed:
        raise UsageError(f"{len(failed)} of the cell's lines failed: {', '.join(map(str, failed))}")


def _run(text: str, options: Values, context: Context, expand: Expand) -> object:
    """Run one line: kit's as a verb, any other at the acting node's terminal."""
    if is_kit(text):
        return run_words(_with_acting(split(text, expand)[1:], options), context)
    line = filled(text, expand)
    try:
        context.acting(options).type_line(line, lambda said: _say(context, said), context.show)
    except UsageError as error:
        raise UsageError(f"{error}{_hint(line, str(error))}") from None
    return None


def _hint(line: str, said: str) -> str:
    """Return what helps where the terminal knows of nothing near."""
    verb = BY_NAME.get(line.split(" ", 1)[0])
    if verb is not None:
        return f"; for the verb write: kit {verb.name} …"
    return "" if "Did you mean" in said or "%kinode" in said else "; the line `help` lists scripts"


def _say(context: Context, said: str) -> None:
    """Show a text that ends its lines as a terminal wants them."""
    context.say(said.replace("\r\n", "\n").rstrip("\n"))


def lines(body: str) -> Iterator[Line]:
    """Yield the lines that are no comments; an open quote or a backslash goes on below."""
    rest = list(enumerate(body.splitlines(), start=1))
    while rest:
        number, text = rest.pop(0)
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        whole, used = text, 0
        while not is_whole(whole) and used < len(rest):
            joined = whole.removesuffix("\\") if goes_on(whole) else whole + "\n"
            whole, used = joined + rest[used][1], used + 1
        if is_whole(whole):
            del rest[:used]
            if whole.strip():  # else it was a backslash, and nothing below
                yield Line(number, whole)
        else:  # a quote that nothing closes is this line's own affair
            yield Line(number, text)


def _options(words: list[Word]) -> Values:
    if words and words[0].text in _HEADERS_TO_COME:
        raise UsageError(f"%%kinode {words[0].text} is not there yet in this version")
    first = words[0].text if words and not words[0].quoted else "-"
    if not first.startswith("-") and first not in BY_NAME and (near := nearest(first, KINDS)):
        raise UsageError(f"%%kinode knows no cell of the kind {first!r}.{near}")
    options = parse(CELL, words, prompt=_PROMPT)
    if verbs := options.many("word"):
        word = verbs[0]
        hint = f"; a verb on its own is %kinode {word}" if word in BY_NAME else _near_word(word)
        raise UsageError(f"%%kinode takes no {word!r}: lines stand below it{hint}")
    return options


def _near_word(word: str) -> str:
    """Return a hint at the verb or the kind of cell that is near; '' where none is."""
    near = nearest(word, [*KINDS, *BY_NAME])
    return f".{near}" if near else f"; cells of other kinds begin with {', '.join(KINDS)}"


def _flag_words(options: Values, key: str) -> list[Word]:
    value = options.maybe(key)
    return [] if value is None else [Word(key), Word(value, quoted=True)]


def _with_acting(words: list[Word], options: Values) -> list[Word]:
    """Add the cell's -n or -p, where the verb knows it and the line has none of its own."""
    acting = [word for key in ("--node", "--port") for word in _flag_words(options, key)]
    verb = BY_NAME.get(words[0].text) if words else None
    if verb is None or not acting or wants_help(words) or not verb.flag("-n"):
        return words
    own = {word.text.partition("=")[0] for word in words if not word.quoted}
    if own & {"-n", "-p", "--node", "--port"}:
        return words
    return [words[0], *acting, *words[1:]]
