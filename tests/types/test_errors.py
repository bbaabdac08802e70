"""One tree of errors, and the nearest name."""

from __future__ import annotations

import inspect

import pytest

from kinode_nb.types import errors
from kinode_nb.types.errors import KinodeError, nearest


def test_every_error_is_in_the_tree():
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    found = [each for each in classes if issubclass(each, BaseException)]
    assert len(found) > 5
    assert all(issubclass(each, KinodeError) for each in found)
    drawn = inspect.getdoc(errors) or ""
    assert [each.__name__ for each in found if each.__name__ not in drawn] == []


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("fake2.dve", ["fake.dev", "fake2.dev"], " Did you mean 'fake2.dev'?"),
        ("zzz", ["fake.dev"], ""),
        ("x", [], ""),
    ],
)
def test_the_nearest_name(name, known, said):
    assert nearest(name, known) == said
