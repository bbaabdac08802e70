"""What a build writes, and where the APIs come from that a package depends on."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from kinode_nb.kit import packages, zips
from kinode_nb.kit.building import build
from kinode_nb.types import NodeError, PackageError, PackageId, UsageError
from tests.kit.package_folders import PROCESS, WIT, exporter, package, tree

WORDS = "words:me.os"


def importer(folder: Path, files: dict[str, str | None] | None = None) -> Path:
    """Write a package that depends on `exporter`'s."""
    text = "from .api.words import count_words\n" + PROCESS
    files = {"pkg/words.py": None, "pkg/reader.py": text, **(files or {})}
    return package(
        folder,
        files,
        properties={"package_name": "reader", "dependencies": [WORDS]},
        entry={"process_name": "reader", "process_wasm_path": "/reader.py"},
    )


def test_a_build_writes_what_a_node_installs(tmp_path: Path) -> None:
    folder = exporter(tmp_path / "words", api_includes=["pkg/words-worker.wasm"])
    before = tree(folder)
    built = build(folder)
    written = {path.relative_to(folder).as_posix() for path in built.written}
    assert written == {
        "pkg/api/__init__.py",
        "pkg/api/words.py",
        "pkg/api/words.wit",
        "pkg/api.zip",
        "pkg/features.py",
        "target/words:me.zip",
    }
    after = tree(folder)
    assert {name: after[name] for name in before} == before
    assert set(after) == {*before, *written, "target/build.json"}
    api = zips.contents(after["pkg/api.zip"])
    # the worker that is named in kit's way, what it imports, and what implements the functions
    assert set(api) == {"words.wit", "words_worker.py", "words_counting.py", "words_api.py"}
    zipped = zips.contents(after["target/words:me.zip"])
    assert zipped == {name[4:]: text for name, text in after.items() if name.startswith("pkg/")}
    assert zipped == built.package.files
    assert built.notes == (
        (
            "api_includes pkg/words-worker.wasm: pkg/words_worker.py is its Python, and goes into "
            "the API"
        ),
    )
    ast.parse(after["pkg/api/words.py"])


def test_building_twice_changes_no_byte(tmp_path: Path) -> None:
    exporter(tmp_path / "words")
    folder = importer(tmp_path / "reader")
    first = build(folder)
    before, when = tree(folder), {path: path.stat().st_mtime_ns for path in first.written}
    second = build(folder)
    assert tree(folder) == before
    assert second.written == first.written
    assert {path: path.stat().st_mtime_ns for path in second.written} == when
    assert second.hash == first.hash


def test_what_is_installed_is_the_same_from_the_folder_built_or_not_and_from_the_zip(
    tmp_path: Path,
) -> None:
    exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader")
    unbuilt = packages.find(folder)
    assert not (folder / "target").exists()
    built = build(folder)
    assert packages.find(folder) == unbuilt == built.package
    zipped = packages.find(built.zip)
    assert (zipped.id, zipped.files, zipped.digest) == (unbuilt.id, unbuilt.files, unbuilt.digest)


def test_a_dependency_brings_its_worker(tmp_path: Path) -> None:
    exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader")
    files = build(folder).package.files
    assert {"words_worker.py", "words_counting.py", "words_api.py", "api/words.wit"} < set(files)
    assert (folder / "pkg/words_worker.py").is_file()
    assert b"words_api" in files["api/words.py"]
    assert "api.zip" not in files  # the importer has no API of its own


