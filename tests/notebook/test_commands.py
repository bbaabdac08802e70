from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.notebook.commands import VERBS
from kinode_nb.notebook.commands.parser import parse
from kinode_nb.notebook.line import run_line
from kinode_nb.types import KinodeError, NodeError, TransferError, UsageError
from tests.notebook.pretend_net import Listener, PretendTransfer

# The table of verbs as it is documented, aliases included.
DOCUMENTED = """
boot boot-fake-node f | nodes | use | stop | start start-package s | remove remove-package r
packages | processes top | kill | send | history | put | list-files files | download | transfers
pause | resume | cancel | log | terminal | trace | watch | panel | inject inject-message i | hi
network | new n | build b | build-start-package bs | view-api v | run-tests t | reset | nest | help
""".replace("\n", "|").split("|")


def test_the_table_is_the_documented_one():
    documented = [tuple(names.split()) for names in DOCUMENTED if names.strip()]
    assert sorted(verb.names for verb in VERBS) == sorted(documented)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("boot", ("net", "boot", (None,), {})),
        ("f x.dev -p 81 --persist", ("net", "boot", ("x.dev",), {"port": 81, "persist": True})),
        ("boot -f x.dev -p none", ("net", "boot", ("x.dev",), {"port": "none"})),
        ("boot x -o y", ("net", "boot", ("x",), {"home": "y"})),
        ("boot --count 3 --verbosity 0", ("net", "boot", (None,), {"count": 3, "verbosity": 0})),
        (
            "boot --password x --http-timeout 0.5",
            ("net", "boot", (None,), {"password": "x", "http_timeout": 0.5}),
        ),
        ("boot --http-timeout 30", ("net", "boot", (None,), {"http_timeout": 30})),
        ("nodes", ("net", "nodes", (), {})),
        ("use fake2.dev", ("net", "use", ("fake2.dev",), {})),
        ("stop fake.dev fake2.dev", ("net", "stop", ("fake.dev", "fake2.dev"), {})),
        ("stop --all", ("net", "stop", (), {})),
        ("start chat", ("net", "start", ("chat",), {})),
        ("s", ("net", "start", (), {})),
        ("start chat -p 8081", ("fake2.dev", "start", ("chat",), {})),
        ("packages", ("net", "packages", (), {})),
        ("remove chat", ("net", "remove", ("chat",), {})),
        ("r", ("net", "remove", (), {})),
        ("r -a chat -u template.os", ("net", "remove", ("chat:template.os",), {})),
        ("remove-package chat -n fake2.dev", ("fake2.dev", "remove", ("chat",), {})),
        (
            """inject a:b:c '{"Send": 1}'""",
            (
                "fake.dev",
                "inject",
                ("a:b:c", '{"Send": 1}'),
                {"node": None, "blob": None, "wait": True},
            ),
        ),
        (
            "i a:b:c '1' -p 8081 -n fake.dev -l",
            (
                "fake2.dev",
                "inject",
                ("a:b:c", "1"),
                {"node": "fake.dev", "blob": None, "wait": False},
            ),
        ),
        ("top -n fake2.dev", ("fake2.dev", "processes", (), {})),
        ("kill counter", ("fake.dev", "kill", ("counter",), {})),
        ("kill fake2.dev@a:b:c", ("fake2.dev", "kill", ("fake2.dev@a:b:c",), {})),
        ("kill our@a:b:c -n fake2.dev", ("fake2.dev", "kill", ("our@a:b:c",), {})),
        ("send b hi  there", ("fake.dev", "send", ("b", "hi there"), {"package": None})),
        ("history a -n fake2.dev", ("fake2.dev", "history", ("a",), {"package": None})),
        ("put a.txt b.txt", ("fake.dev", "put", ("a.txt", "b.txt"), {"package": None})),
        ("files fake2.dev", ("fake.dev", "list_files", ("fake2.dev",), {"package": None})),
        ("list_files", ("fake.dev", "list_files", (None,), {"package": None})),
        ("transfers t1", ("net", "transfers", ("t1",), {})),
        ("log --last 3 --grep Send", ("net", "log", (), {"node": None, "last": 3, "grep": "Send"})),
        ("log -n fake2.dev", ("net", "log", (), {"node": "fake2.dev", "last": None})),
        ("reset --seed 0", ("net", "reset", (), {"seed": 0})),
        ("hi fake2.dev hello!", ("fake.dev", "hi", ("fake2.dev", "hello!"), {})),
    ],
)  # fmt: skip
def test_a_line_becomes_one_call(line: str, call: tuple[object, ...]):
    listener = Listener()
    run_line(line, listener.context)
    assert listener.net.done == [call]


def test_what_the_net_returns_is_the_lines_value():
    listener = Listener()
    assert run_line("nodes", listener.context) == ("net", "nodes", (), {})


def test_what_answers_in_words():
    listener = Listener()
    run_line("hi fake2.dev hello", listener.context)
    run_line("put /some/where/a.txt", listener.context)
    run_line("kill counter", listener.context)
    assert listener.said == [
        "response from fake2.dev: ack",
        "fake.dev offers a.txt",
        "killed process counter:of:all",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("start chat", "chat runs on fake.dev, fake2.dev"),
        ("start chat -n fake2.dev", "chat runs on fake2.dev"),
    ],
)
def test_start_says_what_runs_where_and_nothing_more(line: str, said: str):
    listener = Listener()
    run_line(line, listener.context)
    assert listener.said == [said]
    run_line(line, listener.context)  # what is there already is told by the net's notes
    assert listener.said == [said]


