from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import kinode_nb
from tests.notebook.cells import SCENARIO

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def run(shell: InteractiveShell, *lines: str) -> object:
    result = None
    for line in lines:
        result = shell.run_cell(line)
        assert result.success, line
    return result.result if result else None


def fail(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str) -> str:
    """Run a cell that has to fail, and return the line that it ends with: all of the error."""
    capsys.readouterr()
    result = shell.run_cell(cell)
    error = result.error_in_exec
    assert isinstance(error, kinode_nb.KinodeError)
    *_, said = capsys.readouterr().out.strip().splitlines()
    assert said.startswith(f"{type(error).__name__}: {error}")
    return said


class TestTheScenario:
    def test_it_runs_as_written(self, shell: InteractiveShell):
        run(shell, *SCENARIO)
        log, transfer = shell.user_ns["log"], shell.user_ns["t"]
        assert isinstance(log, pd.DataFrame)
        assert {"Send", "Download", "Chunk"} <= set(log["type"].dropna())
        assert transfer.status == "done"
        home = kinode_nb.fakenet().node("fake.dev").home
        arrived = home / "vfs" / "chat-with-file-transfer:template.os" / "files" / "my_file.txt"
        assert arrived.read_bytes() == b"hello world\n"
        said = run(shell, "%kinode history fake2.dev")
        assert list(said["content"]) == ["hello from the notebook"]  # type: ignore[index]

    def test_it_runs_twice_and_says_what_was_there(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        run(shell, *SCENARIO)
        capsys.readouterr()
        run(shell, *SCENARIO)
        said = capsys.readouterr().out
        assert "fake.dev is running already" in said
        assert "already started on fake2.dev" in said

    def test_start_says_one_line(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]):
        run(shell, *SCENARIO[:3])
        capsys.readouterr()
        run(shell, SCENARIO[3])
        assert capsys.readouterr().out == "chat-with-file-transfer runs on fake.dev, fake2.dev\n"

    def test_it_runs_as_one_cell(self, shell: InteractiveShell):
        run(shell, "\n".join(SCENARIO))
        assert shell.user_ns["t"].status == "done"

    def test_values_of_functions_are_seen(self, shell: InteractiveShell):
        run(
            shell,
            "def boot(i):\n    %kinode boot fake{i}.dev -p none\nfor i in range(2, 4): boot(i)",
        )
        assert kinode_nb.fakenet().node_names() == ["fake2.dev", "fake3.dev"]