def test_add_to_api_takes_the_python_of_wasm_and_is_remembered(tmp_path: Path) -> None:
    folder = exporter(tmp_path / "words")
    built = build(folder, add_to_api=[f"{folder}/pkg/words-worker.wasm"])
    assert built.notes == (
        (
            f"-a {folder}/pkg/words-worker.wasm: {folder}/pkg/words_worker.py is its Python, and "
            "goes into the API"
        ),
    )
    with_worker = set(zips.contents(built.package.files["api.zip"]))
    assert {"words_worker.py", "words_counting.py"} < with_worker
    assert set(zips.contents(build(folder).package.files["api.zip"])) == with_worker
    reader = importer(tmp_path / "reader")
    assert "words_worker.py" in build(reader).package.files
    build(folder, force=True)
    assert "words_worker.py" not in build(reader).package.files
    assert not (reader / "pkg/words_worker.py").exists()  # a copy that is no longer one goes
    with pytest.raises(PackageError) as caught:
        build(folder, add_to_api=["nothing.py"])
    assert str(caught.value) == (
        f"there is no file 'nothing.py' to add to the API (-a), neither here nor in {folder}"
    )


def test_a_local_dependency_may_lie_anywhere_and_is_remembered_by_start(tmp_path: Path) -> None:
    words = exporter(tmp_path / "far" / "away", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader")
    with pytest.raises(PackageError, match=f"reader:me.os depends on {WORDS}, which was not found"):
        packages.find(folder)
    built = build(folder, local_dependencies=[words])
    assert packages.find(folder) == built.package
    shutil.rmtree(words)
    assert packages.find(folder) == built.package
    with pytest.raises(PackageError, match="which was not found"):
        build(folder)


def test_a_local_dependency_that_nobody_needs_is_noted(tmp_path: Path) -> None:
    words = exporter(tmp_path / "words")
    folder = package(tmp_path / "other", properties={"package_name": "other"})
    assert build(folder, local_dependencies=[words]).notes == (
        (
            f"-l {words}: {WORDS} is not used; write it into the dependencies of "
            f"{folder / 'metadata.json'}"
        ),
    )
    with pytest.raises(PackageError, match=r"there is no folder '/nowhere' \(-l\)"):
        build(folder, local_dependencies=["/nowhere"])


def test_a_local_dependency_may_be_spelled_in_the_other_way(tmp_path: Path) -> None:
    words = exporter(tmp_path / "far" / "some-words")
    folder = importer(tmp_path / "reader")
    written = tmp_path / "far" / "some_words"
    assert build(folder, local_dependencies=[written]).notes == (
        f"-l: there is no {written}; {words} is taken",
    )
    assert "api/words.py" in packages.find(folder).files


def test_a_dependency_is_asked_of_a_node_at_last(tmp_path: Path) -> None:
    api = build(exporter(tmp_path / "w", api_includes=["pkg/words_worker.py"])).package.files
    shutil.rmtree(tmp_path / "w")
    asked: list[PackageId] = []

    def fetch(id_: PackageId) -> bytes:
        asked.append(id_)
        return api["api.zip"]

    files = build(importer(tmp_path / "reader"), fetch_api=fetch).package.files
    assert asked == [PackageId.parse(WORDS)]
    assert {"words_worker.py", "words_counting.py", "words_api.py", "api/words.wit"} < set(files)


PAGES = "interface pages { use words.{request}; record page { asked: request } }"


def pages(folder: Path) -> Path:
    """Write a package whose interface uses `exporter`'s."""
    return package(
        folder,
        {"api/pages.wit": f"{PAGES}\nworld w {{ import words; import pages; }}"},
        properties={"package_name": "pages", "dependencies": [WORDS]},
    )


def book(folder: Path) -> Path:
    """Write a package that depends on `pages`, and so on `exporter`'s."""
    return package(folder, properties={"package_name": "book", "dependencies": ["pages:me.os"]})


def test_a_node_is_asked_for_what_its_packages_depend_on_too(tmp_path: Path) -> None:
    given = {
        built.package.id: built.package.files["api.zip"]
        for built in (build(exporter(tmp_path / "words")), build(pages(tmp_path / "pages")))
    }
    assert "dependencies.json" not in zips.contents(given[PackageId.parse(WORDS)])
    shutil.rmtree(tmp_path / "words")
    shutil.rmtree(tmp_path / "pages")
    folder = book(tmp_path / "book")
    files = build(folder, fetch_api=given.get).package.files
    assert {"api/words.py", "api/pages.py", "words_api.py"} < set(files)
    assert "dependencies.json" not in {name.rpartition("/")[2] for name in files}
    del given[PackageId.parse(WORDS)]
    with pytest.raises(PackageError, match=f"pages:me.os depends on {WORDS}, which was not found"):
        build(folder, fetch_api=given.get)


@pytest.mark.parametrize("listed", ["{", '["words"]', "[1]", '"words:me.os"'])
def test_an_api_that_lists_no_ids_is_told_in_a_line(tmp_path: Path, listed: str) -> None:
    data = zips.pack({"words.wit": WIT.encode(), "dependencies.json": listed.encode()})
    with pytest.raises(PackageError) as caught:
        build(importer(tmp_path / "reader"), fetch_api=lambda _: data)
    said = f"the API of {WORDS} (the running node): dependencies.json"
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_where_was_looked_is_told(tmp_path: Path) -> None:
    package(tmp_path / "words", properties={"publisher": "you.os"})
    folder = importer(tmp_path / "reader")

    def refuse(_: PackageId) -> bytes:
        raise NodeError("no node answers at http://localhost:8080")

    said = (
        f"reader:me.os depends on {WORDS}, which was not found: {tmp_path}/words is words:you.os, "
    )
    advice = "Name its folder with -l, or start words on the node that is asked"
    for fetch, last in (
        (None, "no running node was asked"),
        (lambda _: None, "the running node has no such API"),
        (refuse, "no node answers at http://localhost:8080"),
    ):
        with pytest.raises(PackageError) as caught:
            build(folder, fetch_api=fetch)
        assert str(caught.value) == f"{said}{last}. {advice}"


def test_a_dependency_of_a_dependency_comes_along(tmp_path: Path) -> None:
    exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    pages(tmp_path / "pages")
    files = build(book(tmp_path / "book")).package.files
    assert {"api/words.py", "api/pages.py", "words_worker.py"} < set(files)


def test_packages_may_depend_on_each_other(tmp_path: Path) -> None:
    exporter(tmp_path / "words", dependencies=["reader:me.os"])
    assert "api/words.py" in build(importer(tmp_path / "reader")).package.files


def test_a_test_finds_the_package_that_it_tests(tmp_path: Path) -> None:
    tested = exporter(tmp_path / "any-name")
    assert "api/words.py" in build(importer(tested / "test" / "reader_test")).package.files


def test_a_test_finds_what_lies_beside_the_package_that_it_tests(tmp_path: Path) -> None:
    exporter(tmp_path / "words")
    tested = package(tmp_path / "x", properties={"package_name": "x"})
    assert "api/words.py" in build(importer(tested / "test" / "reader_test")).package.files


def test_two_files_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader", {"pkg/words_counting.py": "count = None\n"})
    before = tree(folder)
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert str(caught.value) == (
        "pkg/words_counting.py would be two files: reader:me.os has one, and the API of "
        f"{WORDS} ({words}) another. Rename one of them; or delete it, if an earlier build copied "
        "it there, or build with -f"
    )
    assert tree(folder) == before
    other = exporter(tmp_path / "more", package_name="more", api_includes=["pkg/words_worker.py"])
    (other / "pkg/words_counting.py").write_text("def count(text): ...\n")
    folder = package(
        tmp_path / "both",
        properties={"package_name": "both", "dependencies": [WORDS, "more:me.os"]},
    )
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert str(caught.value) == (
        f"pkg/words_counting.py would be two files: the API of {WORDS} ({words}) has one, and the "
        f"API of more:me.os ({other}) another. Rename one of them"
    )


def test_a_copy_follows_its_dependency_but_not_over_the_authors_changes(tmp_path: Path) -> None:
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader")
    build(folder)
    (words / "pkg/words_counting.py").write_text("def count(text): return 0\n")
    build(folder)
    copy = folder / "pkg/words_counting.py"
    assert copy.read_text() == "def count(text): return 0\n"
    copy.write_text("def count(text): return 1\n")
    with pytest.raises(PackageError, match=r"words_counting\.py would be two files: reader:me\.os"):
        build(folder)
    assert copy.read_text() == "def count(text): return 1\n"


def test_a_file_that_equals_a_dependencys_is_a_copy_though_no_build_remembers(
    tmp_path: Path,
) -> None:
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader")
    first = build(folder)
    shutil.rmtree(folder / "target")
    again = build(folder)
    assert again.package == first.package
    assert again.notes[0] == (
        f"pkg/words_api.py equals the one of {WORDS} ({words}), and follows it from now on"
    )
    assert build(folder).notes == ()
    (words / "pkg/words_counting.py").write_text("def count(text): return 0\n")
    build(folder)
    assert (folder / "pkg/words_counting.py").read_text() == "def count(text): return 0\n"


def test_force_takes_the_dependencys_file_and_says_so(tmp_path: Path) -> None:
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader", {"pkg/words_counting.py": "count = None\n"})
    assert build(folder, force=True).notes == (
        (
            f"pkg/words_counting.py is replaced by the one of {WORDS} ({words}), and follows it "
            "from now on"
        ),
    )
    copy = folder / "pkg/words_counting.py"
    assert copy.read_bytes() == (words / "pkg/words_counting.py").read_bytes()
    assert build(folder).notes == ()


def test_start_takes_the_last_builds_copies_of_a_dependency_that_is_gone(tmp_path: Path) -> None:
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    pages(tmp_path / "pages")
    folder = book(tmp_path / "book")
    built = build(folder)
    words.rename(tmp_path / "far")
    said: list[str] = []
    assert packages.find(folder, tell=said.append) == built.package
    assert said == [
        (
            f"pages:me.os depends on {WORDS}, which was not found: not at {words}, no running node "
            "was asked. What the last build copied of it is used"
        )
    ]
    shutil.rmtree(tmp_path / "pages")
    assert packages.find(folder) == built.package
    (folder / "pkg/words_api.py").write_text("")  # which is now the author's
    assert packages.find(folder).files["words_api.py"] == b""
    (folder / "metadata.json").write_text(
        (folder / "metadata.json").read_text().replace("pages:me.os", "more:me.os")
    )
    with pytest.raises(PackageError, match=r"depends on more:me\.os, which was"):
        packages.find(folder)


def test_an_interface_that_is_gone_takes_its_module_along(tmp_path: Path) -> None:
    folder = exporter(tmp_path / "words")
    build(folder)
    (folder / "api/words.wit").unlink()
    (folder / "pkg/api/own.py").write_text("")
    assert build(folder).notes == (
        (
            "pkg/api/own.py is not part of the package: pkg/api/ is for what build writes. Python "
            "belongs into pkg/, WIT into api/"
        ),
    )
    assert not (folder / "pkg/api/words.py").exists()
    assert not (folder / "pkg/api.zip").exists()


def test_the_current_version_is_raised_to_the_newest(tmp_path: Path) -> None:
    hashes = {"0.9.0": "", "0.10.0-rc.1": "", "0.10.0": "", "no version": ""}
    folder = package(tmp_path, properties={"current_version": "0.9.0", "code_hashes": hashes})
    before = (folder / "metadata.json").read_text()
    built = build(folder)
    assert built.notes == (
        "metadata.json: current_version is now 0.10.0, the newest of code_hashes",
    )
    after = (folder / "metadata.json").read_text()
    assert after == before.replace('"current_version": "0.9.0"', '"current_version": "0.10.0"')
    assert built.package.metadata.properties.current_version == "0.10.0"
    assert build(folder).notes == ()


def test_features_are_in_the_package_and_remembered_by_start(tmp_path: Path) -> None:
    folder = package(tmp_path, {"pkg/words.py": f"from .features import FEATURES\n{PROCESS}"})

    def features(source: bytes) -> object:
        names: dict[str, object] = {}
        exec(source, names)
        return names["FEATURES"]

    assert features(build(folder).package.files["features.py"]) == frozenset()
    built = build(folder, features=["test", "loud"])
    assert features(built.package.files["features.py"]) == {"test", "loud"}
    assert packages.find(folder) == built.package
    assert packages.find(folder, features=()).digest != built.package.digest
    assert features(build(folder).package.files["features.py"]) == frozenset()


@pytest.mark.parametrize("given", ["test,loud", ["test", "loud", ""], {"loud", "test"}])
def test_features_are_given_as_text_or_one_by_one(tmp_path: Path, given: Iterable[str]) -> None:
    text = build(package(tmp_path), features=given).package.files["features.py"].decode()
    assert text.endswith('= frozenset({"loud", "test"})\n')


@pytest.mark.parametrize("name", ['x"', "a b", "é", "\n"])
def test_a_feature_that_is_no_word_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(package(tmp_path), features=[name])
    said = f"a feature is a word of letters, digits, - and _, not {name!r}"
    assert str(caught.value) == said


def test_a_single_path_stands_for_itself(tmp_path: Path) -> None:
    words = exporter(tmp_path / "far" / "words")
    build(words, add_to_api=f"{words}/pkg/words_worker.py")
    files = build(importer(tmp_path / "reader"), local_dependencies=words).package.files
    assert "words_worker.py" in files


def test_functions_without_code_are_noted(tmp_path: Path) -> None:
    folder = package(tmp_path, {"api/words.wit": WIT})
    assert build(folder).notes == (
        (
            f"{folder}/api/words.wit: the functions of words have no code: write pkg/words_api.py "
            "with an `async def` for each"
        ),
    )


def test_an_interface_that_nobody_has_is_noted(tmp_path: Path) -> None:
    world = "world w { import gone; import kinode:process/standard@1.0.0; export f: func(); }"
    folder = package(tmp_path, {"api/words.wit": world})
    assert build(folder).notes == (
        (
            f"{folder}/api/words.wit: the world w names the interface gone, which nobody has; its "
            "package belongs into the dependencies of metadata.json"
        ),
    )


def test_wit_of_a_dependency_that_is_wrong_names_it(tmp_path: Path) -> None:
    words = exporter(tmp_path / "words")
    (words / "api/words.wit").write_text("interface words { use gone.{x}; }")
    with pytest.raises(PackageError) as caught:
        build(importer(tmp_path / "reader"))
    assert str(caught.value).startswith(
        f"the API of {WORDS} ({words}): words.wit, line 1, column 29: interface 'gone' is not in"
    )


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = package(tmp_path)
    (folder / "target").write_text("in the way")
    with pytest.raises(PackageError) as caught:
        build(folder)
    assert "cannot be written: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("record", ["{", "[]", '{"copied": 1}', "\xff"])
def test_a_record_that_was_tampered_with_is_passed_over(tmp_path: Path, record: str) -> None:
    folder = package(tmp_path)
    build(folder)
    (folder / "target/build.json").write_bytes(record.encode("latin1"))
    build(folder)
    assert "copied" in json.loads((folder / "target/build.json").read_text())


def test_built_ins_need_nothing_that_an_authors_package_lacks(tmp_path: Path) -> None:
    """The recipe's build lines, with the packages' folders somewhere else."""
    for name in ("chat", "file_transfer", "chat_with_file_transfer"):
        shutil.copytree(packages.BUILT_IN / name, tmp_path / name)
    worker = tmp_path / "file_transfer/pkg/file-transfer-worker.wasm"
    build(tmp_path / "file_transfer", add_to_api=[worker])
    built = build(
        tmp_path / "chat_with_file_transfer", local_dependencies=[tmp_path / "file_transfer"]
    )
    assert built.zip.name == "chat-with-file-transfer:template.zip"
    assert built.package.files == packages.find("chat-with-file-transfer").files
