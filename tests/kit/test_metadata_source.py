"""One value of metadata.json is changed, and all else stays as its author laid it out."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit.building import build
from kinode_nb.types import PackageError
from tests.kit.package_folders import package, tree

OLD = """{ "current_version": "mine",
  "description": "say \\"current_version\\": \\"1\\"", "name": "words",
  "properties": {
    "mirrors": [], "dependencies": [], "publisher": "me.os",
    "code_hashes": { "0.1.0": "", "0.2.0": "" },
    "package_name": "words",   %s
  }
}"""


def written(folder: Path, field: str) -> Path:
    return package(folder, {"metadata.json": OLD % field})


@pytest.mark.parametrize(
    "field", ['"current_version" : "0.1.0"', '"current_version":"0.1\\u002e0"']
)
def test_the_version_in_properties_is_the_one_that_is_raised(tmp_path: Path, field: str) -> None:
    folder = written(tmp_path, field)
    (note,) = build(folder).notes
    assert note == "metadata.json: current_version is now 0.2.0, the newest of code_hashes"
    new = field.partition(":")[0] + field[len(field.partition(":")[0]) :].partition('"')[0]
    assert (folder / "metadata.json").read_text() == OLD % f'{new}"0.2.0"'
    assert build(folder).notes == ()


def test_a_link_stays_one(tmp_path: Path) -> None:
    folder = written(tmp_path, '"current_version": "0.1.0"')
    (folder / "metadata.json").rename(folder / "real.json")
    (folder / "metadata.json").symlink_to("real.json")
    assert folder / "metadata.json" in build(folder).written
    assert (folder / "metadata.json").is_symlink()
    assert (folder / "real.json").read_text() == OLD % '"current_version": "0.2.0"'


def test_a_name_that_is_written_in_another_way_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path, '"current\\u005fversion": "0.1.0"')
    before = tree(folder)
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert str(caught.value) == (
        f'{folder}/metadata.json: write properties.current_version plainly, as "0.2.0"'
    )
    assert tree(folder) == before