def test_remove_says_what_is_gone_from_where():
    listener = Listener()
    run_line("start chat", listener.context)
    run_line("remove chat -n fake2.dev", listener.context)
    run_line("remove chat", listener.context)
    assert listener.said[1:] == ["chat is removed from fake2.dev", "chat is removed from fake.dev"]


def test_inject_sends_a_file_along_and_says_that_it_did_not_wait(tmp_path: Path):
    listener = Listener()
    file = tmp_path / "blob.bin"
    file.write_bytes(b"\xff")
    run_line(f"inject a:b:c null --blob {file} --non-block", listener.context)
    [(*_, options)] = listener.net.done
    assert options == {"node": None, "blob": b"\xff", "wait": False}
    assert listener.said == ["200 OK"]


def test_kits_other_flags_of_boot_are_ignored_with_a_word():
    listener = Listener()
    run_line("boot x.dev -c 8545 --rpc ws://x -r . -v latest --release", listener.context)
    assert listener.net.done == [("net", "boot", ("x.dev",), {})]
    [said] = listener.said
    assert said.startswith("ignored: --fakechain-port, --rpc, --runtime-path, --version")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("boot a.dev -f b.dev", "two names for one node"),
        ("boot --http-timeout never", "--http-timeout takes seconds, such as 15 or 0.5"),
        ("boot --http-timeout 0", "--http-timeout takes seconds, such as 15 or 0.5"),
        ("stop", "stop which node? %kinode stop NODE, or --all"),
        ("reset --virtual", "not there yet"),
        ("trace --last 3", "trace is not there yet in this version"),
        ("i my:p:x.os '{}' -b no_such_file", "there is no file 'no_such_file' for --blob"),
        ("i my:p:x.os", "inject needs BODY_JSON"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(line: str, said: str):
    listener = Listener()
    with pytest.raises(UsageError) as raised:
        run_line(line, listener.context)
    assert said in str(raised.value)
    assert listener.net.done == []


def test_an_unknown_node_names_the_nearest():
    with pytest.raises(NodeError, match=r"Did you mean 'fake2\.dev'"):
        run_line("send x hi -n fke2.dev", Listener().context)


class TestDownload:
    def test_it_waits_shows_and_returns_the_transfer(self):
        listener = Listener(PretendTransfer("t1"))
        transfer = run_line("download my_file.txt fake2.dev", listener.context)
        assert isinstance(transfer, PretendTransfer)
        assert (listener.shown, listener.finished) == (["t1"], ["t1"])

    def test_several_files_give_a_list(self):
        listener = Listener(PretendTransfer("t1"), PretendTransfer("t2"))
        transfers = run_line("download a b fake2.dev --overwrite", listener.context)
        assert [each.id for each in transfers] == ["t1", "t2"]  # type: ignore[attr-defined]
        assert [call[3]["overwrite"] for call in listener.net.done] == [True, True]

    def test_without_waiting_it_returns_at_once(self):
        listener = Listener(PretendTransfer("t1", error="never waited for"))
        run_line("download a fake2.dev --no-wait", listener.context)
        assert (listener.shown, listener.finished) == (["t1"], [])

    def test_a_failure_is_raised_when_all_have_ended(self):
        listener = Listener(PretendTransfer("t1", "failed", "no such file"), PretendTransfer("t2"))
        with pytest.raises(TransferError, match=r"1 of 2 downloads failed: no such file"):
            run_line("download a b fake2.dev", listener.context)
        assert listener.finished == ["t1", "t2"]
        alone = Listener(PretendTransfer("t1", "failed", "no such file"))
        with pytest.raises(TransferError, match=r"\Ano such file\Z"):
            run_line("download a fake2.dev", alone.context)

    def test_an_interrupt_says_that_the_transfer_goes_on(self):
        listener = Listener(PretendTransfer("t1", "running", interrupted=True))
        with pytest.raises(KeyboardInterrupt, match=r"t1 goes on\. See %kinode transfers t1"):
            run_line("download a fake2.dev", listener.context)
        assert listener.finished == ["t1"]


class TestHelp:
    def test_no_words_and_dash_h_show_the_table(self):
        listener = Listener()
        for line in ("", "-h", "--help", "help"):
            run_line(line, listener.context)
        assert len(set(listener.said)) == 1
        assert len(listener.said) == 4
        for verb in VERBS:
            assert (f"\n  {verb.name}" in listener.said[0]) == verb.is_there

    @pytest.mark.parametrize("verb", [v for v in VERBS if v.is_there], ids=lambda v: v.name)
    def test_every_verb_has_a_text_of_its_own(self, verb):
        listener = Listener()
        run_line(f"help {verb.name}", listener.context)
        run_line(f"{verb.name} -h", listener.context)
        text, again = listener.said
        assert text == again
        assert verb.summary[1:] in text
        assert all(name in text for name in (*verb.names, *(f.names[0] for f in verb.flags)))
        assert max(map(len, text.splitlines())) <= 100

    @pytest.mark.parametrize("verb", [v for v in VERBS if v.example], ids=lambda v: v.name)
    def test_examples_are_lines_of_that_verb(self, verb):
        from kinode_nb.notebook.words import split

        first, *words = split(verb.example)
        assert first.text == verb.name
        parse(verb, words)

    def test_dash_h_does_nothing_else(self):
        listener = Listener()
        run_line("stop --all -h", listener.context)
        assert listener.net.done == []

    def test_help_for_what_is_unknown(self):
        with pytest.raises(KinodeError, match="Did you mean 'send'"):
            run_line("help snd", Listener().context)
