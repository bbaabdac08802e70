"""Deep copies of values, with a say in what becomes of the functions inside.

`copy.deepcopy` hands functions on as they are, wherever it meets them. So what it would look into
by itself is looked into here, by the same protocol.
"""

import copy
import copyreg
import weakref
from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, EllipsisType, ModuleType, NoneType
from typing import Any

Memo = dict[int, Any]
_Of = Callable[[Any], Any]

_ATOMS = frozenset(
    {NoneType, bool, int, float, complex, str, bytes, range, property, CodeType, EllipsisType}
    | {type(NotImplemented), weakref.ref}
)


def deep_copy(value: Any, of: _Of, memo: Memo) -> Any:
    """Return a copy, of which the parts are copied by ``of``; raises whatever copying raises."""
    known = memo.get(id(value), memo)
    if known is not memo:
        return known
    kind = type(value)
    if kind in _ATOMS:
        return value
    if isinstance(value, BuiltinFunctionType):
        return _of_builtin(value, of)
    if kind in _CONTAINERS:
        made = _CONTAINERS[kind](value, of, memo)
    elif isinstance(value, type) or hasattr(kind, "__deepcopy__") or kind in copyreg.dispatch_table:
        return copy.deepcopy(value, memo)
    else:
        reduced = value.__reduce_ex__(4)
        if isinstance(reduced, str):
            return value
        made = _rebuilt(value, reduced, of, memo)
    memo[id(value)] = made
    _keep(value, memo)
    return made


def _of_builtin(value: Any, of: _Of) -> Any:
    """Return a function as it is; a method (``items.append``) belongs to its object's copy."""
    owner = value.__self__
    if owner is None or isinstance(owner, ModuleType | type):
        return value
    return getattr(of(owner), value.__name__)


def _keep(value: Any, memo: Memo) -> None:
    """Let a value live as long as its id stands in the memo, as `copy.deepcopy` does."""
    memo.setdefault(id(memo), []).append(value)


def _of_list(value: list[Any], of: _Of, memo: Memo) -> list[Any]:
    made: list[Any] = []
    memo[id(value)] = made
    made.extend(map(of, value))
    return made


def _of_dict(value: dict[Any, Any], of: _Of, memo: Memo) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    memo[id(value)] = made
    for key, each in value.items():
        made[of(key)] = of(each)
    return made


def _of_tuple(value: tuple[Any, ...], of: _Of, memo: Memo) -> tuple[Any, ...]:
    made = tuple(map(of, value))
    if id(value) in memo:  # it is in itself, by way of a list
        return memo[id(value)]  # type: ignore[no-any-return]  # the memo holds anything
    same = all(old is new for old, new in zip(value, made, strict=True))
    return value if same else made


_CONTAINERS: dict[type, Callable[[Any, _Of, Memo], Any]] = {
    list: _of_list,
    dict: _of_dict,
    tuple: _of_tuple,
    set: lambda value, of, _: set(map(of, value)),
    frozenset: lambda value, of, _: frozenset(map(of, value)),
}


def _rebuilt(value: Any, reduced: tuple[Any, ...], of: _Of, memo: Memo) -> Any:
    """Return what `object.__reduce_ex__` tells to make, from copies of the parts."""
    make, arguments, state, items, pairs, set_state = [*reduced, *[None] * 4][:6]
    made = make(*map(of, arguments))
    memo[id(value)] = made
    if state is not None:
        _set_state(made, of(state), set_state)
    for item in items or ():
        made.append(of(item))
    for key, each in pairs or ():
        made[of(key)] = of(each)
    return made


def _set_state(made: Any, state: Any, set_state: Callable[[Any, Any], None] | None) -> None:
    if set_state is not None:
        set_state(made, state)
    elif hasattr(made, "__setstate__"):
        made.__setstate__(state)
    else:
        plain, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)  # noqa: PLR2004 - of the protocol
        if plain:
            vars(made).update(plain)
        for name, each in (slots or {}).items():
            setattr(made, name, each)
