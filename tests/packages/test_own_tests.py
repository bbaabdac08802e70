"""The test that each built-in package brings along, run as its author would."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit.built_in import built_in
from kinode_nb.kit.new import TEMPLATES, new
from kinode_nb.portal import run_tests


def assert_passes(folder: Path) -> None:
    results = run_tests(folder)
    assert [(row.status, row.reason) for row in results.rows] == [("passed", "")]


@pytest.mark.parametrize("name", built_in())
def test_a_built_in_package_passes_its_own_test(name: str) -> None:
    assert_passes(built_in()[name])


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["my-chat2", "a", "class"])
def test_what_new_makes_passes_its_own_test(tmp_path: Path, template: str, name: str) -> None:
    assert_passes(new(tmp_path / name, publisher="me.os", template=template))


def test_a_file_that_comes_out_otherwise_fails_the_test(tmp_path: Path) -> None:
    folder = new(tmp_path / "x", template="file-transfer")
    setup = folder / "pkg" / "x_setup.py"
    setup.write_text(setup.read_text().replace("bytes(contents)", 'b"other"'))
    [row] = run_tests(folder).rows
    assert row.status == "failed"
    assert '"size": len(CONTENTS)' in row.reason
