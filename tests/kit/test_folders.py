"""What is wrong with a package's folder is one line: the file, the field, the remedy."""

# ruff: noqa: E501 - each row is one mistake, and what is said of it

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kinode_nb.kit.building import build
from kinode_nb.types import KinodeError
from tests.kit.package_folders import PROCESS, SCRIPT, package, tree

METADATA, MANIFEST, SCRIPTS = "/metadata.json", "/pkg/manifest.json", "/pkg/scripts.json"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"properties": {"package_name": ...}}, f'{METADATA}: properties.package_name is missing; write "my-package"'),
        ({"properties": {"mirrors": 1}}, f"{METADATA}: properties.mirrors is wrong: expected `array`, got `int`; write []"),
        ({"properties": {"package_name": "my_words"}}, f"{METADATA}: properties: Package name (my_words) can only contain a-z, 0-9, `-`: 'my-words' would do"),
        ({"properties": {"publisher": "Me.os"}}, f"{METADATA}: properties: Publisher (Me.os) can only contain a-z, 0-9, `-`, `.`: 'me.os' would do"),
        ({"properties": {"current_version": "1.0"}}, f"{METADATA}: properties.current_version is '1.0', which is no semver; write \"0.1.0\""),
        ({"properties": {"code_hashes": {}}}, f'{METADATA}: properties.code_hashes lists no version; write {{"0.1.0": ""}}'),
        ({"properties": {"code_hashes": {"newest": ""}}}, f'{METADATA}: properties.code_hashes lists no version; write {{"0.1.0": ""}}'),
        (
            {"properties": {"current_version": "0.10.0", "code_hashes": {"0.9.0": ""}}},
            (f"{METADATA}: properties.current_version is 0.10.0, newer than 0.9.0, the newest of code_hashes; "
            'write "0.10.0": "" there as well'),
        ),
        ({"properties": {"dependencies": ["chat"]}}, f"{METADATA}: properties.dependencies[0]: Missing field in PackageId string 'chat': write package:publisher"),
        ({"properties": {"dependencies": ["chat:template.os"] * 2}}, f"{METADATA}: properties.dependencies[1]: chat:template.os is there twice; take one out"),
        ({"properties": {"dependencies": ["words:me.os"]}}, f"{METADATA}: properties.dependencies[0]: words:me.os depends on itself; take it out"),
        (
            {"properties": {"api_includes": ["pkg/nothing.py"]}},
            (f"{METADATA}: properties.api_includes[0]: there is no file 'pkg/nothing.py' in FOLDER; "
            'write "pkg/nothing.py", or take it out'),
        ),
        (
            {"properties": {"api_includes": ["pkg"]}},
            (f"{METADATA}: properties.api_includes[0]: there is no file 'pkg' in FOLDER; "
            'write "pkg/words.py", or take it out'),
        ),
        ({"entry": {"process_wasm_path": "/.wasm"}}, f"{MANIFEST}: [0].process_wasm_path is '/.wasm', no file of pkg/; write \"/words.wasm\" or \"/words.py\""),
        ({"entry": {"public": ...}}, f"{MANIFEST}: [0].public is missing; write true or false"),
        ({"entry": {"process_wasm_path": ...}}, f'{MANIFEST}: [0].process_wasm_path is missing; write "/my-process.wasm"'),
        ({"entry": {"process_wasm_path": "words.wasm"}}, f"{MANIFEST}: [0].process_wasm_path is 'words.wasm', no file of pkg/; write \"/words.wasm\" or \"/words.py\""),
        ({"entry": {"process_wasm_path": "/words.js"}}, f"{MANIFEST}: [0].process_wasm_path is '/words.js', no file of pkg/; write \"/words.wasm\" or \"/words.py\""),
        ({"entry": {"process_name": "my_words"}}, f"{MANIFEST}: [0].process_name: Process name (my_words) can only contain a-z, 0-9, `-`: 'my-words' would do"),
        ({"entry": {"on_exit": "restart"}}, f"{MANIFEST}: [0].on_exit"),
        ({"entry": {"on_exit": {"requests": []}}}, f"{MANIFEST}: [0]: on_exit {{'requests': []}} is none of 'None', 'Restart', {{'Requests': …}}"),
        ({"entry": {"process_wasm_path": "/gone-away.wasm"}}, "FOLDER: the manifest's /gone-away.wasm is missing in pkg/: write pkg/gone_away.py"),
        ({"scripts": {"good.wasm": SCRIPT, "count.wasm": {"root": False}}}, f"{SCRIPTS}: count.wasm.public is missing; write true or false"),
        ({"scripts": {"count.wasm": SCRIPT}}, f"{SCRIPTS}: count.wasm is missing; write pkg/count.py"),
        ({"scripts": {"count": SCRIPT}}, f"{SCRIPTS}: 'count' is no script's name; write \"count.wasm\""),
    ],
)  # fmt: skip
def test_json_that_is_wrong(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    check(package(tmp_path, **changed), said)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("metadata.json", "{\n  oops", "/metadata.json cannot be read: line 2, column 3: JSON is malformed"),
        ("metadata.json", None, "no package at FOLDER: metadata.json is missing there"),
        ("pkg/manifest.json", None, "no package at FOLDER/pkg: manifest.json is missing there"),
        ("pkg/words.py", "async def init(our:\n", "/pkg/words.py, line 1, column 15: '(' was never closed"),
        ("pkg/words.py", "x = 1\n", "/pkg/words.py is a process without its program; write `async def init(our: Our) -> None:`"),
        ("pkg/words.py", "def init(our): ...\n", "/pkg/words.py, line 1: init is no coroutine; write `async def init(our)`"),
        ("pkg/words.py", "async def init(): ...\n", "/pkg/words.py, line 1: init takes one argument, our; write `async def init(our)`"),
        ("pkg/words.py", "async def init(our, more): ...\n", "init takes one argument, our"),
        ("pkg/beside.py", "def f(:\n", "/pkg/beside.py, line 1, column 7: invalid syntax"),
        ("pkg/words.py", f"from .api.chat import Request\n{PROCESS}", "/pkg/words.py, line 1: there is no interface 'chat' to import. A WIT file of that interface belongs into api/"),
        ("api/words.wit", "interface words {\n    record x { a: }\n}\n", "/api/words.wit, line 2, column 19: expected a type"),
        ("api/words.wit", "interface words {\n    record x { a: thing }\n}\n", "/api/words.wit, line 2, column 19: interface 'words' has no type 'thing'"),
        ("pkg/worker.wasm", "\0asm", "FOLDER: pkg/worker.wasm cannot run here: only Python (.py) processes can; put pkg/worker.py in its place"),
        ("pkg/features.py", "FEATURES = 1\n", "/pkg/features.py has the name of what a build writes: give yours another name"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong(tmp_path: Path, file: str, text: str | None, said: str) -> None:
    check(package(tmp_path, {file: text}), said)


def check(folder: Path, said: str) -> None:
    before = tree(folder)
    with pytest.raises(KinodeError) as caught:
        build(folder)
    text = str(caught.value)
    assert said.replace("FOLDER", str(folder)) in text
    assert str(folder) in text
    assert "\n" not in text
    assert tree(folder) == before


def test_a_folder_without_pkg_is_none(tmp_path: Path) -> None:
    with pytest.raises(KinodeError, match=r"there is no package at .*: its folder has a pkg/"):
        build(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "from kinode_nb.process_lib import tester\n@tester.test\nasync def init(our, nodes): ...\n",
        "def made(): ...\ninit = made()\n",
        "from .beside import init\n",
        "from .beside import run as init\n",
        "try:\n    import nothing\nexcept ImportError:\n    async def init(our): ...\n",
        "async def init(our, *, quiet=True): ...\n",
        "async def init(*arguments): ...\n",
    ],
)
def test_what_may_be_a_program_is_believed(tmp_path: Path, text: str) -> None:
    build(package(tmp_path, {"pkg/words.py": text, "pkg/beside.py": ""}))


@pytest.mark.parametrize("name", ["/words.wasm", "/words.py"])
def test_a_manifest_names_python_by_either_path(tmp_path: Path, name: str) -> None:
    assert build(package(tmp_path, entry={"process_wasm_path": name})).notes == ()


def test_a_capability_that_a_node_would_pass_over_is_noted(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        {"pkg/count.py": PROCESS},
        entry={"request_capabilities": ["vfs"], "grant_capabilities": [{"process": "a:b:c"}]},
        scripts={"count.wasm": {**SCRIPT, "request_capabilities": ["a:b:c", 1]}},
    )
    ending = (
        'which a node passes over; write "process:package:publisher", or '
        '{"process": …, "params": …}'
    )
    assert build(folder).notes == (
        f"{folder}/pkg/manifest.json: words has the capability 'vfs', {ending}",
        f"{folder}/pkg/manifest.json: words has the capability {{'process': 'a:b:c'}}, {ending}",
        f"{folder}/pkg/scripts.json: count.wasm has the capability 1, {ending}",
    )


def test_wasm_that_is_no_process_is_noted(tmp_path: Path) -> None:
    files: dict[str, str | None] = {"pkg/ui/page.wasm": "\0asm", "api/worker.wasm": "\0asm"}
    built = build(package(tmp_path, files))
    assert built.notes == (
        (
            f"{tmp_path}: pkg/ui/page.wasm, api/worker.wasm cannot run here: only Python (.py) "
            "processes can"
        ),
    )
    assert "ui/page.wasm" in built.package.files


def test_what_tools_leave_behind_is_not_packed(tmp_path: Path) -> None:
    left = [
        ".git/HEAD",
        ".mypy_cache/x",
        ".ruff_cache/x",
        "words.pyc",
        ".words.py.swp",
        "words.py~",
    ]
    kept = [".well-known/x", ".hidden", "data~.txt"]
    built = build(package(tmp_path, {f"pkg/{name}": "" for name in left + kept}))
    assert set(kept) == {*left, *kept} & set(built.package.files)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (package(tmp_path) / "api/words.wit").mkdir(parents=True)
    with pytest.raises(KinodeError) as caught:
        build(tmp_path)
    assert str(caught.value) == f"{tmp_path}/api/words.wit cannot be read: Is a directory"


def test_what_every_package_has_is_no_part_of_an_api(tmp_path: Path) -> None:
    folder = package(tmp_path / "words", properties={"api_includes": ["pkg/manifest.json"]})
    with pytest.raises(KinodeError) as caught:
        build(folder)
    said = "manifest.json cannot be in the API, since every package has its own"
    assert str(caught.value) == f"{folder}: {said}"


def test_paths_in_the_working_folder_are_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "words", {"pkg/words.py": "oops(", "pkg/worker.wasm": "x"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KinodeError) as caught:
        build("words")
    assert str(caught.value) == "words/pkg/words.py, line 1, column 5: '(' was never closed"
    monkeypatch.chdir(tmp_path / "words")
    (tmp_path / "words/pkg/words.py").write_text(PROCESS)
    with pytest.raises(KinodeError, match=r"^\.: pkg/worker\.wasm cannot run here"):
        build()
