from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.notebook.cell import CELL
from kinode_nb.notebook.completer import typed_words
from kinode_nb.notebook.completion import VERB_NAMES, complete
from kinode_nb.notebook.terminal_scripts import FIRST, script
from tests.notebook.pretend_net import PretendNet


def offers(before: str, after: str = "") -> list[str]:
    net = PretendNet()
    return complete(before, after, lambda: net)[1]  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("", list(VERB_NAMES)),
        ("do", ["download"]),
        ("h", ["history", "hi", "help"]),
        ("send ", ["fake.dev", "fake2.dev"]),
        ("send fake2", ["fake2.dev"]),
        ("send fake2.dev ", []),
        ("put x -n ", ["fake.dev", "fake2.dev"]),
        ("put x -n fake2", ["fake2.dev"]),
        ("start chat-", ["chat-with-file-transfer"]),
        ("start -n fake.dev f", ["file-transfer"]),
        ("remove ", ["chat"]),
        ("inject c", ["chat:chat:template.os"]),
        ("inject s", ["silent:notebook:template.os"]),
        ("kill c", ["chat:chat:template.os"]),
        ("kill ", ["chat:chat:template.os"]),
        ("kill -n fake2.dev ", ["silent:notebook:template.os"]),
        ("kill --node=fake2.dev ", ["silent:notebook:template.os"]),
        ("kill -p 8081 s", ["silent:notebook:template.os"]),
        ("kill fake2.dev@", ["fake2.dev@silent:notebook:template.os"]),
        ("kill our@", ["our@chat:chat:template.os"]),
        ("kill -n fake9.dev ", []),
        ("inject a:b:c 1 -n ", ["fake.dev", "fake2.dev"]),
        ("inject a:b:c 1 --no", ["--node", "--non-block"]),
        ("transfers ", ["t1", "t2"]),
        ("log --k", ["--kind"]),
        ("log --kind re", ["request", "response"]),
        ("log --process s", ["silent:notebook:template.os"]),
        ("log --process fake.dev@c", ["fake.dev@chat:chat:template.os"]),
        ("log --last 3 --last", []),
        ("help do", ["download"]),
        ("boot --placement s", ["subprocess"]),
        ("stop fake.dev f", ["fake.dev", "fake2.dev"]),
        ("trace ", []),
        ("nonsense ", []),
    ],
)
def test_each_place_offers_its_kind(line: str, offered: list[str]):
    assert offers(line) == offered


def test_kill_offers_what_the_node_that_is_named_after_the_cursor_has():
    assert offers("kill ", " -n fake2.dev") == ["silent:notebook:template.os"]


def test_download_offers_files_of_all_nodes_or_of_the_one_named():
    everything = ["mine.txt", "my_file.txt", r"naïve\ ✓\ file\ (1).bin"]
    assert offers("download ") == everything
    assert offers("download ", " fake.dev") == ["mine.txt"]
    assert offers("download my", " fake2.dev") == ["my_file.txt"]
    assert offers("download my_file.txt f") == ["fake.dev", "fake2.dev"]


def test_a_name_with_spaces_is_quoted_as_it_was_begun():
    assert offers("download na") == [r"naïve\ ✓\ file\ (1).bin"]
    assert offers("download 'naïve ✓") == ["'naïve ✓ file (1).bin'"]
    assert offers('download "naïve ✓') == ['"naïve ✓ file (1).bin"']
    assert offers("download naïve\\ ") == [r"naïve\ ✓\ file\ (1).bin"]


def test_the_fragment_is_what_is_replaced():
    net = PretendNet()
    assert complete("download 'naïve ✓", "", lambda: net)[0] == "'naïve ✓"  # type: ignore[arg-type, return-value]
    assert complete("send ", "", lambda: net)[0] == ""  # type: ignore[arg-type, return-value]


def test_put_offers_files_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "deep.txt").touch()
    (tmp_path / "my file.txt").touch()
    (tmp_path / ".hidden").touch()
    monkeypatch.chdir(tmp_path)
    assert offers("put ") == ["folder/", r"my\ file.txt"]
    assert offers("put folder/d") == ["folder/deep.txt"]
    assert offers("put .") == [".hidden"]
    assert offers("put nowhere/") == []


@pytest.mark.parametrize(
    ("cell", "typed"),
    [
        ("%kinode do", (None, "do")),
        ("%kinode ", (None, "")),
        ("  df = %kinode log --l", (None, "log --l")),
        ("a, b = %kinode boot ", (None, "boot ")),
        ("%%kinode -n f", (CELL, "-n f")),
        ("%%kinode\nhi f", (script("hi"), "f")),
        ("%%kinode\n  h", (FIRST, "h")),
        ("%%kinode\n", (FIRST, "")),
        ("%%kinode\n# hi f", None),
        ("%%kinode -n x\n# hi\nkit send f", (None, "send f")),
        ("%%kinode\ndownload:chat:template.os my", (script("download"), "my")),
        ("%%kinode\nsend f", (script("send"), "f")),
        ("%kinode", None),
        ("kinode.x", None),
        ("print('%kinode x", None),
        ("x = 1\n%kinode se", (None, "se")),
    ],
)
def test_which_lines_are_ours(cell: str, typed: object):
    lines = cell.split("\n")
    assert typed_words(cell, len(lines) - 1, lines[-1]) == typed


def test_the_cells_own_flags():
    net = PretendNet()
    offered = complete("-n fake2", "", lambda: net, CELL)[1]  # type: ignore[arg-type, return-value]
    assert offered == ["fake2.dev"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("", ["kit", "echo", "hi", "m", "send:chat:template.os"]),
        ("se", ["send:chat:template.os"]),
        ("k", ["kit"]),
        ("hi f", ["fake.dev", "fake2.dev"]),
        ("hi fake.dev f", []),
        ("send:chat:template.os fake2", ["fake2.dev"]),
        ("list_files:file_transfer:template.os ", ["fake.dev", "fake2.dev"]),
        ("download:file-transfer:template.os ", ["mine.txt", "my_file.txt"]),
        ("download:file-transfer:template.os my_file.txt ", ["fake.dev", "fake2.dev"]),
        ("own:script:me.os x f", ["fake.dev", "fake2.dev"]),
        ("m our@c", ["our@chat:chat:template.os"]),
        ("m fake.dev@c", ["fake.dev@chat:chat:template.os"]),
        ("kill c", ["chat:chat:template.os"]),
        ("help h", ["hi"]),
        ("alias x s", ["send:chat:template.os"]),
        ("echo f", []),
    ],
)
def test_lines_of_the_terminal_offer_scripts_and_what_they_take(line: str, offered: list[str]):
    verb, before = typed_words(f"%%kinode\n{line}", 1, line) or (None, "")
    net = PretendNet()
    assert complete(before, "", lambda: net, verb)[1] == offered  # type: ignore[arg-type, return-value]
