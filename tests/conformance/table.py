"""Makes docs/conformance.md of the rules: ``python -m tests.conformance.table`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.conformance.hosts import HOSTS
from tests.conformance.rules import MARKS

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"
HEAD = """# Rules and their tests

Which rule of a Kinode node is held by which test. The rules are ours to word; they were read from
Kinode's runtime 1.0, its process_lib and kit, and [differences.md](differences.md) tells where this
node differs on purpose. The tests run on every host ({hosts}), on fake nodes in virtual time, and
speak to them only by messages.

This page is made from the tests: `python -m tests.conformance.table` writes it anew.

| Mark | Means |
|---|---|
{marks}
"""


def ruled() -> Iterator[Any]:
    """Yield the functions that have a rule, in the order of files and lines."""
    for path in sorted(HERE.glob("test_*.py")):
        module = import_module(f"tests.conformance.{path.stem}")
        yield from (each for each in vars(module).values() if hasattr(each, "rule"))


def render() -> str:
    """Return the page."""
    marks = "\n".join(f"| {mark} | {meaning} |" for mark, meaning in MARKS.items())
    hosts = ", ".join(host.name for host in HOSTS)
    parts = [HEAD.format(hosts=hosts, marks=marks)]
    for (section, module), group in groupby(
        ruled(), key=lambda test: (test.rule.section, test.rule.module)
    ):
        file = module.rpartition(".")[2]
        parts.append(f"\n## {section}\n\n`tests/conformance/{file}.py`\n\n")
        parts.append("| Rule | Mark | Test |\n|---|---|---|\n")
        parts.extend(_row(test) for test in group)
    return "".join(parts)


def _row(test: Any) -> str:
    text = test.rule.text.replace("|", "\\|")
    pending = [
        mark.kwargs["reason"] for mark in getattr(test, "pytestmark", ()) if mark.name == "xfail"
    ]
    mark = f"{test.rule.mark}; not yet: {pending[0]}" if pending else test.rule.mark
    return f"| {text[0].upper()}{text[1:]} | {mark} | `{test.rule.test}` |\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
