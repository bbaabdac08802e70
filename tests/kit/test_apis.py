"""What is in a package's API, and what its importers take of one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from kinode_nb.kit import record, zips
from kinode_nb.kit.building import Built, build
from kinode_nb.types import PackageError
from tests.kit.package_folders import PROCESS, exporter, package, tree


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


def foreign(files: dict[str, bytes | str]) -> bytes:
    """Return an api.zip as somebody may have made it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def importing(folder: Path, files: dict[str, bytes | str]) -> Built:
    """Build a package that depends on somebody's API, which a node has."""
    properties = {"dependencies": ["far:you.os"]}
    if not folder.exists():
        package(folder, properties=properties)
    return build(folder, fetch_api=lambda _: foreign(files))


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"__init__.py": "1"}, " has a file called '__init__.py', which would run in each package"),
        ({"a/__init__.py": "1"}, " has a file called '__init__.py', which would run in each"),
        ({"api": "1"}, " has a file called 'api', which is the name of a folder"),
        ({"api/__pycache__": "1"}, " has a file called '__pycache__', which is the name of a fol"),
        ({"x.so": "1"}, " has a file called 'x.so', which is compiled code"),
        ({".x.py.new": "1"}, " has a file called '.x.py.new', which is hidden"),
        ({"a\nb.py": "1"}, " has a file called 'a\\nb.py', which no file of a package is"),
        ({"a/x.py": "1", "b/x.py": "2"}, " has two files called 'x.py': an API has no folders"),
        ({"x.wit": b"// \xff"}, ": x.wit is no UTF-8 text, at byte 3"),
        ({"x.wit": "/// a\0b\ninterface x { type y = u32; }"}, ": x.wit, line 1, column 6: "),
    ],
)
def test_what_would_harm_an_importer_is_a_line_and_writes_nothing(
    tmp_path: Path, files: dict[str, bytes | str], fault: str
) -> None:
    folder = package(tmp_path / "p", properties={"dependencies": ["far:you.os"]})
    before = tree(folder)
    with pytest.raises(PackageError) as caught:
        importing(folder, {"ok.py": "1", **files})
    assert str(caught.value).startswith(f"the API of far:you.os (the running node){fault}")
    assert "\n" not in str(caught.value)
    assert tree(folder) == before
    assert {path.name for path in folder.iterdir()} == {"metadata.json", "pkg"}
    assert "x.py" in importing(folder, {"a/x.py": "1", "b/x.py": "1"}).package.files


def test_what_every_package_has_of_its_own_is_not_taken(tmp_path: Path) -> None:
    own = {"manifest.json", "scripts.json", "api.zip", "features.py"}
    built = importing(tmp_path / "p", {"x.py": "1", **dict.fromkeys(own, "not yours")})
    assert built.package.files["x.py"] == b"1"
    assert b"not yours" not in built.package.files.values()
    assert own.isdisjoint(built.package.files.keys() - {"manifest.json", "features.py"})


def test_a_name_as_long_as_they_can_be_is_written(tmp_path: Path) -> None:
    name = "x" * 252 + ".py"
    assert (tmp_path / "p/pkg" / name) in importing(tmp_path / "p", {name: "1"}).written


def test_an_exporter_is_told_before_its_importers_are(tmp_path: Path) -> None:
    folder = package(
        tmp_path, {"pkg/__init__.py": ""}, properties={"api_includes": ["pkg/__init__.py"]}
    )
    with pytest.raises(PackageError, match=f"the API of {folder} has a file called '__init__.py'"):
        build(folder)


@pytest.mark.parametrize(
    ("interface", "module"),
    [
        ("some-words", "some_words"),
        ("SOME-words", "some_words"),
        ("HTTP", "http"),
        ("class", "class_"),
        ("%list", "list"),
    ],
)
def test_functions_are_where_the_note_says(tmp_path: Path, interface: str, module: str) -> None:
    text = f"interface {interface} {{ go: func() -> u32; }}"
    folder = package(tmp_path / "words", {"api/words.wit": text})
    (note,) = build(folder).notes
    written = f"pkg/{module}_api.py"
    assert f"the functions of {interface.strip('%')} have no code: write {written} with" in note
    (folder / written).write_text("async def go(our):\n    return 1\n")
    built = build(folder)
    assert built.notes == ()
    assert b"async def go(" in built.package.files[f"api/{module}.py"]
    assert set(zips.contents(built.package.files["api.zip"])) == {"words.wit", f"{module}_api.py"}


def test_no_file_of_an_api_runs_in_place_of_the_authors(tmp_path: Path) -> None:
    folder = package(
        tmp_path / "p",
        {"pkg/words.py": None, "pkg/my_words.py": PROCESS},
        properties={"dependencies": ["far:you.os"]},
        entry={"process_wasm_path": "/my-words.wasm"},
    )
    with pytest.raises(PackageError) as caught:
        importing(folder, {"my-words.py": PROCESS + "# not yours\n"})
    assert str(caught.value) == (
        f"{folder}/pkg/my_words.py is the program of my-words.wasm, and my-words.py, which the API "
        "of a dependency brings, would run in its place: rename one of them"
    )
