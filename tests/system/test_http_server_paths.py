"""Which binding a request's path means."""

import pytest

from kinode_nb.process_lib import ProcessId
from kinode_nb.system.http_server_paths import (
    Binding,
    PathTable,
    full_path,
    own_path,
    secure_subdomain,
)

APP = ProcessId.parse("main:app:tester.os")
HOMEPAGE = ProcessId.parse("homepage:homepage:sys")


def table(*paths, owner=APP):
    """Return a table with these paths, as the process writes them."""
    bound = PathTable()
    for path in paths:
        bound.bind(Binding(full_path(owner, path), owner))
    return bound


def found(bound, path):
    """Return the path that was bound, as the process wrote it, and the parameters."""
    match = bound.find_or_base(f"/{APP}{path}")
    return match and (match.binding.path.removeprefix(f"/{APP}"), match.params)


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("/", "/main:app:tester.os"),
        ("", "/main:app:tester.os"),
        ("/a", "/main:app:tester.os/a"),
        ("a", "/main:app:tester.os/a"),
        ("/a/", "/main:app:tester.os/a"),
        ("/a//", "/main:app:tester.os/a/"),
        ("/a/:id", "/main:app:tester.os/a/:id"),
    ],
)
def test_a_path_is_bound_below_the_process(written, full):
    assert full_path(APP, written) == full


def test_the_homepage_binds_where_it_likes():
    assert full_path(HOMEPAGE, "/") == ""
    assert full_path(HOMEPAGE, "/any/where/") == "/any/where"
    bound = table("/", "/any", owner=HOMEPAGE)
    assert bound.find("/").binding.path == ""
    assert bound.find("/any/").binding.path == "/any"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (f"/{APP}", "/"),
        (f"/{APP}/", "/"),
        (f"/{APP}/ws/", "/ws"),
        (f"/{APP}/a/b", "/a/b"),
        ("/else", "/else"),
    ],
)
def test_the_process_knows_its_own_part_of_a_path(path, own):
    assert own_path(APP, path) == own


def test_one_slash_at_the_end_makes_no_difference():
    bound = table("/a")
    assert found(bound, "/a") == found(bound, "/a/") == ("/a", {})
    assert found(bound, "/a//") is None


def test_segments_with_a_colon_stand_for_any_text():
    bound = table("/u/:user/f/:file")
    assert found(bound, "/u/ann/f/x%20y") == ("/u/:user/f/:file", {"user": "ann", "file": "x%20y"})
    assert found(bound, "/u/ann/f") is None
    assert found(bound, "/u//f/x") is None


def test_a_star_stands_for_the_rest():
    bound = table("/files/*path")
    assert found(bound, "/files/a/b") == ("/files/*path", {"path": "a/b"})
    assert found(bound, "/files") is None


def test_the_plainest_binding_wins_in_whatever_order():
    paths = ["/:a/:b", "/x/:b", "/x/y", "/*all"]
    for bound in (table(*paths), table(*reversed(paths))):
        assert found(bound, "/x/y")[0] == "/x/y"
        assert found(bound, "/x/z")[0] == "/x/:b"
        assert found(bound, "/z/z")[0] == "/:a/:b"
        assert found(bound, "/z/z/z")[0] == "/*all"


def test_a_path_of_the_same_shape_replaces():
    bound = table("/:a", "/:b")
    assert found(bound, "/x") == ("/:b", {"b": "x"})


def test_what_is_not_bound_goes_to_the_base_path():
    assert found(table("/a"), "/b") is None
    assert found(table("/a", "/"), "/b/c") == ("", {})
    assert table("/").find_or_base("/other:app:tester.os/b") is None


def test_what_was_unbound_does_not():
    bound = table("/a", "/")
    bound.bind(Binding(full_path(APP, "/a"), APP, bound=False))
    assert not bound.find_or_base(f"/{APP}/a").binding.bound
    assert found(bound, "/b") == ("", {})


def test_a_process_is_forgotten_with_all_its_paths():
    other = ProcessId.parse("other:app:tester.os")
    bound = table("/", "/a/:b", "/*c")
    bound.bind(Binding(full_path(other, "/"), other))
    bound.forget(APP)
    assert found(bound, "/a/b") is None
    assert bound.find(f"/{other}").binding.owner == other


def test_a_secure_subdomain_is_the_packages_name():
    assert secure_subdomain(APP) == "app-tester-os"