class TestMistakes:
    @pytest.mark.parametrize(
        ("cell", "said"),
        [
            ("%kinode bot", "UsageError: there is no verb 'bot'. Did you mean 'boot'?"),
            ("%kinode send fke2.dev hi", "Did you mean 'fake2.dev'?"),
            ("%kinode use fke2.dev", "Did you mean 'fake2.dev'?"),
            ("%kinode send fake2.dev hi -n nobody", "there is no node 'nobody'"),
            ("%kinode start chat-with-fil-transfer", "Did you mean 'chat-with-file-transfer'?"),
            ("%kinode put nope.txt", "nope.txt"),
            ("%kinode download nope.txt fake2.dev", "fake2.dev has no file 'nope.txt'"),
            ("%kinode download my_fil.txt fake2.dev", "Did you mean 'my_file.txt'?"),
            ("%kinode transfers t99", "there is no transfer 't99'"),
            ("%kinode boot Fake_3.dev", "can only contain a-z"),
            ("%kinode boot fake.dev --verbosity 3", "--fresh"),
            ("%kinode boot --verbosity 4", "UsageError: verbosity is 0, 1, 2 or 3, not 4"),
            ('%kinode boot ""', "AddressError: a node's name is empty"),
            ("%kinode send Fake_2 hi", "AddressError: Node (Fake_2.dev) can only contain a-z"),
            ("%kinode packages -n fake.dev -p 1", "NodeError: no node listens on port 1"),
            ("%kinode hi fake2.dev {1/0}", "{1/0}: ZeroDivisionError: division by zero"),
            ("%kinode send fake2.dev it's", "a quote is not closed"),
            ("%kinode log --grep (", "UsageError"),
            ("%kinode trace", "trace is not there yet"),
            ("kinode_nb.fakenet().node('fake.dev').send('nobody.dev', 'x')", "SendError: Offline"),
            ("kinode_nb.fakenet().node('nobody.dev')", "NodeError: there is no node"),
            ("%%kinode\nhi fake2.dev x\nkit use nobody.dev", "(line 2: kit use nobody.dev)"),
        ],
    )
    def test_each_is_one_line_and_a_failure(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, said: str
    ):
        shell.user_ns["kinode_nb"] = kinode_nb
        run(shell, "%kinode boot fake.dev -p none", "%kinode boot fake2.dev -p none")
        run(shell, *SCENARIO[3:4], "%kinode put my_file.txt -n fake2.dev")
        assert said in fail(shell, capsys, cell)

    def test_two_acting_nodes_are_one_too_many(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        shell.user_ns["port"] = run(shell, "%kinode boot", "b = %kinode boot", "b.port")
        said = fail(shell, capsys, "%kinode packages -n fake.dev -p {port}")
        assert said.startswith("UsageError: two nodes are named: fake.dev by its name, fake2.dev")

    def test_a_stopped_node_is_offline(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        run(shell, *SCENARIO[:4], "%kinode stop fake2.dev")
        assert "Offline" in fail(shell, capsys, "%kinode send fake2.dev hi")
        assert "Offline" in fail(shell, capsys, "%kinode download my_file.txt fake2.dev")

    def test_with_no_node_it_says_how_to_get_one(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        assert "%kinode boot" in fail(shell, capsys, "%kinode send fake2.dev hi")
        run(shell, "%kinode stop --all")


class TestTheCell:
    def test_lines_of_the_terminal(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        run(shell, *SCENARIO[:4])
        run(
            shell,
            "%%kinode -n fake2.dev\n# a greeting\nhi fake.dev hello!\n"
            "send:chat-with-file-transfer:template.os fake.dev hello\nkit put my_file.txt\n"
            "kit history fake.dev",
        )
        said = capsys.readouterr().out
        assert "response from fake.dev: ack" in said
        assert "fake2.dev offers my_file.txt" in said
        assert "hello" in said

    @pytest.mark.parametrize("swap", [("_", "-"), ("-", "_")])
    def test_the_recipes_own_lines(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str], swap: tuple[str, str]
    ):
        run(shell, *SCENARIO[:4], "%kinode start echo", SCENARIO[6])
        capsys.readouterr()
        package = "chat_with_file_transfer:template.os".replace(*swap)
        run(
            shell,
            "%%kinode\n# Kinode's documentation\nhi fake2.dev hello!\n"
            "m our@echo:echo:template.os '\"hi\"' -a 5\n"
            f"send:{package} fake2.dev hello  there\n"
            f"download:{package} my_file.txt fake2.dev",
        )
        said = capsys.readouterr().out.splitlines()
        assert said[:4] == [
            "response from fake2.dev: ack",
            "Awaiting response for 5s",
            'echo:template.os: got String("hi")',
            '"Ack"',
        ]
        assert "100 %" in said[-1]
        net = kinode_nb.fakenet()
        assert net.node("fake2.dev").history("fake.dev")["content"].tolist() == ["hello  there"]
        assert net.transfers()["status"].tolist() == ["done"]
        place = net.transfer("t1").path
        assert place is not None
        assert place.read_bytes() == b"hello world\n"

    def test_the_first_line_that_fails_ends_the_cell(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        run(shell, *SCENARIO[:4])
        cell = "%%kinode\necho one\nsned:chat-with-file-transfer:template.os a b\necho two"
        said = fail(shell, capsys, cell)
        assert "Did you mean 'send:chat-with-file-transfer:template.os'? (line 2: sned" in said
        assert "echo two" not in str(kinode_nb.fakenet().log()["body"].tolist())


class TestTheExtension:
    def test_loading_again_does_nothing_twice(self, shell: InteractiveShell):
        run(shell, "%load_ext kinode_nb", "%reload_ext kinode_nb", "%reload_ext kinode_nb")
        names = [m.__name__ for m in shell.Completer.custom_matchers]
        assert names == ["match_kinode"]
        after_cells = shell.events.callbacks["post_run_cell"]
        assert len([c for c in after_cells if c.__name__ == "show_notes"]) == 1

    def test_unloading_leaves_nothing(self, shell: InteractiveShell):
        run(shell, "%load_ext kinode_nb", "%unload_ext kinode_nb")
        assert shell.find_magic("kinode") is None
        assert shell.find_cell_magic("kinode") is None
        assert shell.Completer.custom_matchers == []
        kinode_nb.load_ipython_extension(shell)

    def test_the_first_nest_asyncio_is_warned_of(
        self, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(asyncio, "_nest_patched", True, raising=False)
        with pytest.warns(RuntimeWarning, match="%kinode nest"):
            kinode_nb.load_ipython_extension(shell)
        monkeypatch.setattr(asyncio, "_nest_asyncio2", object(), raising=False)
        kinode_nb.load_ipython_extension(shell)

    def test_the_docstring_is_the_table(self, shell: InteractiveShell):
        text = shell.find_magic("kinode").__doc__
        assert "download FILE… NODE" in text
        assert "%%kinode" in text

    def test_notes_of_python_calls_appear_too(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ):
        shell.user_ns["kinode_nb"] = kinode_nb
        run(shell, *["kinode_nb.fakenet().boot('fake.dev', port='none');"] * 2)
        assert "fake.dev is running already" in capsys.readouterr().out


def test_no_net_is_made_for_who_never_asks_for_one(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(vars(kinode_nb), "fakenet", raising=False)
    run(shell, "1 + 1", "%kinode help")
    assert "fakenet" not in vars(kinode_nb)


def test_interrupt_of_any_wait_is_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    """A node without the package answers nothing, so that there is a wait to interrupt."""
    run(shell, *SCENARIO[1:3], "%kinode start chat-with-file-transfer -n fake.dev")
    net, again = kinode_nb.fakenet(), threading.Event()
    before = len(net.log(kind="request"))

    def interrupt():
        while "fake2.dev" not in set(net.log(kind="request")["target_node"].iloc[before:]):
            again.wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    result = shell.run_cell("%kinode send fake2.dev hi")
    thread.join()
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    *_, said = capsys.readouterr().out.strip().splitlines()
    assert said == "KeyboardInterrupt: the waiting has ended; nodes go on"
    assert list(net.nodes()["status"]) == ["running", "running"]


def test_words_are_expanded_by_us_and_not_by_ipython(shell: InteractiveShell):
    run(
        shell, *SCENARIO[:4], 'x = {"a": 1}', "%kinode send fake2.dev '{\"b\": \"$x\"}' $x {x['a']}"
    )
    said = run(shell, "%kinode history fake2.dev")
    assert list(said["content"]) == ['{"b": "$x"} {"a":1} 1']  # type: ignore[index]


def test_a_silenced_line_shows_nothing(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]):
    run(shell, "%kinode nodes;")
    assert capsys.readouterr().out == ""


def test_terminal_shows_text_as_it_is(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]):
    run(shell, *SCENARIO[:5])
    capsys.readouterr()
    text = run(shell, "%kinode terminal -n fake2.dev")
    assert isinstance(text, str)
    assert str(text) in capsys.readouterr().out
    assert "hello from the notebook" in text


def test_reset_begins_again(shell: InteractiveShell):
    run(shell, *SCENARIO[:5], "%kinode reset --seed 1")
    assert run(shell, "%kinode nodes").empty  # type: ignore[union-attr]
    assert run(shell, "%kinode log").empty  # type: ignore[union-attr]
    run(shell, *SCENARIO)


def test_homes_go_with_their_nodes(shell: InteractiveShell, tmp_path: Path):
    run(shell, "%kinode boot fake.dev -p none", f"%kinode boot kept.dev -p none -o {tmp_path}/kept")
    home = kinode_nb.fakenet().node("fake.dev").home
    assert home.is_dir()
    run(shell, "%kinode stop fake.dev kept.dev")
    assert not home.exists()
    assert (tmp_path / "kept").is_dir()
