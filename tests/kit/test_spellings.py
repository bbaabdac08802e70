"""Which folder is meant, where that of the very name is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit.spellings import either


@pytest.mark.parametrize(
    ("there", "written", "meant"),
    [
        ("file-transfer", "file_transfer", "file-transfer"),
        ("file_transfer", "file-transfer", "file_transfer"),
        ("a_b-c", "a-b_c", "a_b-c"),
        ("a-b/test/x-y_test", "a_b/test/x_y_test", "a-b/test/x-y_test"),
        ("a-b", "a_b/test", "a_b/test"),
        ("other", "file_transfer", "file_transfer"),
    ],
)
def test_every_part_may_be_spelled_in_the_other_way(
    tmp_path: Path, there: str, written: str, meant: str
) -> None:
    (tmp_path / there).mkdir(parents=True)
    assert either(tmp_path / written) == tmp_path / meant


def test_the_very_name_goes_first_and_no_choice_is_made_between_others(tmp_path: Path) -> None:
    for name in ("a-b_c", "a_b-c"):
        (tmp_path / name).mkdir()
    assert either(tmp_path / "a-b_c") == tmp_path / "a-b_c"
    assert either(tmp_path / "a_b_c") == tmp_path / "a_b_c"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a-b").touch()
    assert either(tmp_path / "a_b") == tmp_path / "a_b"
    assert either(tmp_path / "a-b") == tmp_path / "a-b"
