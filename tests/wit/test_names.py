"""Names in WIT, in JSON and in Python."""

from __future__ import annotations

import pytest

from kinode_nb.wit.names import json_field, python_name, upper_camel


@pytest.mark.parametrize(
    ("wit", "camel"),
    [("send", "Send"), ("list-files", "ListFiles"), ("x86-64b", "X8664b"), ("HTTP-url", "HttpUrl")],
)
def test_types_and_cases(wit, camel):
    assert upper_camel(wit) == camel


@pytest.mark.parametrize(
    ("wit", "in_json", "in_python"),
    [
        ("is-requestor", "is_requestor", "is_requestor"),
        ("type", "type_", "type_"),
        ("move", "move_", "move_"),
        ("in", "in_", "in_"),
        ("from", "from", "from_"),
        ("class", "class", "class_"),
        ("HTTP-url", "http_url", "http_url"),
    ],
)
def test_fields(wit, in_json, in_python):
    assert json_field(wit) == in_json
    assert python_name(json_field(wit)) == in_python
