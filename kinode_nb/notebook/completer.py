"""Tab in IPython, and in front ends through the Jupyter kernel: a matcher of IPython's own kind."""

import re
from typing import TYPE_CHECKING

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher
from IPython.core.completer import SimpleMatcherResult as Result

from kinode_nb.notebook.cell import CELL
from kinode_nb.notebook.cell_kinds import BY_NAME as KINDS
from kinode_nb.notebook.cell_kinds.kind import CellKind
from kinode_nb.notebook.commands.verb import Verb
from kinode_nb.notebook.completion import complete
from kinode_nb.notebook.magics import notebooks_net
from kinode_nb.notebook.terminal_scripts import FIRST, script

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# `%kinode …`, and a value that is assigned: `df = %kinode …`.
_LINE = re.compile(r"\s*(?:[\w\s,.\[\]'\"*]+=\s*)?%kinode\s+(.*)", re.DOTALL)
_CELL = re.compile(r"\s*%%kinode(?:[ \t]+(.*)|$)", re.DOTALL | re.MULTILINE)
_KIT = re.compile(r"\s*kit\s+(.*)", re.DOTALL)
_TERMINAL = re.compile(r"\s*(\S+)\s(.*)", re.DOTALL)


@context_matcher()  # type: ignore[untyped-decorator]
def match_kinode(context: CompletionContext) -> Result:
    """Offer verbs, flags and names on lines of ``%kinode``, and nothing elsewhere."""
    typed = typed_words(context.full_text, context.cursor_line, context.text_until_cursor)
    if typed is None:
        return Result(completions=[], suppress=False)
    verb, before = typed
    after = context.line_with_cursor[context.cursor_position :]
    fragment, offers = complete(before, after, notebooks_net, verb)
    return Result(
        completions=[SimpleCompletion(text=offer, type="magic") for offer in offers],
        matched_fragment=fragment,
        suppress=True,
        ordered=True,
    )


def typed_words(cell: str, line_number: int, line: str) -> tuple[Verb | None, str] | None:
    """Return what of this line is for a verb, and for which where the line does not say.

    None: the line is not ours.
    """
    top = _CELL.match(cell)
    if line_number > 0 and top:
        return None if _kind(top[1] or "") else _typed_at_the_terminal(line)
    header = _CELL.match(line)
    if header and header[1] is not None:
        kind = _kind(header[1])
        return (kind.verb, header[1].lstrip().partition(" ")[2]) if kind else (CELL, header[1])
    found = _LINE.match(line)
    return (None, found[1]) if found else None


def _kind(header: str) -> CellKind | None:
    """Return the kind of cell that its first line begins with, once a space follows the word."""
    word, space, _ = header.lstrip().partition(" ")
    return KINDS.get(word) if space else None


def _typed_at_the_terminal(line: str) -> tuple[Verb | None, str] | None:
    if kit := _KIT.match(line):
        return None, kit[1]
    if line.lstrip().startswith("#"):
        return None
    found = _TERMINAL.match(line)
    return (script(found[1]), found[2]) if found else (FIRST, line.lstrip())


def install(shell: "InteractiveShell") -> None:
    """Let Tab know the verbs; twice is as good as once."""
    remove(shell)
    shell.Completer.custom_matchers.append(match_kinode)


def remove(shell: "InteractiveShell") -> None:
    """Let Tab forget the verbs, also those of an earlier load of this module."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "__name__", "") != match_kinode.__name__]
