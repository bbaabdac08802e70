"""Tab in IPython, and in front ends through the Jupyter kernel: a matcher of IPython's own kind."""

import re
from typing import TYPE_CHECKING

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher
from IPython.core.completer import SimpleMatcherResult as Result

from kinode_nb.notebook.completion import complete
from kinode_nb.notebook.magics import notebooks_net

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# `%kinode …`, `%%kinode …`, and a value that is assigned: `df = %kinode …`.
_LINE = re.compile(r"\s*(?:[\w\s,.\[\]'\"*]+=\s*)?%{1,2}kinode\s+(.*)", re.DOTALL)
_CELL = re.compile(r"\s*%%kinode\b")
_KIT = re.compile(r"\s*kit\s+(.*)", re.DOTALL)


@context_matcher()  # type: ignore[untyped-decorator]
def match_kinode(context: CompletionContext) -> Result:
    """Offer verbs, flags and names on lines of ``%kinode``, and nothing elsewhere."""
    typed = typed_words(context.full_text, context.cursor_line, context.text_until_cursor)
    if typed is None:
        return Result(completions=[], suppress=False)
    after = context.line_with_cursor[context.cursor_position :]
    fragment, offers = complete(typed, after, notebooks_net)
    return Result(
        completions=[SimpleCompletion(text=offer, type="magic") for offer in offers],
        matched_fragment=fragment,
        suppress=True,
        ordered=True,
    )


def typed_words(cell: str, line_number: int, line: str) -> str | None:
    """Return what of this line is for a verb, or None when the line is not ours."""
    if line_number > 0 and _CELL.match(cell):
        found = _KIT.match(line)
        if found is None and line.lstrip().startswith("hi "):
            return line.lstrip()
    else:
        found = _LINE.match(line)
    return found[1] if found else None


def install(shell: "InteractiveShell") -> None:
    """Let Tab know the verbs; twice is as good as once."""
    remove(shell)
    shell.Completer.custom_matchers.append(match_kinode)


def remove(shell: "InteractiveShell") -> None:
    """Let Tab forget the verbs, also those of an earlier load of this module."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "__name__", "") != match_kinode.__name__]
