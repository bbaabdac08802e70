"""Errors of processes as people read them: with the author's lines, and no others."""

import traceback
from pathlib import Path
from textwrap import indent

from kinode_nb.runtime.error_words import words_of
from kinode_nb.types.printed import as_unicode

_OURS = str(Path(__file__).resolve().parents[1]) + "/"
_MACHINERY = ("<frozen importlib", "/asyncio/events.py")
_DEEP = 5  # causes of causes, and groups in groups


def story(error: BaseException, told: tuple[BaseException, ...] = ()) -> str:
    """Tell an error as Python does, without the runtime's own frames.

    Only a process that came with the runtime has no others. What caused the error stands before
    it, unless that is the runtime's own affair; those of a group follow it, each indented.
    ``told`` are the errors that led here.
    """
    foreign, authors = _frames(error)
    own = authors or [frame for frame in foreign if "/kinode_nb/hosts/" not in frame.filename]
    lines = traceback.format_list(own) if own else []
    lines += words_of(error)
    told = (*told, error)
    if isinstance(error, BaseExceptionGroup) and len(told) < _DEEP:
        lines += [f"{indent(story(each, told), '  | ')}\n" for each in error.exceptions]
    cause = error.__cause__
    if cause is not None and not any(cause is each for each in told) and len(told) < _DEEP:
        behind, by_author = _frames(cause)
        if by_author or not (behind and authors):
            lines = [story(cause, told), "\n\nThat was the direct cause of this error:\n\n", *lines]
    return as_unicode("".join(lines).rstrip())


def _frames(
    error: BaseException,
) -> tuple[list[traceback.FrameSummary], list[traceback.FrameSummary]]:
    """Return an error's frames, and those of them that are not the runtime's."""
    found = traceback.extract_tb(error.__traceback__)
    frames = [each for each in found if not any(name in each.filename for name in _MACHINERY)]
    return frames, [frame for frame in frames if not frame.filename.startswith(_OURS)]
