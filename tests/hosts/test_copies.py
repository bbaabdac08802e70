"""Copies for a process: nothing that is copied leads back to where it came from."""

from __future__ import annotations

import functools
import json
import threading
from types import FunctionType

import pytest

from kinode_nb.hosts.borrowing import borrowed, hinting
from kinode_nb.hosts.copies import Copies
from kinode_nb.types import UsageError

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
