from __future__ import annotations

import pytest

from kinode_nb.notebook.cell import lines, run_cell
from kinode_nb.types import KinodeError, UsageError
from tests.notebook.pretend_net import Listener, PretendTransfer


def run(body: str, header: str = "", listener: Listener | None = None) -> Listener:
    listener = listener or Listener(PretendTransfer("t1"))
    run_cell(header, body, listener.context, {"i": 2}, listener.said.append)  # type: ignore[arg-type]
    return listener


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("hi fake2.dev hello!", ("fake.dev", "hi", ("fake2.dev", "hello!"), {})),
        ("hi fake{i}.dev 'a {i}'", ("fake.dev", "hi", ("fake2.dev", "a {i}"), {})),
        (
            "send:chat:template.os fake2.dev hello",
            ("fake.dev", "send", ("fake2.dev", "hello"), {"package": "chat:template.os"}),
        ),
        (
            "list-files:chat-with-file-transfer:template.os fake2.dev",
            (
                "fake.dev", "list_files", ("fake2.dev",),
                {"package": "chat-with-file-transfer:template.os"},
            ),
        ),
        (
            "download:chat_with_file_transfer:template.os my_file.txt fake2.dev",
            (
                "fake.dev", "download", ("my_file.txt", "fake2.dev"),
                {"overwrite": False, "package": "chat_with_file_transfer:template.os"},
            ),
        ),
        ("kit f fake3.dev", ("net", "boot", ("fake3.dev",), {})),
    ],
)  # fmt: skip
def test_a_line_of_the_terminal_becomes_a_call(line: str, call: tuple[object, ...]):
    assert run(line).net.done == [call]


def test_comments_and_empty_lines_are_skipped():
    listener = run("# hello\n\n   # there\nhi fake2.dev x # y\n")
    assert [call[2] for call in listener.net.done] == [("fake2.dev", "x # y")]


def test_the_cells_node_acts_unless_a_line_names_its_own():
    body = "hi fake.dev x\nkit put a -n fake.dev\nkit put a\nkit nodes\nhi fake.dev x -p 8080"
    nodes = [call[0] for call in run(body, "-n fake2.dev").net.done]
    assert nodes == ["fake2.dev", "fake.dev", "fake2.dev", "net", "fake.dev"]


def test_values_are_shown_each():
    assert run("kit nodes\nkit packages").said == [
        ("net", "nodes", (), {}),
        ("net", "packages", (), {}),
    ]


def test_the_first_failing_line_ends_the_cell_and_is_named():
    listener = Listener()
    with pytest.raises(KinodeError) as raised:
        run("hi fake2.dev a\n\nkit trace\nhi fake2.dev b", listener=listener)
    assert raised.value._render_traceback_() == [
        "UsageError: trace is not there yet in this version; see %kinode help (line 3: kit trace)"
    ]
    assert len(listener.net.done) == 1


def test_keep_going_goes_on_and_still_fails():
    listener = Listener()
    with pytest.raises(UsageError, match="1 of the cell's lines failed: 1"):
        run("kit trace\nhi fake2.dev b", "--keep-going", listener)
    assert len(listener.net.done) == 1
    assert listener.said[0].startswith("line 1: trace is not there yet")


@pytest.mark.parametrize(
    ("body", "header", "said"),
    [
        ("m our@echo:echo:template.os '\"hi\"' -a 5", "", "m is not there yet"),
        ("echo:echo:template.os x", "", "echo:echo:template.os is not there yet"),
        ("boot fake.dev", "", "for the verb write: kit boot"),
        ("xyzzy", "", "the terminal knows no 'xyzzy'"),
        ("hi fake.dev it's", "", "a quote is not closed"),
        ("hi fake2.dev x", "process counter", "%%kinode process is not there yet"),
        ("hi fake2.dev x", "boot", "%kinode boot"),
        ("hi fake2.dev x", "--nod fake.dev", "Did you mean '--node'"),
    ],
)
def test_a_mistake_is_one_line(body: str, header: str, said: str):
    with pytest.raises(KinodeError) as raised:
        run(body, header)
    (line,) = raised.value._render_traceback_()
    assert said in line
    assert "\n" not in line


def test_lines_go_on_after_a_backslash_and_inside_quotes():
    body = "hi b \\\n  x\nm a '{\n  \"n\": 1\n}'\nhi b it's\nhi b y"
    assert [(line.number, line.text) for line in lines(body)] == [
        (1, "hi b   x"),
        (3, "m a '{\n  \"n\": 1\n}'"),
        (6, "hi b it's"),
        (7, "hi b y"),
    ]
