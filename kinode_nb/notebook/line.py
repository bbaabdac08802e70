"""Runs one line: its first word is a verb, the others are for that verb."""

from collections.abc import Mapping, Sequence
from typing import Any

from kinode_nb.notebook.commands import VERBS, find
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.help import table, text
from kinode_nb.notebook.commands.parser import parse, wants_help
from kinode_nb.notebook.commands.verb import HELP, Values
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
    verb = find(words[0].text, context.prompt)
    if not verb.is_there:
        return verb.run(context, Values({}))
    if wants_help(words[1:]):
        context.say(text(verb, context.prompt))
        return None
    return verb.run(context, parse(verb, words[1:], context.prompt))
