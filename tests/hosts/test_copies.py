"""Copies for a process: nothing that is copied leads back to where it came from."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import decimal
import functools
import json
import threading
from types import FunctionType

import pytest

from kinode_nb.hosts.borrowing import borrowed, hinting
from kinode_nb.hosts.copies import Copies
from kinode_nb.types import Address, UsageError

SCRIPT = """
import json
limit = [3]

class Thing:
    pass

def inner():
    return json, Thing, limit

def outer(n, extra=limit, *, more=limit):
    def again(k):
        return k if k == 0 else again(k - 1)
    return inner(), again(n), extra, more
"""


def script() -> dict[str, object]:
    """Return the variables of a script, or of a notebook."""
    names: dict[str, object] = {"__name__": "__main__"}
    exec(SCRIPT, names)
    return names


def test_a_function_brings_what_it_names_but_no_variables():
    names = script()
    given = borrowed({"outer": names["outer"]})
    assert set(given) == {"outer", "inner", "json", "Thing"}
    assert given["json"] is json
    assert given["Thing"] is names["Thing"]
    for name in ("outer", "inner"):
        assert given[name] is not names[name]
        assert given[name].__globals__ is given
    given["limit"] = "its own"
    found = given["outer"](2)
    assert found[0] == (json, names["Thing"], "its own")
    assert found[1] == 0


def test_defaults_are_copied():
    names = script()
    outer = borrowed({"outer": names["outer"]})["outer"]
    assert outer.__defaults__ == ([3],)
    assert outer.__kwdefaults__ == {"more": [3]}
    assert outer.__defaults__[0] is not names["limit"]
    assert outer.__kwdefaults__["more"] is not names["limit"]


def test_what_a_function_closes_over_is_copied_once_and_may_be_itself():
    home = globals()
    items = [1]

    def add(n: int) -> list[int]:
        items.append(n)
        return items if n == 0 else add(n - 1)

    def read() -> list[int]:
        return items

    copies = Copies(namespace := {}, home)
    fresh, reader = copies.of(add), copies.of(read)
    assert fresh.__globals__ is namespace
    assert fresh(1) == [1, 1, 0]
    assert reader() == [1, 1, 0]
    assert items == [1]
    assert fresh.__closure__[0].cell_contents is fresh


def test_partials_and_methods_are_taken_apart():
    class Counter:
        def __init__(self) -> None:
            self.seen = [1]

        def see(self, n: int, factor: int) -> list[int]:
            self.seen.append(n * factor)
            return self.seen

    counter = Counter()
    fresh = Copies({}, globals()).of(functools.partial(counter.see, factor=2))
    assert fresh(3) == [1, 6]
    assert counter.seen == [1]


WRAPPED = """
import functools
limit = [3]

def see(n=1):
    return helper(n), limit

def helper(n):
    return n

@functools.lru_cache(maxsize=7)
def cached(n=1):
    return see(n)

class Holder:
    pass

held = Holder()
held.see = see
within = {"see": see, "more": [(see, cached)], "held": held}
"""


def wrapped() -> dict[str, object]:
    names: dict[str, object] = {"__name__": "__main__"}
    exec(WRAPPED, names)
    return names


def test_functions_inside_a_value_are_the_processs_own():
    given = borrowed({"within": wrapped()["within"]})
    given["limit"] = "its own"
    within = given["within"]
    for each in (within["see"], *within["more"][0], within["held"].see):
        assert each() == (1, "its own")
    assert within["more"][0][0] is within["see"] is within["held"].see
    assert {"within", "helper", "see"} <= set(given)


def test_a_cached_function_gets_a_cache_of_its_own():
    names = wrapped()
    given = borrowed({"cached": names["cached"]})
    given["limit"] = "its own"
    assert given["cached"]() == (1, "its own")
    assert given["cached"].cache_parameters() == {"maxsize": 7, "typed": False}
    assert names["cached"].cache_info().currsize == 0
    assert Copies({}, given).of(given["cached"]) is not given["cached"]
    assert Copies({}).of(given["cached"]) is given["cached"]


def test_what_an_imported_decorator_wraps_is_copied_with_it():
    names = wrapped()
    managed = contextlib.contextmanager(names["see"])
    given = borrowed({"managed": managed})
    assert given["managed"] is not managed
    assert given["managed"].__globals__ is managed.__globals__
    assert given["managed"].__wrapped__.__globals__ is given


def test_a_method_of_a_list_belongs_to_the_copy():
    items = [1]
    given = borrowed({"items": items, "add": items.append})
    given["add"](2)
    assert (given["items"], items) == ([1, 2], [1])


def test_copies_are_as_deep_as_those_of_python():
    """The same shapes as `copy.deepcopy` makes, with the same things twice in them."""

    class Point:
        __slots__ = ("x", "y")

        def __init__(self, x: object, y: object) -> None:
            self.x, self.y = x, y

    twice: list[object] = [1]
    loop: list[object] = [twice, (twice, {2, 3}), collections.deque([twice]), {"a": b"x"}]
    loop.append((loop,))
    point = Point(twice, collections.OrderedDict(b=1, a=2))
    loop += [point, Address.parse("a.dev@b:c:d"), decimal.Decimal(1), dt.date(2026, 1, 1)]
    fresh = Copies({}).of(loop)
    assert fresh is not loop
    assert fresh[0] == [1]
    assert fresh[0] is fresh[1][0] is fresh[2][0] is fresh[5].x
    assert fresh[0] is not twice
    assert fresh[4][0] is fresh
    assert list(fresh[5].y) == ["b", "a"]
    assert fresh[6:] == loop[6:]


def test_functions_of_imported_modules_stay():
    assert Copies({}).of(json.dumps) is json.dumps
    assert borrowed({"dumps": json.dumps}) == {"dumps": json.dumps}


def test_what_cannot_be_copied_is_one_line_with_its_name():
    lock = threading.Lock()

    def locked() -> None:
        lock.acquire()

    with pytest.raises(UsageError, match=r"^inside \(list\) cannot be copied into a process: .*"):
        Copies({}).named("inside", [lock])
    with pytest.raises(UsageError, match=r"^lock \(lock\) cannot be copied") as raised:
        Copies({}, globals()).named("locked", locked)
    assert "\n" not in str(raised.value)


def test_a_cell_that_has_no_value_yet_stays_so():
    def maker() -> FunctionType:
        def early() -> int:
            return late

        fresh = Copies({}, globals()).of(early)
        late = 1
        assert late == early()
        return fresh

    with pytest.raises(NameError):
        maker()()


def test_hints_are_for_names_that_are_known_elsewhere():
    hint = hinting(lambda: {"mine": 1, "print": 2}, "{name}: copy it")
    assert hint("mine") == "mine: copy it"
    assert hint("print") == hint("nowhere") == ""
