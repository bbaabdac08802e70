"""run-tests in a cell and at a terminal: a test that does not pass fails both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from kinode_nb.__main__ import main
from kinode_nb.types import TestsFailedError
from tests.portal.packages_under_test import Written

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def written(folder: Path) -> Written:
    written = Written(folder)
    written.test("fine_test", "print('fine')")
    written.test("bad_test", "print('begun')\nassert nodes == []")
    return written


def test_a_cell_returns_the_table(written: Written, shell: InteractiveShell):
    written.toml("fine_test")
    result = shell.run_cell("df = %kinode run-tests")
    assert result.success
    assert shell.user_ns["df"]["status"].tolist() == ["passed"]


def test_a_cell_with_a_failed_test_shows_the_table_and_fails_in_one_line(
    written: Written, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    written.toml("fine_test", "bad_test")
    result = shell.run_cell("%kinode t tests.toml")
    assert isinstance(result.error_in_exec, TestsFailedError)
    said = capsys.readouterr().out
    assert "tests_file" in said  # the table
    assert "n0.dev tester:sys: begun" in said
    last = said.strip().splitlines()[-1]
    assert last.startswith(
        "TestsFailedError: 1 passed, 1 failed; bad_test failed (bad_test/pkg/bad_test.py:7): "
        "assert nodes == []"
    )


@pytest.mark.parametrize(
    ("tests", "code", "counts"),
    [(["fine_test"], 0, "1 passed"), (["fine_test", "bad_test"], 1, "1 passed, 1 failed")],
)
def test_a_command_has_an_exit_code(
    written: Written,
    capsys: pytest.CaptureFixture[str],
    tests: list[str],
    code: int,
    counts: str,
):
    written.toml(*tests)
    assert main(["run-tests", "--junit", "junit.xml"]) == code
    said = capsys.readouterr().out
    assert "passed   fine_test in" in said
    assert said.rstrip().endswith(counts)
    assert ("| n0.dev tester:sys: begun" in said) == (code == 1)
    assert "tester:sys: fine" not in said
    assert ET.parse("junit.xml").getroot().get("tests") == str(len(tests))


def test_output_of_tests_that_pass_is_printed_where_the_file_says_so(
    written: Written, capsys: pytest.CaptureFixture[str]
):
    written.toml("fine_test", always_print_node_output=True)
    assert main(["t", "."]) == 0
    assert "| n0.dev tester:sys: fine" in capsys.readouterr().out


def test_a_mistake_is_one_line_and_exit_code_2(
    written: Written, capsys: pytest.CaptureFixture[str]
):
    path = written.toml("fine_test")
    path.write_text(path.read_text().replace("timeout_secs = 5", ""))
    assert main(["run-tests"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "kinode-nb: tests.toml: [[tests]] 1, timeout_secs is missing: write timeout_secs = 5"
    ]
    assert main(["run-tests", "nowhere"]) == 2
