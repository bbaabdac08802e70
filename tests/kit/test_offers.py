"""Which package is asked when a person sends, lists or downloads: by name or by messages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinode_nb.kit.offers import offered
from kinode_nb.portal import FakeNet
from kinode_nb.wit import WitError

WORLD = "world w { import my-talk; include process-v1; }"
CHAT = """
interface my-talk {
    record what { target: string, message: string }
    record said { author: string, content: string }
    variant asked { send(what), history(node) }
    type node = string;
    variant answered { send, history(list<said>) }
}
"""


def test_an_interface_with_the_messages_of_a_known_one_goes_by_that_name_too() -> None:
    assert offered([CHAT + WORLD]) == {"my-talk", "chat"}
    assert offered([WORLD], [CHAT]) == {"my-talk", "chat"}  # of a dependency


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("history(node) }", "history(u8) }"),
        ("author", "who"),
        ("send, history(list<said>)", "send"),
        ("type node = string;", "type node = node;"),
    ],
)
def test_other_messages_make_another_interface(written: str, instead: str) -> None:
    assert written in CHAT
    other = CHAT.replace(written, instead)
    assert offered([other + WORLD]) == {"my-talk"}


def test_only_what_a_world_names_counts() -> None:
    assert offered([CHAT]) == frozenset()
    assert offered(["world w { import chat; export x: func(); }"]) == {"chat", "x"}


def test_a_text_that_is_none_is_told_or_passed_over() -> None:
    with pytest.raises(WitError):
        offered(["nonsense", WORLD])
    assert offered(["nonsense", WORLD], strict=False) == {"my-talk"}
    assert offered([WORLD], ["nonsense"]) == {"my-talk"}


def test_a_package_from_a_template_is_the_one_that_is_asked(net: FakeNet, tmp_path: Path) -> None:
    one, other = net.boot(count=2, port="none")
    net.start(str(net.new(tmp_path / "talk", template="chat")))
    net.start(str(net.new(tmp_path / "send-files", template="file-transfer", publisher="me.os")))
    one.send(other.name, "hello")
    assert other.history(one.name)["content"].tolist() == ["hello"]
    data = os.urandom(3_000_000)
    other.put("file.bin", data=data)
    assert one.list_files(other.name)["file"].tolist() == ["file.bin"]
    transfer = one.download("file.bin", other.name).wait(60)
    assert transfer.path == one.home / "vfs" / "send-files:me.os" / "files" / "file.bin"
    assert transfer.path.read_bytes() == data
    found = net.transfers().iloc[0]
    assert (found["package"], found["progress"], bool(found["verified"])) == (
        "send-files:me.os",
        100.0,
        True,
    )


def test_it_is_still_known_after_the_next_boot(tmp_path: Path) -> None:
    with FakeNet() as net:
        folder = net.new(tmp_path / "talk", template="chat")
        net.boot("a.dev", home=tmp_path / "home", port="none")
        net.start(str(folder))
    with FakeNet() as net:
        node = net.boot("a.dev", home=tmp_path / "home", port="none")
        node.send("a.dev", "to myself")
        assert node.history("a.dev")["content"].tolist() == ["to myself"]
