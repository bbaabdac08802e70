from __future__ import annotations

import pytest

from kinode_nb.types.programs import program_name


@pytest.mark.parametrize(
    ("name", "there", "found"),
    [
        ("worker.wasm", {"worker.wasm", "worker.py"}, "worker.wasm"),
        ("worker.wasm", {"worker.py"}, "worker.py"),
        ("my-worker.wasm", {"my_worker.py"}, "my_worker.py"),
        ("my-worker.wasm", {"my-worker.py", "my_worker.py"}, "my-worker.py"),
        ("my_worker.wasm", {"my_worker.py", "my-worker.py"}, "my_worker.py"),
        ("my_worker.wasm", {"my-worker.py"}, "my-worker.py"),
        ("in-a/my-worker.wasm", {"in-a/my_worker.py"}, "in-a/my_worker.py"),
        ("worker.wasm", {"other.py"}, None),
        ("worker.py", {"worker.wasm"}, None),
        ("worker.py", {"worker.py"}, "worker.py"),
        (".wasm", {"x.py"}, None),
    ],
)
def test_wasm_means_python_where_there_is_no_wasm(name: str, there: set[str], found: str | None):
    assert program_name(name, there.__contains__) == found
