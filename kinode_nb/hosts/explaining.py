"""Errors of a process, told in the words of its author: no import names that are only ours."""

import contextlib
import linecache
import re
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType, TracebackType

from kinode_nb import wit
from kinode_nb.hosts.printing import print_
from kinode_nb.hosts.trees import PREFIX, tree_of
from kinode_nb.types import nearest

_OUR_NAME = re.compile(rf"\b{PREFIX}\d+\.?")
_NO_SUCH_NAME = re.compile(r"cannot import name '([^']+)' from")


def explain(error: BaseException) -> None:
    """Reword an error that has ended a process, and see that its lines can be quoted.

    To be called while the process's modules are still there. Raises nothing: an error's class is
    the author's, and its ``__str__`` and attributes may do anything.
    """
    for each in _all_of(error):
        with contextlib.suppress(BaseException):
            _quote(each.__traceback__)
        with contextlib.suppress(BaseException):
            _reword(each)


def _reword(error: BaseException) -> None:
    kind = type(error)
    if kind.__module__.startswith(PREFIX):
        kind.__module__ = _OUR_NAME.sub("", kind.__module__)
    if isinstance(error, ImportError):
        _explain_import(error)
    elif isinstance(error, SyntaxError) and error.filename and error.lineno:
        error.msg = f"{error.msg} ({error.filename}, line {error.lineno})"


def _all_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, those that it came from, and those of its group."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _explain_import(error: ImportError) -> None:
    """Say which file has no such name, and what is near."""
    found = _NO_SUCH_NAME.match(str(error))
    place = tree_of(error.name or "")
    if found is not None and error.name == "kinode_nb.wit":
        error.msg = _unknown_wit(found[1])
        error.args = (error.msg,)
    if found is None or place is None:
        return
    tree, module = place
    sources, name = tree.sources, found[1]
    beside = f"{module}." if module else ""
    known = {each.removeprefix(beside) for each in sources.modules() if each.startswith(beside)}
    near = nearest(name, known.union(_own_names(sys.modules.get(error.name or ""))))
    file = sources.file_of(module)
    shown = sources.shown(file) if file else sources.label
    half = " yet: modules that import each other" if "partially initialized" in str(error) else ""
    error.msg = f"{shown} has no name {name!r}{half}.{near}"
    error.args = (error.msg,)


def _unknown_wit(name: str) -> str:
    try:
        getattr(wit, name)
    except AttributeError as error:
        return str(error)
    return f"kinode_nb.wit has {name!r} by now: begin the process again"


def _own_names(module: ModuleType | None) -> Iterable[str]:
    """Return the names that a module has for others, rather than those that it has imported."""
    if module is None:
        return ()
    has = vars(module)
    own = (
        name
        for name, it in list(has.items())
        if not isinstance(it, ModuleType) and it is not print_
    )
    return has.get("__all__") or own


def _quote(traceback: TracebackType | None) -> None:
    """Let the lines of a process's modules be those that it ran, not a later version's."""
    while traceback is not None:
        frame = traceback.tb_frame
        if str(frame.f_globals.get("__name__")).startswith(PREFIX):
            linecache.cache.pop(frame.f_code.co_filename, None)
            linecache.lazycache(frame.f_code.co_filename, frame.f_globals)
        traceback = traceback.tb_next
