"""What a person wrote for a node, a message or a file, and what is said when it makes no sense."""

from pathlib import Path
from typing import Any

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our
from kinode_nb.types import AddressError, KinodeError, NodeError, SendError, UsageError

CALLS = {
    "send": lambda node, target: node.send(target, "hello"),
    "history": lambda node, target: node.history(target),
    "list_files": lambda node, target: node.list_files(target),
    "download": lambda node, target: node.download("file.txt", target).wait(60),
    "hi": lambda node, target: node.hi(target, "hello"),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@every_call
@pytest.mark.parametrize("target", ["fake2", "fake2.dev"])
def test_a_node_is_named_with_or_without_its_ending(
    two: tuple[Node, Node], call: Any, target: str
) -> None:
    one, other = two
    other.put("file.txt", data=b"x")
    call(one, target)


def test_an_ending_is_added_where_such_a_node_exists(net: FakeNet) -> None:
    one = net.boot("my.own.dev", port="none")
    other = net.boot("plain.os", port="none")
    assert other.hi("my.own", "x") == f"response from {one.name}: ack"
    assert one.hi("plain.os", "x") == "response from plain.os: ack"
    assert one.list_files  # its own files need a package; `our` is itself
    net.start("chat-with-file-transfer")
    assert one.list_files("our").empty


@every_call
@pytest.mark.parametrize(
    ("target", "error", "said"),
    [
        ("Bad_Name", AddressError, "can only contain a-z, 0-9"),
        ("..", AddressError, "must be more than dots"),
        ("", AddressError, "a node's name is empty"),
        (5, UsageError, "a node's name must be text, not 5"),
        (b"fake2.dev", UsageError, "a node's name must be text"),
    ],
)
def test_what_is_no_name_of_a_node(
    two: tuple[Node, Node], call: Any, target: Any, error: type[KinodeError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        call(two[0], target)
    assert "\n" not in str(caught.value)


def test_a_node_that_does_not_exist_is_told_with_the_nearest(two: tuple[Node, Node]) -> None:
    one, _ = two
    line = "fke2.dev is offline or does not exist. Did you mean 'fake2.dev'?"
    assert one.hi("fke2", "hello") == line
    with pytest.raises(SendError, match=r"Did you mean 'fake2\.dev'"):
        one.send("fke2", "hello")
    with pytest.raises(NodeError, match=r"Did you mean 'fake2\.dev'"):
        one.history("fke2")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda one, other: one.send(other, "x"), "must be text, .*: write 'fake2.dev'"),
        (lambda one, _: one.send("fake2.dev", 5), "a message must be text, not 5"),
        (lambda one, _: one.hi("fake2.dev", None), "a message must be text, not None"),
        (lambda one, _: one.download(5, "fake2.dev"), "a file's name must be text, not 5"),
        (lambda one, _: one.put(5), "a file is named by text or a Path, not by 5"),
        (lambda one, _: one.put("x", data="text"), "data must be bytes, not str"),
        (lambda one, _: one.request(5, "x"), "5 is no target: give an Address"),
        (lambda one, _: one.spawn(5), "5 is no program: give an async function"),
        (lambda one, _: one.spawn(print), "print is no program"),
        (lambda one, _: one.spawn("nowhere.py"), "there is no .py file 'nowhere.py' to run"),
        (lambda one, _: one._net.boot(5), "a node's name must be text"),
        (lambda one, _: one._net.boot(verbosity=4), "verbosity is 0, 1, 2 or 3, not 4"),
        (lambda one, _: one._net.boot(verbosity=-1), "verbosity is 0, 1, 2 or 3, not -1"),
        (lambda one, _: one._net.boot(verbosity="1"), "verbosity is 0, 1, 2 or 3, not '1'"),
        (lambda one, _: one.terminal(9), "verbosity is 0, 1, 2 or 3, not 9"),
    ],
)
def test_what_makes_no_sense_is_one_line(two: tuple[Node, Node], call: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        call(*two)
    assert "\n" not in str(caught.value)
    assert two[0]._net.node_names() == ["fake.dev", "fake2.dev"]


def test_a_file_is_a_program_too(net: FakeNet, tmp_path: Path) -> None:
    one = net.boot(port="none")
    program = tmp_path / "program.py"
    program.write_text(
        "async def init(our):\n    async for _ in our:\n        await our.send_response(1)\n"
    )
    address = one.spawn(program, name="from-a-file")
    assert one.request(address, None).json() == 1


def test_a_name_and_a_port_must_mean_one_node(net: FakeNet) -> None:
    one, other = net.boot(), net.boot()
    assert net.node("fake", one.port) == net.node(port=one.port) == one
    with pytest.raises(UsageError, match=r"are named: fake by its name, fake2\.dev by"):
        net.node("fake", other.port)


def test_a_count_gives_a_list(net: FakeNet) -> None:
    one: Node = net.boot(port="none")
    more: list[Node] = net.boot(count=1, port="none")
    assert [one.name, *(each.name for each in more)] == ["fake.dev", "fake2.dev"]


def test_the_terminal_shows_no_package_of_the_runtime(net: FakeNet) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    one.hi(other.name, "hello")
    (line,) = other.terminal().splitlines()
    assert line.split(maxsplit=2)[2] == "fake.dev: hello"

    async def talk(our: Our) -> None:
        print("mine")
        async for _ in our:
            await our.send_response(None)

    other.request(other.spawn(talk), None)
    assert other.terminal().splitlines()[-1].endswith(" notebook:template.os: mine")


def test_nest_is_a_method_too(net: FakeNet, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = []
    monkeypatch.setattr("nest_asyncio2.apply", lambda: applied.append("once"))
    net.nest()
    assert applied == ["once"]
