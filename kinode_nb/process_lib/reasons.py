"""Why a test failed, in one line: the error's own words, or what an assert asked of which values.

Nothing is evaluated again, since that could do what the test did a second time: only the values
of the names in the assert are shown, as they were.
"""

import ast
import linecache
import reprlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import FrameType, ModuleType, TracebackType

from kinode_nb.process_lib.our import Our
from kinode_nb.types import Request, Response

_OURS = str(Path(__file__).resolve().parents[1]) + "/"
_PACKAGES = f"{_OURS}packages/"  # whose files are theirs
_SHOWN = 200  # characters of a value
_NO_NEWS = (ModuleType, Our)

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = _SHOWN
_short.maxlist = _short.maxdict = _short.maxtuple = _short.maxset = 20


def reason(error: BaseException) -> str:
    """Return an error in one line."""
    if isinstance(error, AssertionError) and not str(error):
        return _asserted(error.__traceback__)
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def quote(frame: FrameType) -> None:
    """Let a frame's lines be those that it runs, not what another file of its name once held."""
    file = frame.f_code.co_filename
    if not Path(file).is_file():  # one in a node's vfs: its module's loader has the text
        linecache.cache.pop(file, None)
        linecache.lazycache(file, frame.f_globals)


def _quote_all(raised: TracebackType | None) -> None:
    while raised is not None:
        quote(raised.tb_frame)
        raised = raised.tb_next


def story(error: BaseException) -> str:
    """Return the traceback as Python tells it, without the frames of what ran the process."""
    _quote_all(error.__traceback__)
    told = traceback.TracebackException.from_exception(error)
    _leave_out_ours(told)
    return "".join(told.format()).rstrip()


def _leave_out_ours(told: traceback.TracebackException) -> None:
    """Keep the frames of authors, in an error and in those that led to it or are in its group."""
    own = [frame for frame in told.stack if not _is_ours(frame.filename)]
    told.stack = traceback.StackSummary.from_list(own)
    for each in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if each is not None:
            _leave_out_ours(each)


def _is_ours(file: str) -> bool:
    return file.startswith(_OURS) and not file.startswith(_PACKAGES)


def _asserted(raised: TracebackType | None) -> str:
    """Return the source of an assert that said nothing, with the values of its names."""
    if raised is None:
        return "AssertionError"
    while raised.tb_next is not None:
        raised = raised.tb_next
    quote(raised.tb_frame)
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
    """Yield the names of an assert with their values, but for code and handles."""
    try:
        parsed = ast.parse(source)
    except SyntaxError:
        return
    names = (node.id for node in ast.walk(parsed) if isinstance(node, ast.Name))
    for name in dict.fromkeys(names):
        value = frame.f_locals.get(name, frame.f_globals.get(name, frame))
        if value is not frame and not (callable(value) or isinstance(value, _NO_NEWS)):
            yield f"{name} = {_shown(value)}"


def _shown(value: object) -> str:
    """Return a value as it is shown: of a message, what it says."""
    if isinstance(value, Request | Response):
        return f"{type(value).__name__} {_short.repr(value.body)}"
    return _short.repr(value)
