"""`build`, `build-start-package`, `view-api` and `start` from another terminal."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet, Node
from tests.kit.package_folders import WIT, exporter, importer, package, tree
from tests.notebook.command_line.command_lines import Run


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(http_timeout=5)


@pytest.fixture
def nobody() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_build_prints_what_it_wrote_and_needs_no_node(
    run: Run, nobody: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exporter(tmp_path))
    code, said, errors = run("build", "-p", nobody)
    made, place, digest = said.splitlines()
    assert (code, errors) == (0, "")
    assert made.startswith("built words:me.os: pkg/api.zip, pkg/api/__init__.py, pkg/api/words.py")
    assert place == "package zip: target/words:me.zip"
    assert len(digest.removeprefix("package zip hash: ")) == 64


def test_a_package_that_is_wrong_is_one_line_and_1(run: Run, tmp_path: Path) -> None:
    folder = package(tmp_path, {"pkg/words.py": "async def init(our)\n"})
    before = tree(folder)
    code, said, error = run("b", folder)
    assert (code, said) == (1, "")
    assert error == f"kinode-nb: {folder}/pkg/words.py, line 1, column 20: expected ':'\n"
    assert tree(folder) == before


def test_a_dependency_that_nobody_has(run: Run, node: Node, nobody: int, tmp_path: Path) -> None:
    folder = importer(tmp_path / "reader")
    looked = f"reader:me.os depends on words:me.os, which was not found: not at {tmp_path}/words, "
    code, _, error = run("build", folder, "-p", node.port)
    assert code == 1
    assert error == (
        f"kinode-nb: {looked}the running node has no such API. Name its folder with -l, or start "
        "words on the node that is asked\n"
    )
    code, _, error = run("build", folder, "-p", nobody)
    assert code == 1
    assert error.startswith(f"kinode-nb: {looked}no node answers at http://localhost:{nobody} (")
    assert error.count("\n") == 1


def test_an_api_comes_from_the_node_over_http(
    run: Run, net: FakeNet, node: Node, tmp_path: Path
) -> None:
    words = exporter(tmp_path / "words", api_includes=["pkg/words_worker.py"])
    code, said, error = run("bs", words, "-p", node.port)
    assert (code, error) == (0, "")
    assert said.splitlines()[-2:] == [
        "words:me.os",
        f"Successfully installed package words:me.os on node at http://localhost:{node.port}",
    ]
    shutil.rmtree(words)
    folder = importer(tmp_path / "reader")
    assert run("start", folder, "-p", node.port)[0] == 0
    assert "target" not in {path.name for path in folder.iterdir()}
    assert run("build", folder, "-p", node.port)[0] == 0
    assert (folder / "pkg/words_worker.py").is_file()
    assert set(net.packages()["package"]) == {"words:me.os", "reader:me.os"}
    assert (node.home / "vfs/reader:me.os/pkg/api/words.py").is_file()


def test_start_takes_the_zip_that_a_build_left(
    run: Run, net: FakeNet, node: Node, tmp_path: Path
) -> None:
    folder = exporter(tmp_path / "words")
    assert run("build", folder)[0] == 0
    assert run("start", folder / "target/words:me.zip", "-p", node.port)[0] == 0
    assert net.packages()["version"].tolist() == ["0.1.0"]
    shutil.copy(folder / "target/words:me.zip", tmp_path / "alone.zip")
    code, _, error = run("start", tmp_path / "alone.zip", "-p", node.port)
    assert code == 1
    assert error == (
        f"kinode-nb: {tmp_path}/alone.zip is what a build makes, and says nothing of its version: "
        "leave it in the target/ of its package, beside metadata.json\n"
    )


def test_view_api(run: Run, node: Node, tmp_path: Path) -> None:
    at = ("-p", node.port)
    assert run("view-api", *at) == (0, "no package with an API is installed\n", "")
    node.start(str(exporter(tmp_path)))
    assert run("v", *at) == (0, "words:me.os\n", "")
    assert run("v", "words", *at) == (0, f"words.wit\n\n{WIT}\n", "")
    code, said, error = run("v", "wrds", *at, "-d", "x.os")
    where = f"the node at http://localhost:{node.port}"
    assert code == 1
    assert said == (
        "--download-from changes nothing: fake nodes download no packages from each other. "
        f"{where.replace('the', 'The', 1)} is asked; --port names another\n"
    )
    assert error == (
        f"kinode-nb: no package 'wrds' with an API is on {where}. Did you mean 'words'?\n"
    )


def test_a_folder_goes_before_a_built_in_package_of_its_name(
    run: Run, net: FakeNet, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter(tmp_path / "chat")
    monkeypatch.chdir(tmp_path)
    assert run("start", "chat", "-p", node.port)[0] == 0
    assert net.packages()["package"].tolist() == ["words:me.os"]
    assert run("remove", "chat", "-p", node.port)[0] == 0
    assert net.packages().empty


def test_a_start_that_fails_is_1_and_leaves_the_older_one(
    run: Run, node: Node, tmp_path: Path
) -> None:
    answering = (
        "async def init(our):\n    async for _ in our:\n        await our.send_response(7)\n"
    )
    folder = package(tmp_path, {"pkg/words.py": answering})
    assert run("start", folder, "-p", node.port)[0] == 0
    (folder / "pkg/words.py").write_text(f"1 / 0\n{answering}")
    code, said, error = run("start", folder, "-p", node.port)
    assert (code, said) == (1, "words:me.os\n")
    assert error == (
        "kinode-nb: Failed to start package. Got response from node: "
        "{'InstallResponse': 'Failure'}. Its terminal says why\n"
    )
    assert "ended as it started: ZeroDivisionError: division by zero" in node.terminal()
    assert node.request("words:words:me.os", "").json() == 7
