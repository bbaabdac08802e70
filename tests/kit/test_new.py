"""`new`: what it makes works, whatever it is called, and what cannot be made leaves nothing."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from kinode_nb.__main__ import main
from kinode_nb.kit import packages
from kinode_nb.kit.new import TEMPLATES, new
from kinode_nb.notebook.commands.new import NEW
from kinode_nb.notebook.completion import complete
from kinode_nb.notebook.line import run_line
from kinode_nb.portal import FakeNet
from kinode_nb.types import KinodeError, PackageId
from tests.notebook.pretend_net import Listener, PretendNet

NAMES = [("my-chat2", "me.os"), ("a", "template.os"), ("x-file-transfer-y", "file-transfer.os")]
FILES = ("metadata.json", "pkg/manifest.json", "test/tests.toml")


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("name", "publisher"), NAMES)
def test_every_template_starts_under_every_name(
    net: FakeNet, tmp_path: Path, template: str, name: str, publisher: str
) -> None:
    folder = net.new(tmp_path / "folder", package=name, publisher=publisher, template=template)
    node = net.boot(port="none")
    net.start(str(folder))
    assert net.packages()["package"].tolist() == [f"{name}:{publisher}"]
    assert node.processes()["process"].tolist().count(f"{name}:{name}:{publisher}") == 1
    assert f"{name}:{publisher}: begin" in node.terminal()
    assert node.processes()["restarts"].max() == 0


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_of_a_templates_name_is_left(tmp_path: Path, template: str) -> None:
    made = texts(new(tmp_path / "zz", publisher="me.os", template=template))
    assert {*FILES, "pkg/zz.py", "test/zz_test/pkg/zz_test.py"} <= set(made)
    for path, text in made.items():
        assert template.replace("-", "_") not in path.replace("-", "_")
        assert "template.os" not in re.sub('"(chat|file-transfer):template.os"', "", text)
        assert "template-dot-os" not in text
        if path.endswith(".py"):
            ast.parse(text)
            imported = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)]
            assert not [n.module for n in imported if template in (n.module or "")]


def test_under_its_own_name_a_template_is_the_built_in_package(tmp_path: Path) -> None:
    for template in TEMPLATES:
        made = packages.find(str(new(tmp_path / "in" / template, template=template)))
        assert made.files == packages.find(template).files


def test_a_folder_with_underscores_holds_a_package_with_hyphens(tmp_path: Path) -> None:
    listener = Listener()
    run_line(f"n {tmp_path}/my_chat", listener.context)
    assert packages.id_in(f"{tmp_path}/my_chat") == PackageId("my-chat", "template.os")
    assert listener.said == [
        f"{tmp_path}/my_chat holds my-chat:template.os, since names of packages have - for _",
        f"Next: %kinode start {tmp_path}/my_chat, or %kinode run-tests {tmp_path}/my_chat",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("new there", "there is there already"),
        ("new x -a there/y", "can only contain a-z, 0-9, `-`: 'there-y' would do"),
        ("new api", "a package cannot be called 'api'"),
        ("new x -a test", "a package cannot be called 'test'"),
        ("new MyChat", "can only contain a-z, 0-9, `-`: 'mychat' would do"),
        ("new x -u Me.os", "Publisher (Me.os) can only contain"),
        ("new x -u ''", "Publisher () can only contain"),
        ("new x -l rust", "there are no templates in 'rust' here: take python. kit itself"),
        ("new x -l pyton", "Did you mean 'python'?"),
        ("new x -t chatt", "there is no template 'chatt'. Did you mean 'chat'?"),
        ("new x -t hello", "There are blank, chat, chat-with-file-transfer, echo,"),
        ("new x --ui", "the template chat has no user interface here"),
        ("new list", "cannot be called 'list', for WIT has no such names"),
        ("new 2chat", "cannot be called '2chat', for WIT has no such names"),
        ("new my--chat", "cannot be called 'my--chat', for WIT has no such names"),
        ("new tester", "cannot be called 'tester': Kinode has one of that name itself"),
        ("new send", "made from chat cannot be called 'send': it has another file pkg/send.py"),
        ("new list-files -t file-transfer", "it has another file pkg/list_files.py"),
        ("new chat -t chat-with-file-transfer", "cannot be called 'chat': it depends on another"),
        ("new features -t echo", "it has another file pkg/features.py"),
        ("new there/file.txt/x", "there/file.txt/x cannot be made: Not a directory"),
        ("new", "new needs DIRECTORY"),
    ],
)
def test_what_cannot_be_made_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file.txt").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KinodeError) as caught:
        run_line(line, Listener().context)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "there", tmp_path / "there" / "file.txt"]


@pytest.mark.parametrize("beside", [[], [".git"]])
def test_an_empty_folder_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: list[str]
) -> None:
    folder = tmp_path / "my_chat"
    for each in (".", *beside):
        (folder / each).mkdir(parents=True)
    monkeypatch.chdir(folder)
    listener = Listener()
    run_line("new . -t echo", listener.context)
    assert packages.id_in(".") == PackageId("my-chat", "template.os")
    assert sorted(each.name for each in folder.iterdir()) == sorted(
        [*beside, "api", "metadata.json", "pkg", "test"]
    )
    assert listener.said[1] == "Next: %kinode start ., or %kinode run-tests ."
    with pytest.raises(KinodeError, match="is there already"):
        new(".")


def test_a_disk_that_is_full_leaves_no_half_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.touch()

    monkeypatch.setattr(Path, "write_bytes", write)
    for folder in (tmp_path / "deep" / "er" / "x", tmp_path):
        written.clear()
        with pytest.raises(KinodeError, match="cannot be made: No space left on device"):
            new(folder, package="x")
        assert list(tmp_path.iterdir()) == []


def test_a_publisher_that_begins_with_a_digit_has_a_world_too(tmp_path: Path) -> None:
    folder = new(tmp_path / "x", publisher="3x.os")
    assert "world x-n3x-dot-os-v0 {" in (folder / "api" / "x.wit").read_text()
    assert json.loads((folder / "metadata.json").read_text())["properties"]["publisher"] == "3x.os"


def test_what_a_template_imports_keeps_its_publisher(tmp_path: Path) -> None:
    folder = new(tmp_path / "x", publisher="me.os", template="chat-with-file-transfer")
    properties = json.loads((folder / "metadata.json").read_text())["properties"]
    assert properties["dependencies"] == ["chat:template.os", "file-transfer:template.os"]
    assert "import file-transfer-worker;" in (folder / "api" / "x.wit").read_text()


def test_the_words_of_a_protocol_stay(tmp_path: Path) -> None:
    wire = texts(new(tmp_path / "x", template="file-transfer"))["pkg/x_wire.py"]
    assert '_KEY = "file-transfer"' in wire


def test_tab_offers_templates_and_languages() -> None:
    net = PretendNet()
    for line, offered in (
        ("new x -t f", ["fibonacci", "file-transfer"]),
        ("new -l py", ["python"]),
    ):
        assert complete(line, "", lambda: net)[1] == offered  # type: ignore[arg-type, return-value]
    assert all(template in NEW.details for template in TEMPLATES)


def test_what_comes_next_runs_for_a_folder_with_a_space(tmp_path: Path) -> None:
    listener = Listener()
    folder = f"'{tmp_path}/sp ace/pk'"
    run_line(f"new {folder} -t echo", listener.context)
    assert listener.said[1] == f"Next: %kinode start {folder}, or %kinode run-tests {folder}"


def test_what_comes_next_at_a_terminal_does_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", f"{tmp_path}/sp ace/pk", "-t", "echo"]) == 0
    assert f"kinode-nb build '{tmp_path}/sp ace/pk', or " in capsys.readouterr().out
