"""What belongs to a line that was typed, and what does not."""

import asyncio
import threading

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our
from kinode_nb.types import NodeError, UsageError


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(port="none")


def test_nothing_is_left_of_a_line(net: FakeNet, node: Node) -> None:
    before = len(net.core.log.observers)
    node.type_line("echo x")
    with pytest.raises(UsageError):
        node.type_line("nonsense")
    net.portal.do(lambda: None)  # what was left to do later is done
    assert len(net.core.log.observers) == before
    assert net.core.transfers.on_begun == []
    scripts = node._core.scripts
    assert (scripts._lines, scripts._running) == ({}, {})


def test_prints_are_told_as_they_come(node: Node) -> None:
    heard = threading.Event()

    async def slow(our: Our) -> None:
        async for _ in our:
            await asyncio.to_thread(heard.wait, 60)
            await our.send_response(b"at last")

    node.spawn(slow, name="slow", public=True)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        heard.set()  # the answer comes only after the first print was told

    node.type_line("m our@slow:notebook:template.os x -a 60", say)
    assert said == ["Awaiting response for 60s", "at last"]


def test_what_others_print_meanwhile_is_not_the_lines(node: Node) -> None:
    """A process that was not asked by the line prints while the line waits."""

    async def chatter(our: Our) -> None:
        async for _ in our:
            print("of its own")
            await our.send_response(b"done")

    async def asked(our: Our) -> None:
        async for message in our:
            print("because of the line")
            await asyncio.to_thread(node.request, address, b"x")
            await our.send_response(b"answer", to=message)

    address = node.spawn(chatter, name="chatter", public=True)
    node.spawn(asked, name="asked", public=True)
    assert node.type_line("m our@asked:notebook:template.os x -a 60").splitlines() == [
        "Awaiting response for 60s",
        "notebook:template.os: because of the line",
        "answer",
    ]
    assert "of its own" in node.terminal()


def test_prints_above_the_nodes_verbosity_are_left_out(net: FakeNet) -> None:
    quiet, loud = net.boot(port="none"), net.boot(port="none", verbosity=1)
    assert quiet.type_line("echo x") == "x"
    assert "returned without error" in loud.type_line("echo x")


def test_the_story_of_a_print_is_in_the_log(net: FakeNet, node: Node) -> None:
    node.type_line("echo x")
    log = net.log()
    printed = log[log["body"] == "x"].iloc[-1]
    cause = log[log["seq"] == printed["parent"]].iloc[0]
    assert (printed["kind"], cause["kind"]) == ("print", "request")
    assert cause["source_process"] == "terminal:terminal:sys"


def test_a_stopped_node_has_no_terminal(net: FakeNet, node: Node) -> None:
    node.stop()
    with pytest.raises(NodeError, match="is stopped"):
        node.type_line("echo x")
