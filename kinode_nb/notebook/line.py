"""Runs one line: its first word is a verb, the others are for that verb."""

from collections.abc import Mapping, Sequence
from typing import Any

from kinode_nb.notebook.cell_kinds import BY_NAME as CELL_KINDS
from kinode_nb.notebook.commands import VERBS, find
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.help import table, text
from kinode_nb.notebook.commands.parser import parse, wants_help
from kinode_nb.notebook.commands.verb import HELP, Values, Verb
from kinode_nb.notebook.values import expander
from kinode_nb.notebook.words import Word, split


def run_line(line: str, context: Context, names: Mapping[str, Any] | None = None) -> object:
    """Run a line as typed after the prompt, with the values of ``names``; return its result."""
    return run_words(split(line, expander(names) if names is not None else None), context)


def run_words(words: Sequence[Word], context: Context) -> object:
    """Run a line that is split already. No words at all, or -h: show the table of verbs."""
    if not words or words[0].text in HELP.names:
        context.say(table(VERBS, context.prompt))
        return None
    if words[0].text in CELL_KINDS:
        return _of_a_cell(CELL_KINDS[words[0].text].verb, words[1:], context)
    if words[0].text == "help" and words[-1].text in CELL_KINDS:
        return _of_a_cell(CELL_KINDS[words[-1].text].verb, [Word("-h")], context)
    verb = find(words[0].text, context.prompt)
    if not verb.is_there:
        return verb.run(context, Values({}))
    if wants_help(words[1:]):
        context.say(text(verb, context.prompt))
        return None
    return verb.run(context, parse(verb, words[1:], context.prompt))


def _of_a_cell(verb: Verb, words: Sequence[Word], context: Context) -> object:
    """Show the help of a kind of cell; raises UsageError for anything else on a line."""
    if not wants_help(words):
        return verb.run(context, Values({}))
    context.say(text(verb, f"%{context.prompt}"))
    return None
