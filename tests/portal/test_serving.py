"""Nodes that are served without a notebook: Ctrl-C, and a process that blocks them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.portal.serving import Order, Orders, serve
from kinode_nb.portal.watchdog import Waiting
from kinode_nb.process_lib import Our
from kinode_nb.types import OnExit

SPIN = "spin:notebook:template.os"
NAMED = ". Ctrl-C ends it, as an error would, and the node goes on; a second Ctrl-C stops the node"

Say = Callable[[str], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call blocked what is in the same step at two looks, and look without a pause."""
    monkeypatch.setattr("kinode_nb.portal.watchdog.LONG", 0.0)
    monkeypatch.setattr("kinode_nb.portal.serving._WATCHING", 0.001)


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(port="none")


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def said(net: FakeNet, orders: Orders) -> list[str]:
    """Return what is said; with each word of a process that blocks, Ctrl-C is pressed."""
    heard: list[str] = []

    def say(text: str) -> None:
        heard.append(text)
        orders.put(Order.INTERRUPT if len(heard) < 9 else Order.END)

    net.portal.say = say
    return heard


@pytest.fixture
def go() -> Iterator[threading.Event]:
    """Return what ends all that blocks."""
    event = threading.Event()
    yield event
    event.set()


def begin(node: Node, stay: Callable[[], Any], on_exit: OnExit = OnExit.NONE) -> None:
    """Have a process block the runtime at its first message; returns when it does."""
    begun = threading.Event()

    async def init(our: Our) -> None:
        await our.receive()
        begun.set()
        stay()

    address = node.spawn(init, "spin")
    process = node._core.kernel.processes[address.process]
    node._net.portal.do(lambda: setattr(process, "on_exit", on_exit))
    node._net.portal.submit(node._core.request(address, None))
    assert begun.wait(30)


def spinning(go: threading.Event) -> Callable[[], None]:
    def spin() -> None:
        while not go.is_set():
            pass

    return spin


def status(net: FakeNet) -> str:
    table = net.processes()
    return str(table[table.process == SPIN].status.item())


@pytest.mark.parametrize("order", Order)
def test_while_nothing_blocks_any_order_is_the_end(net: FakeNet, node: Node, said, orders, order):
    orders.put(order)
    serve(net, orders)
    assert said == []
    assert orders.empty()
    assert node.status == "running", "to stop it is for the one who serves"


def test_the_first_interrupt_ends_what_blocks_and_the_next_stops(
    net: FakeNet, node: Node, said, orders, go
):
    begin(node, spinning(go))
    serve(net, orders)
    named, ended = said
    assert named.startswith(f"{SPIN} on fake.dev has not yielded for ")
    assert named.endswith(NAMED)
    assert ended.startswith(f"{SPIN} on fake.dev was ended, since it did not yield: line ")
    assert ended.endswith(". The node goes on")
    assert status(net) == "ended"
    assert node.status == "running"
    assert "NeverYieldedError: it did not yield, and was ended" in node.terminal()


def test_its_on_exit_applies(net: FakeNet, node: Node, said, orders, go):
    begin(node, spinning(go), OnExit.RESTART)
    serve(net, orders)
    table = net.processes()
    assert table[table.process == SPIN].restarts.item() == 1


def test_each_process_that_blocks_has_an_interrupt_of_its_own(net: FakeNet, node: Node, orders, go):
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if text.endswith("The node goes on") and len(said) == 2:
            begin(node, spinning(go))
        else:
            orders.put(Order.INTERRUPT)

    net.portal.say = say
    begin(node, spinning(go))
    serve(net, orders)
    assert [text.rpartition(". ")[2] for text in said] == [
        NAMED[2:],
        "The node goes on",
        NAMED[2:],
        "The node goes on",
    ]


def test_what_cannot_be_interrupted_is_told_so_and_the_next_interrupt_stops(
    net: FakeNet, node: Node, said, orders, go
):
    begin(node, go.wait)
    serve(net, orders)
    assert said[0].endswith(NAMED)
    assert said[1].endswith(
        "it is in a call that Python cannot interrupt, and ends when that returns. "
        "A second Ctrl-C stops the node now"
    )
    assert len(said) == 2
    watchdog = net.portal.watchdog
    watchdog._clock, watchdog._seen = iter(range(1000)).__next__, None
    net.close()
    assert said[2].endswith("ends when that returns. It ends with the node")
    assert "Jupyter" not in "".join(said)


def test_sigterm_ends_no_process(net: FakeNet, node: Node, orders, go):
    said: list[str] = []
    net.portal.say = lambda text: (said.append(text), orders.put(Order.END))
    begin(node, spinning(go))
    serve(net, orders)
    assert len(said) == 1
    assert status(net) == "blocking"


def test_a_callback_cannot_be_ended_and_the_first_interrupt_stops(
    net: FakeNet, node: Node, said, orders, go
):
    begun = threading.Event()

    async def init(our: Our) -> None:
        import asyncio

        asyncio.get_running_loop().call_soon(lambda: (begun.set(), go.wait()))
        await our.receive()

    node.spawn(init, "spin")
    assert begun.wait(30)
    serve(net, orders)
    assert len(said) == 1
    assert said[0].endswith("). Ctrl-C stops the node")


def test_it_ends_with_the_last_node(net: FakeNet, node: Node, said, orders):
    other = net.boot(port="none")
    node.stop()
    waiting = threading.Thread(target=serve, args=(net, orders), daemon=True)
    waiting.start()

    async def shut_down() -> None:
        await other._core.our().send_request("kernel:distro:sys", "Shutdown")

    net.portal.call(shut_down())
    waiting.join(30)
    assert not waiting.is_alive()
    assert not other.home.exists(), "it waits until all is tidied up"
    assert said == []
    assert net.portal.watchdog.waiting is Waiting.ENDING
