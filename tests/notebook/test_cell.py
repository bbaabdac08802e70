from __future__ import annotations

import pytest

from kinode_nb.notebook.cell import lines, run_cell
from kinode_nb.types import KinodeError, UsageError
from tests.notebook.pretend_net import Listener, PretendTransfer


def run(body: str, header: str = "", listener: Listener | None = None) -> Listener:
    listener = listener or Listener(PretendTransfer("t1"))
    run_cell(header, body, listener.context, {"i": 2}, listener.said.append)  # type: ignore[arg-type]
    return listener


def typed(listener: Listener) -> list[str]:
    return [call[2][0] for call in listener.net.done if call[1] == "type_line"]


@pytest.mark.parametrize(
    ("line", "arrives"),
    [
        ("hi fake2.dev hello!", "hi fake2.dev hello!"),
        ("  hi fake{i}.dev $i 'a {i}' $$x", "hi fake2.dev 2 'a {i}' $x"),
        ("m our@echo:echo:template.os '\"hi\"' -a 5", "m our@echo:echo:template.os '\"hi\"' -a 5"),
        ('hi fake2.dev it\'s {i}  "x y"; # y', 'hi fake2.dev it\'s 2  "x y"; # y'),
        ('m our@a:b:c {"n": {"m": 1}} -a 5', 'm our@a:b:c {"n": {"m": 1}} -a 5'),
        (r"echo \{i} \n \$i", r"echo {i} \n $i"),
        ("hi fake.dev x -p 8080", "hi fake.dev x -p 8080"),
    ],
)
def test_a_line_arrives_at_the_terminal_as_it_stands(line: str, arrives: str):
    assert typed(run(line)) == [arrives]


def test_kits_lines_are_verbs():
    assert run("kit f fake3.dev").net.done == [("net", "boot", ("fake3.dev",), {})]


def test_what_is_printed_is_shown_line_by_line_and_transfers_are():
    listener = run("echo a|b|\nsend:chat:template.os fake2.dev x")
    assert listener.said == ["a\nb"]
    assert (listener.shown, listener.finished) == (["t1"], ["t1"])


def test_comments_and_empty_lines_are_skipped():
    listener = run("# hello\n\n   # there\nhi fake2.dev x # y\n")
    assert typed(listener) == ["hi fake2.dev x # y"]


def test_the_cells_node_acts_unless_a_line_names_its_own():
    body = "hi fake.dev x\nkit put a -n fake.dev\nkit put a\nkit nodes"
    nodes = [call[0] for call in run(body, "-n fake2.dev").net.done]
    assert nodes == ["fake2.dev", "fake.dev", "fake2.dev", "net"]
    assert run("hi fake.dev x", "-p 8081").net.done[0][0] == "fake2.dev"


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
        ("boot fake.dev", "", "'boot' not found; for the verb write: kit boot"),
        ("xyzzy", "", "error calling script: 'xyzzy' not found; the line `help`"),
        ("hi {nothing} x", "", "NameError"),
        ("hi fake.dev x", "-n fake3.dev", "there is no node 'fake3.dev'"),
        ("kit log --last it's", "", "a quote is not closed"),
        ("x = 1", "process", "process needs NAME. Write: %%kinode process NAME"),
        ("hi fake2.dev x", "trace", "%%kinode trace is not there yet"),
        ("hi fake2.dev x", "boot", "%kinode boot"),
        ("hi fake2.dev x", "--nod fake.dev", "%%kinode has no flag --nod. Did you mean '--node'"),
    ],
)
def test_a_mistake_is_one_line(body: str, header: str, said: str):
    with pytest.raises(KinodeError) as raised:
        run(body, header)
    (line,) = raised.value._render_traceback_()
    assert said in line
    assert "\n" not in line


def test_lines_go_on_after_a_backslash_and_inside_quotes():
    body = "hi b \\\n  x\nm a '{\n  \"n\": 1\n}'\nhi b it's\nhi b it's y\necho 'open"
    assert [(line.number, line.text) for line in lines(body)] == [
        (1, "hi b   x"),
        (3, "m a '{\n  \"n\": 1\n}'"),
        (6, "hi b it's"),
        (7, "hi b it's y"),
        (8, "echo 'open"),
    ]


def test_a_cells_flag_is_not_taken_for_text_to_quote():
    with pytest.raises(UsageError) as raised:
        run("echo a", "--keepgoing")
    assert str(raised.value) == "%%kinode has no flag --keepgoing. Did you mean '--keep-going'?"
