"""Functions that run as processes: each gets globals of its own, since processes share nothing."""

import builtins
import functools
from collections.abc import Awaitable, Callable
from types import CodeType, FunctionType

from kinode_nb.hosts.printing import printer
from kinode_nb.process_lib import Our

Init = Callable[[Our], Awaitable[None]]

NOTEBOOKS = frozenset({"get_ipython", "display", "__IPYTHON__"})
"""What a notebook puts among the builtins of all modules: no process has it."""
BUILTINS = {name: it for name, it in vars(builtins).items() if name not in NOTEBOOKS}
"""The builtins of processes; nobody changes them."""


def own(function: Init, our: Our) -> Init:
    """Return the function with globals and a ``print`` of its own; other callables as they are.

    It has those of its module that it names, as they are now: most modules hold much more, and
    there may be thousands of processes.
    """
    if not isinstance(function, FunctionType):
        return function
    known = function.__globals__
    names = _names(function.__code__)
    own_globals = (
        known.copy() if names & _ALL_GLOBALS else {n: known[n] for n in names & known.keys()}
    )
    own_globals["__builtins__"] = BUILTINS
    if "print" in names:
        own_globals["print"] = printer(our)
    copy = FunctionType(
        function.__code__,
        own_globals,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


_ALL_GLOBALS = {"globals", "vars", "dir", "eval", "exec"}  # who calls these may name any of them
_ALWAYS = frozenset({"__name__", "__package__", "__spec__"})  # for imports


@functools.lru_cache(maxsize=256)
def _names(code: CodeType) -> frozenset[str]:
    """Return the names that a function's code uses, that of functions inside it included."""
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return _ALWAYS.union(code.co_names, *map(_names, inner))
