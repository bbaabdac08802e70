"""The packages' scripts, typed at a real terminal: what they print, to the letter."""

from __future__ import annotations

import re

import pytest

from kinode_nb.portal import FakeNet, Node, Transfer
from kinode_nb.types import ScriptError, UsageError

Two = tuple[Node, Node]
BOTH = "chat-with-file-transfer:template.os"


@pytest.fixture
def started(net: FakeNet) -> Two:
    nodes = net.boot(port="none"), net.boot(port="none")
    net.start("chat", "file-transfer", "chat-with-file-transfer")
    return nodes


def failed(node: Node, line: str) -> str:
    """Return what a failing line prints; the error says the same in one line, and no more."""
    heard: list[str] = []
    before = node.terminal()
    with pytest.raises(ScriptError) as raised:
        node.type_line(line, heard.append)
    said = [text for text in heard if not text.startswith(("chat", "file-transfer"))]
    assert said == []
    new = node.terminal().removeprefix(before).strip()
    printed = re.split(r"^\w+ \d\d:\d\d [\w-]+:template\.os: ", new, flags=re.MULTILINE)[-1]
    assert str(raised.value) == " ".join(printed.split())
    return printed


@pytest.mark.parametrize(
    ("typed", "package"),
    [
        ("send:chat:template.os", "chat:template.os"),
        ("send:chat_with_file_transfer:template.os", BOTH),
        (f"send:{BOTH}", BOTH),
    ],
)
def test_send_is_silent_and_says_all_words(started: Two, typed: str, package: str):
    one, other = started
    assert one.type_line(f"{typed} fake2.dev hello  'you' {{x}}") == ""
    history = other.history("fake.dev", package=package)
    assert history["content"].tolist() == ["hello  'you' {x}"]


def test_send_tells_what_is_wrong(started: Two):
    one, _ = started
    for line in ("send:chat:template.os", "send:chat:template.os fake2.dev"):
        assert failed(one, line) == "usage:\nsend:chat:template.os target message"
    assert failed(one, "send:chat:template.os nobody.dev hello") == (
        "did not receive expected Response from chat:chat:template.os: Offline"
    )


@pytest.mark.parametrize("package", ["file-transfer:template.os", BOTH])
def test_list_files_prints_one_file_a_line(started: Two, package: str):
    one, other = started
    other.put("a.txt", data=b"1", package=package)
    other.put("b c.txt", data=b"22", package=package)
    for typed in ("list-files", "list_files"):
        assert one.type_line(f"{typed}:{package} fake2.dev").split("\n") == [
            "fake2.dev available files:",
            "File\t\tSize (bytes)",
            "a.txt\t\t1",
            "b c.txt\t\t2",
        ]
    assert one.type_line(f"list-files:{package} fake.dev").split("\n") == [
        "fake.dev available files:",
        "File\t\tSize (bytes)",
    ]
    assert failed(one, f"list-files:{package}") == f"usage: list-files:{package} who"
    assert failed(one, f"list-files:{package} nobody.dev") == (
        "did not receive expected Response from nobody.dev: Offline"
    )


@pytest.mark.parametrize(
    ("typed", "package"),
    [
        ("download:file-transfer:template.os", "file-transfer:template.os"),
        ("download:chat_with_file_transfer:template.os", BOTH),
    ],
)
def test_a_download_is_a_transfer_and_the_line_ends_with_it(
    net: FakeNet, started: Two, typed: str, package: str
):
    one, other = started
    content = bytes(range(256)) * 20_000
    other.put("a file.bin", data=content, package=package)
    shown: list[Transfer] = []
    assert one.type_line(f"{typed} a file.bin fake2.dev", show=shown.append) == ""
    row = net.transfers().iloc[-1]
    assert (row["file"], row["provider"], row["requestor"]) == (
        "a file.bin", "fake2.dev", "fake.dev",
    )  # fmt: skip
    assert (row["package"], row["status"], row["verified"]) == (package, "done", True)
    assert [each.id for each in shown] == [row["id"]]
    assert (one.home / "vfs" / package / "files" / "a file.bin").read_bytes() == content
    assert "a file.bin progress: 100%" in one.terminal()


def test_a_second_download_leaves_an_identical_file_and_refuses_another(net: FakeNet, started: Two):
    one, other = started
    line = f"download:{BOTH} a.txt fake2.dev"
    for content in (b"same", b"same"):
        other.put("a.txt", data=content, package=BOTH)
        one.type_line(line)
    assert net.take_notes() == ["a.txt is there already, the same as on fake2.dev"]
    other.put("a.txt", data=b"other", package=BOTH)
    assert "a.txt is there already, and is not the same" in failed(one, line)
    assert (one.home / "vfs" / BOTH / "files" / "a.txt").read_bytes() == b"same"


def test_a_download_that_fails_says_why(net: FakeNet, started: Two):
    one, _ = started
    assert failed(one, f"download:{BOTH} none.txt") == f"usage: download:{BOTH} file_name who"
    assert failed(one, f"download:{BOTH} none.txt fake2.dev") == (
        "download failed: fake2.dev has no file 'none.txt'"
    )
    assert failed(one, f"download:{BOTH} none.txt nobody.dev") == (
        "download failed: Offline: nobody.dev is offline or does not exist"
    )
    assert net.transfers()["status"].tolist() == ["failed", "failed"]


def test_a_script_near_the_mistyped_one_is_named(started: Two, net: FakeNet):
    one, _ = started
    with pytest.raises(UsageError, match=r"Did you mean 'send:chat:template\.os'\?"):
        one.type_line("sned:chat:template.os fake2.dev x")
    with pytest.raises(UsageError, match=r"Did you mean 'send:chat:template\.os'\?"):
        one.type_line("send:chatt:template.os fake2.dev x")
    with pytest.raises(UsageError, match=r"%kinode start fibonacci -n fake\.dev"):
        one.type_line("number:fibonacci:template.os 5")


def test_a_node_near_the_mistyped_one_is_named(started: Two):
    one, _ = started
    for line in ("send:chat:template.os fake3.dev hello", f"download:{BOTH} a.txt fake3.dev"):
        with pytest.raises(ScriptError, match=r"Did you mean 'fake2?\.dev'\?"):
            one.type_line(line)
