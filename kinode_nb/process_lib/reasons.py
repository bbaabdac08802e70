"""Why a test failed, in one line: the error's own words, or what an assert asked of which values.

Nothing is evaluated again, since that could do what the test did a second time: only the values
of the names in the assert are shown, as they were.
"""

import ast
import linecache
import reprlib
import traceback
from collections.abc import Iterator
from textwrap import dedent
from types import FrameType, ModuleType, TracebackType

_SHOWN = 200  # characters of a value

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = _SHOWN
_short.maxlist = _short.maxdict = _short.maxtuple = _short.maxset = 20


def reason(error: BaseException) -> str:
    """Return an error in one line."""
    if isinstance(error, AssertionError) and not str(error):
        return _asserted(error.__traceback__)
    return traceback.format_exception_only(error)[-1].strip()


def _asserted(raised: TracebackType | None) -> str:
    """Return the source of an assert that said nothing, with the values of its names."""
    if raised is None:
        return "AssertionError"
    while raised.tb_next is not None:
        raised = raised.tb_next
    source = _statement(raised)
    values = ", ".join(_values(source, raised.tb_frame))
    return f"{source} (with {values})" if values else source or "AssertionError"


def _statement(raised: TracebackType) -> str:
    """Return the source of the statement that raised, on one line; '' where there is none."""
    (frame,) = traceback.extract_tb(raised, limit=1)
    first = frame.lineno or 0
    last = max(frame.end_lineno or first, first)
    text, number = "", first
    while line := linecache.getline(frame.filename, number, raised.tb_frame.f_globals):
        text += line
        if number >= last and _is_whole(text):
            return " ".join(each.strip() for each in text.splitlines())
        number += 1
    return (frame.line or "").strip()


def _is_whole(text: str) -> bool:
    try:
        ast.parse(dedent(text))
    except SyntaxError:
        return False
    return True


def _values(source: str, frame: FrameType) -> Iterator[str]:
    """Yield the names of an assert with their values, but for functions, classes and modules."""
    try:
        parsed = ast.parse(source)
    except SyntaxError:
        return
    names = (node.id for node in ast.walk(parsed) if isinstance(node, ast.Name))
    for name in dict.fromkeys(names):
        value = frame.f_locals.get(name, frame.f_globals.get(name, frame))
        if value is not frame and not (callable(value) or isinstance(value, ModuleType)):
            yield f"{name} = {_short.repr(value)}"
