"""run-tests in a cell and at a terminal: a test that does not pass fails both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from kinode_nb.__main__ import main
from kinode_nb.types import TestsFailedError
from tests.portal.packages_under_test import Written

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def written(folder: Path) -> Written:
    written = Written(folder)
    written.test("fine_test", "print('fine')")
    written.test("bad_test", "print('begun')\nassert nodes == []")
    return written


def test_a_cell_returns_the_table_and_prints_the_summary(
    written: Written, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    written.toml("fine_test")
    result = shell.run_cell("df = %kinode run-tests")
    assert result.success
    assert shell.user_ns["df"]["status"].tolist() == ["passed"]
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("passed   fine_test in ")
    assert last == "1 passed"


def test_a_cell_with_a_failed_test_shows_the_table_and_fails_in_one_line(
    written: Written, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    written.toml("fine_test", "bad_test")
    result = shell.run_cell("%kinode t tests.toml")
    assert isinstance(result.error_in_exec, TestsFailedError)
    said = capsys.readouterr().out
    assert "tests_file" in said  # the table
    assert "n0.dev tester:sys: begun" in said
    assert result.error_in_exec.results.frame["status"].tolist() == ["passed", "failed"]
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


def test_a_folder_of_the_other_spelling_is_found(
    written: Written, capsys: pytest.CaptureFixture[str]
):
    for name in ("lib_x", "set_up"):
        written.package(name, {f"{name}.py": "async def init(our):\n    pass\n"})
        (written.folder / name).rename(written.folder / name.replace("_", "-"))
    (written.folder / "fine_test").rename(written.folder / "fine-test")
    written.toml(
        "fine_test",
        dependency_package_paths=["lib_x"],
        setup_packages=[{"path": "./set_up", "run": False}],
    )
    assert main(["run-tests"]) == 0
    said = capsys.readouterr().out
    for name, field in (
        ("lib_x", "dependency_package_paths"),
        ("set_up", "setup_packages"),
        ("fine_test", "test_package_paths"),
    ):
        assert f"{field}: there is no {name}; {name.replace('_', '-')} is taken\n" in said


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


def test_an_interrupted_command_tells_what_had_ended(
    written: Written, capsys: pytest.CaptureFixture[str]
):
    written.test(
        "x_test", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nawait our.receive()"
    )
    written.toml("fine_test", "bad_test", "x_test", timeout=60)
    assert main(["run-tests"]) == 130
    assert capsys.readouterr().err == (
        "kinode-nb: the tests have ended, and their nodes are stopped "
        "(before that: fine_test passed, bad_test failed)\n"
    )


def test_a_file_without_tests_is_a_mistake(written: Written, capsys: pytest.CaptureFixture[str]):
    written.toml()
    assert main(["run-tests"]) == 2
    assert "tests.toml names no test: write test_package_paths" in capsys.readouterr().err


def test_what_stdout_cannot_encode_is_written_as_its_escape(written: Written):
    written.test("x_test", 'print("\\ud800")\nassert 0, "caf\u00e9"')
    written.toml("x_test")
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "kinode_nb", "run-tests"]
    done = subprocess.run(line, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert rb"AssertionError: caf\xe9" in done.stdout
    assert done.stdout.rstrip().endswith(b"1 failed")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_command_that_nobody_reads_ends_quietly(unbuffered: str):
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "-m", "kinode_nb", "--version"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(line, env=env, stdout=stdout, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (141, b"")
