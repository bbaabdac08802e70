"""`build`, `build-start-package`, `view-api` and `start`, of packages' folders, in a notebook."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from kinode_nb import aio
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.line import run_line
from kinode_nb.portal import FakeNet
from kinode_nb.types import KinodeError, PackageError, UsageError
from tests.kit.package_folders import WIT, exporter, importer, package, tree
from tests.notebook.pretend_net import Listener
from tests.notebook.test_completion import offers

NOTHING: dict[str, Any] = {
    "download_from": None,
    "add_to_api": [],
    "local_dependencies": [],
    "features": [],
    "force": False,
}


@pytest.mark.parametrize(
    ("words", "who", "folder", "options"),
    [
        ("", "net", ".", {}),
        ("x", "net", "x", {}),
        ("x -n fake2.dev -f", "fake2.dev", "x", {"force": True}),
        ("x -p 8081 -d fake.dev", "fake2.dev", "x", {"download_from": "fake.dev"}),
        ("-l a x -l b", "net", "x", {"local_dependencies": ["a", "b"]}),
        ("-a a.py -a=b.wasm", "net", ".", {"add_to_api": ["a.py", "b.wasm"]}),
        ("--features test,loud", "net", ".", {"features": ["test", "loud"]}),
    ],
)
@pytest.mark.parametrize("verb", ["build", "b", "build-start-package", "bs"])
def test_a_line_becomes_one_call(
    verb: str, words: str, who: str, folder: str, options: dict[str, Any]
) -> None:
    listener = Listener()
    method = "build" if verb in {"build", "b"} else "build_start_package"
    with pytest.raises(AttributeError):  # what is pretended returns no package
        run_line(f"{verb} {words}", listener.context)
    assert listener.net.done == [(who, method, (folder,), {**NOTHING, **options})]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def context(net: FakeNet, said: list[str]) -> Context:
    return Context(lambda: net, say=said.append)


def test_build_says_what_it_wrote(context: Context, said: list[str], tmp_path: Path) -> None:
    folder = exporter(tmp_path / "words")
    built = run_line(f"build {folder} -a {folder}/pkg/words-worker.wasm --rewrite -s", context)
    assert repr(built).startswith("<Built words:me.os: words:me.zip, ")
    zipped = folder / "target/words:me.zip"
    *notes, made, place, digest = said
    assert notes == [
        "--skip-deps-check changes nothing: there are no compilers to check for",
        "--rewrite changes nothing: our.spawn takes a Python function as it is",
        (
            f"-a {folder}/pkg/words-worker.wasm: {folder}/pkg/words_worker.py is its Python, and "
            "goes into the API"
        ),
    ]
    assert made == (
        "built words:me.os: pkg/api.zip, pkg/api/__init__.py, pkg/api/words.py, pkg/api/words.wit, "
        "pkg/features.py, target/words:me.zip"
    )
    assert place == f"package zip: {zipped}"
    assert digest.removeprefix("package zip hash: ").isalnum()
    said.clear()
    run_line(f"build {folder} -v", context)
    assert f"  {folder}/pkg/api/words.py" in said


@pytest.mark.parametrize(
    ("line", "error", "text"),
    [
        ("build {0}/nothing", PackageError, "there is no package at {0}/nothing: its folder has"),
        ("build --no-ui --ui-only", UsageError, "leave nothing to build: give one of them"),
        ("build {0} -l", UsageError, "-l needs FOLDER. Write: %kinode build [DIR]"),
        ("build {0} -d x.dev", KinodeError, "there is no node 'x.dev'"),
        ("bs {0}", KinodeError, "no node is running to start it on: %kinode boot starts one"),
        ("view-api", KinodeError, "no node is running: %kinode boot starts one"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    context: Context, tmp_path: Path, line: str, error: type[Exception], text: str
) -> None:
    package(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(error) as caught:
        run_line(line.format(tmp_path), context)
    assert text.format(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert tree(tmp_path) == before


def test_a_dependency_is_asked_of_the_acting_node_or_of_another(
    net: FakeNet, context: Context, said: list[str], tmp_path: Path
) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    other.start(str(words))
    shutil.rmtree(words)
    folder = importer(tmp_path / "reader")
    for verb in ("build", "start"):
        with pytest.raises(PackageError, match="the running node has no such API"):
            run_line(f"{verb} {folder} -n {one.name}", context)
    run_line(f"build {folder} -d {other.name}", context)
    assert (folder / "pkg/words_worker.py").is_file()
    said.clear()
    run_line(f"bs {folder} -n {other.name}", context)
    assert said[-1] == f"reader runs on {other.name}"
    assert net.packages()["package"].tolist() == ["words:me.os", "reader:me.os"]
    asked = net.log(process="main:app-store:sys", kind="request", node=other.name)
    assert "GetApi" in asked["type"].tolist()  # by a message, as kit does


def test_build_start_package_starts_what_was_built(
    net: FakeNet, context: Context, said: list[str], tmp_path: Path
) -> None:
    node = net.boot(port="none")
    words = exporter(tmp_path / "far" / "away", api_includes=["pkg/words_worker.py"])
    folder = importer(tmp_path / "reader")
    run_line(f"bs {folder} -l {words} --features test", context)
    assert said[-1] == f"reader runs on {node.name}"
    drive = node.home / "vfs/reader:me.os/pkg"
    assert 'frozenset({"test"})' in (drive / "features.py").read_text()
    run_line(f"start {folder}", context)  # the same, so that nothing happens
    assert net.take_notes() == ["reader is already started on fake.dev"]


def test_view_api_shows_wit(
    net: FakeNet, context: Context, said: list[str], tmp_path: Path
) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    run_line("view-api", context)
    one.start(str(exporter(tmp_path)))
    run_line("view-api", context)
    run_line("v words", context)
    run_line("v words:me.os", context)
    shown = f"words.wit\n\n{WIT}"
    assert said == ["no package with an API is installed", "words:me.os", shown, shown]
    assert one.view_api() == ["words:me.os"]
    assert one.view_api("words") == {"words.wit": WIT}
    assert other.view_api("words", download_from=one.name) == {"words.wit": WIT}
    for name, hint in (("wrds", " Did you mean 'words'?"), ("zzz", " There are words:me.os.")):
        with pytest.raises(PackageError) as caught:
            one.view_api(name)
        assert str(caught.value) == f"no package {name!r} with an API is on fake.dev.{hint}"


def test_a_name_that_two_publishers_use_is_written_in_full(net: FakeNet, tmp_path: Path) -> None:
    node = net.boot(port="none")
    node.start(str(exporter(tmp_path / "a")), str(exporter(tmp_path / "b", publisher="you.os")))
    with pytest.raises(UsageError) as caught:
        node.view_api("words")
    assert str(caught.value) == "'words' may be words:me.os or words:you.os: write it in full"
    assert list(node.view_api("words:you.os")) == ["words.wit"]


def test_the_same_as_coroutines(net: FakeNet, tmp_path: Path) -> None:
    asyncio.run(same_as_coroutines(net, tmp_path))


async def same_as_coroutines(net: FakeNet, tmp_path: Path) -> None:
    awaited = aio.FakeNet.of(net)
    node = await awaited.boot(port="none")
    folder = exporter(tmp_path)
    built = await awaited.build(folder, features=["test"])
    assert repr(built).startswith("<Built words:me.os: words:me.zip, ")
    started = await node.build_start_package(folder)
    assert (node.home / "vfs/words:me.os/pkg/words.py").is_file()
    assert started.hash != built.hash
    assert await node.view_api("words") == {"words.wit": WIT}
    assert await node.view_api() == ["words:me.os"]


@pytest.mark.parametrize("call", ["start", "build", "build_start_package"])
def test_what_is_no_path_is_told(net: FakeNet, call: str) -> None:
    net.boot(port="none")
    with pytest.raises(UsageError, match="a file is named by text or a Path, not by 5"):
        getattr(net, call)(5)


def test_tab_offers_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exporter(tmp_path / "chat-of-mine")
    (tmp_path / "chat-empty").mkdir()
    (tmp_path / "chat-zip.zip").touch()
    (tmp_path / "chat.txt").touch()
    assert offers("build chat") == ["chat-empty/", "chat-of-mine/"]
    assert offers("bs -l chat-o") == ["chat-of-mine/"]
    assert offers("build -a chat.") == ["chat.txt"]
    assert offers("build -l x -") == offers("build -")
    names = ["chat", "chat-with-file-transfer", "chat-of-mine/", "chat-zip.zip"]
    assert offers("start chat") == names
    assert offers("start ./chat-e") == ["./chat-empty/"]
    assert offers("view-api c") == ["chat"]
