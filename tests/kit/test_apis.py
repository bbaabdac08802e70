"""What is in a package's API, and what its importers take of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit import record, zips
from kinode_nb.kit.building import build
from kinode_nb.types import PackageError
from tests.kit.package_folders import exporter, package, tree


@pytest.mark.parametrize("written", ["../secret.txt", "{outside}", "pkg/../../secret.txt", "link"])
def test_api_includes_stay_in_the_folder(tmp_path: Path, written: str) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    written = written.format(outside=outside)
    folder = package(tmp_path / "p", properties={"api_includes": [written]})
    (folder / "link").symlink_to(outside)
    before = tree(folder)
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert str(caught.value) == (
        f"{folder}/metadata.json: properties.api_includes[0]: {written!r} lies outside of "
        f'{folder}; write "pkg/{Path(written).name}", or take it out'
    )
    assert tree(folder) == before


def test_what_is_added_from_elsewhere_is_in_that_build_only(tmp_path: Path) -> None:
    folder = exporter(tmp_path / "words")
    (tmp_path / "more.py").write_text("MORE = 1\n")
    built = build(folder, add_to_api=[tmp_path / "more.py", folder / "pkg/words_worker.py"])
    (note,) = built.notes
    assert note == (
        f"-a {tmp_path}/more.py lies outside of {folder}: it is in the API of this build only, so "
        "name it again with the next, or copy it into pkg/"
    )
    assert "more.py" in zips.contents(built.package.files["api.zip"])
    assert record.read(folder).added == ("pkg/words_worker.py",)
    assert "more.py" not in zips.contents(build(folder).package.files["api.zip"])
