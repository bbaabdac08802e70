"""A module or a function that outgrows its noun is split before it is merged.

The figures are fences, far above what good modules here measure: nothing is chopped to please them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "kinode_nb"
MODULE_LINES = 400
FUNCTION_LINES = 60


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def test_there_are_modules_to_measure():
    assert modules()


def test_no_module_is_too_long():
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in modules()}
    too_long = {str(p.relative_to(PACKAGE)): n for p, n in lengths.items() if n > MODULE_LINES}
    assert not too_long, f"over {MODULE_LINES} lines; look for the second noun"


def test_no_function_is_too_long():
    too_long = {
        f"{path.relative_to(PACKAGE)}:{name}": lines
        for path in modules()
        for name, lines in functions(path)
        if lines > FUNCTION_LINES
    }
    assert not too_long, f"over {FUNCTION_LINES} lines; give its steps names"
