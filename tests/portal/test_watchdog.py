"""A process that never yields: it is named, shown, interrupted and killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.portal.watchdog import Blocked, Outcome
from kinode_nb.process_lib import Our
from kinode_nb.types import OnExit, StuckError, UsageError

COUNTER = "counter:notebook:template.os"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call blocked what is in the same step at two looks, however short the time between."""
    monkeypatch.setattr("kinode_nb.portal.watchdog.LONG", 0.0)


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(port="none")


@pytest.fixture
def said(net: FakeNet) -> list[str]:
    heard: list[str] = []
    net.portal.say = heard.append
    return heard


class Spin:
    """A process that answers its first message with what it then does, which never yields."""

    def __init__(self, stay: Callable[[Spin], Any]) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.ends: list[str] = []
        self.stay = stay

    def process(self) -> Any:
        async def init(our: Our) -> None:
            await our.receive()
            self.begun.set()
            try:
                self.stay(self)
            except BaseException as error:
                self.ends.append(type(error).__name__)
                raise

        return init


def spin(self: Spin) -> None:
    while not self.go.is_set():
        pass


def sulk(self: Spin) -> None:
    """Catch everything, with loops in loops."""
    while not self.go.is_set():
        try:
            while True:
                try:
                    spin(self)
                except:  # noqa: E722 - that is the point
                    self.ends.append("caught")
        except:  # noqa: E722
            pass


def in_a_call(self: Spin) -> None:
    self.go.wait()


@pytest.fixture
def block(net: FakeNet, node: Node) -> Iterator[Callable[..., Spin]]:
    """Return what spawns a process that blocks the runtime, and waits until it does."""
    made: list[Spin] = []

    def begin(stay: Callable[[Spin], Any] = spin, name: str = "counter", **options: Any) -> Spin:
        one = Spin(stay)
        made.append(one)
        address = node.spawn(one.process(), name)
        if "on_exit" in options:
            process = node._core.kernel.processes[address.process]
            net.portal.do(lambda: setattr(process, "on_exit", options["on_exit"]))
        net.portal.submit(node._core.request(address, None, timeout=100_000))
        assert one.begun.wait(30)
        return one

    yield begin
    for each in made:
        each.go.set()


def blocked(net: FakeNet) -> Blocked:
    """Look twice, a second apart."""
    net.portal.watchdog.look(0)
    found = net.portal.watchdog.look(1)
    assert found is not None
    return found


def interrupt(net: FakeNet) -> None:
    net.portal.say(net.portal.interrupt())


def status(net: FakeNet) -> str:
    table = net.processes()
    return str(table[table.process == COUNTER].status.item())


# What is seen.


def test_it_is_named_with_its_line(net: FakeNet, block):
    block()
    found = blocked(net)
    assert str(found.address) == f"fake.dev@{COUNTER}"
    assert found.place.startswith("line ")
    assert "test_watchdog.py (" in found.place
    assert str(found).startswith(f"{COUNTER} on fake.dev has not yielded for 1 s: line ")


def test_the_line_is_the_authors_own_not_that_of_the_library_it_calls(net: FakeNet, block):
    block(in_a_call)
    assert "test_watchdog.py (self.go.wait())" in blocked(net).place


def test_it_takes_a_second(net: FakeNet, block, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kinode_nb.portal.watchdog.LONG", 1.0)
    block()
    look = net.portal.watchdog.look
    assert look(10) is None
    assert look(10.9) is None
    assert look(11.0) is not None
    assert look(25.0).seconds == 15


def test_who_yields_is_not_blamed(net: FakeNet, node: Node):
    look = net.portal.watchdog.look
    assert look(0) is None
    assert look(5) is None
    node.spawn(Spin(spin).process(), "counter")
    assert look(10) is None
    assert look(15) is None


def test_a_step_that_follows_another_begins_anew(net: FakeNet, block):
    first = block()
    net.portal.watchdog.look(0)
    first.go.set()
    block(name="other")
    assert net.portal.watchdog.look(1) is None
    assert net.portal.watchdog.look(2).address.process.process_name == "other"


def test_tasks_that_a_process_makes_are_its_own(net: FakeNet, node: Node):
    one = Spin(spin)

    async def init(our: Our) -> None:
        import asyncio

        async def inner() -> None:
            one.begun.set()
            spin(one)

        await asyncio.gather(inner())

    node.spawn(init, "counter")
    assert one.begun.wait(30)
    assert str(blocked(net).address) == f"fake.dev@{COUNTER}"
    one.go.set()


def test_a_callback_is_named_too(net: FakeNet, node: Node):
    one = Spin(spin)

    async def init(our: Our) -> None:
        import asyncio

        def call() -> None:
            one.begun.set()
            spin(one)

        asyncio.get_running_loop().call_soon(call)
        await our.receive()

    node.spawn(init, "counter")
    assert one.begun.wait(30)
    found = blocked(net)
    assert str(found.address) == f"fake.dev@{COUNTER}"
    assert net.portal.watchdog.end(found, 0) is Outcome.OUT_OF_REACH
    one.go.set()


def test_processes_and_nodes_answer_meanwhile(net: FakeNet, block, said):
    block()
    assert status(net) == "blocking"
    assert list(net.nodes().status) == ["running"]
    assert list(net.node().processes().status).count("blocking") == 1
    assert net.packages().empty
    assert net.transfers().empty
    assert not net.log().empty
    assert COUNTER in said[0]
    assert "line " in said[0]


def test_the_one_who_waits_is_told_once(net: FakeNet, node: Node, block, said):
    one = block()
    told = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if told.is_set():
            one.go.set()
        told.set()

    net.portal.say = say
    waiting = threading.Thread(target=node.hi, args=("fake2.dev", "hello"))
    waiting.start()
    assert told.wait(30)
    assert said[0].endswith(f"Interrupt the cell, or %kinode kill {COUNTER} -n fake.dev, ends it")
    one.go.set()
    waiting.join(30)
    assert len(said) == 1


# Interrupt.


def test_interrupt_ends_it_as_an_error_does(net: FakeNet, node: Node, block, said):
    one = block()
    blocked(net)
    interrupt(net)
    assert said[0].startswith(f"{COUNTER} on fake.dev was ended, since it did not yield: line ")
    assert status(net) == "ended"
    assert one.ends == ["NeverYieldedError"]
    story = node.terminal()
    assert f"process fake.dev@{COUNTER} ended with error:" in story
    assert "NeverYieldedError: it did not yield, and was ended" in story
    assert ", in spin\n" in story


def test_a_line_whose_script_an_interrupt_has_ended_says_so(net: FakeNet, node: Node):
    drive = node.home / "vfs/tools:me.os/pkg"
    drive.mkdir(parents=True)
    (drive / "scripts.json").write_text(
        '{"spin.wasm": {"root": false, "public": false, "request_networking": false}}'
    )
    (drive / "spin.py").write_text(
        "async def init(our):\n    from .wheel import turn\n    turn()\n"
    )
    (drive / "wheel.py").write_text("def turn():\n    while True: pass\n")
    heard: list[str] = []

    def say(text: str) -> None:
        heard.append(text)
        if len(heard) == 1:
            raise KeyboardInterrupt  # as soon as the one who waits is told of it

    net.portal.say = say
    with pytest.raises(KeyboardInterrupt) as raised:
        node.type_line("spin:tools:me.os")
    script = heard[1].partition(" ")[0]
    assert heard[1].startswith(f"{script} on fake.dev was ended")
    assert "line 2 of wheel.py (while True: pass)" in heard[1]
    assert str(raised.value) == f"the waiting has ended, and {script} with it"


def test_interrupt_honours_on_exit(net: FakeNet, node: Node, block, said):
    block(on_exit=OnExit.RESTART)
    blocked(net)
    interrupt(net)
    table = net.processes()
    assert table[table.process == COUNTER].restarts.item() == 1
    assert status(net) == "running"


def test_interrupt_ends_one_that_swallows_everything(net: FakeNet, block, said):
    one = block(sulk)
    blocked(net)
    interrupt(net)
    assert "was ended" in said[0]
    assert "caught" in one.ends
    assert status(net) == "ended"


def test_one_that_catches_it_and_goes_on_to_wait_is_ended_too(net: FakeNet, node: Node, said):
    begun, go = threading.Event(), threading.Event()

    async def init(our: Our) -> None:
        while True:
            await our.receive()
            begun.set()
            try:
                while not go.is_set():
                    pass
            except BaseException:
                go.set()

    address = node.spawn(init, "counter")
    net.portal.submit(node._core.request(address, None))
    assert begun.wait(30)
    blocked(net)
    interrupt(net)
    assert go.is_set()
    assert status(net) == "ended"


def test_one_that_catches_whatever_it_gets_is_left_to_kill(net: FakeNet, node: Node, said):
    begun, go = threading.Event(), threading.Event()

    async def init(our: Our) -> None:
        while not go.is_set():
            try:
                await our.receive()
                begun.set()
                while True:
                    pass
            except BaseException:
                pass

    address = node.spawn(init, "counter")
    net.portal.submit(node._core.request(address, None))
    assert begun.wait(30)
    blocked(net)
    interrupt(net)
    assert f"caught the interrupt, and goes on: %kinode kill {COUNTER}" in said[0]
    assert status(net) == "running"
    go.set()
    node.kill("counter")


def test_interrupt_ends_no_process_of_the_node(net: FakeNet, node: Node, block, said):
    one = block()
    found = blocked(net)
    object.__setattr__(found.running, "name", "fake.dev@vfs:distro:sys")
    interrupt(net)
    assert said[0].endswith("%kinode stop fake.dev ends it")
    one.go.set()
    assert one.ends == []
    assert status(net) == "running"


def test_interrupt_while_nothing_blocks_ends_nothing(net: FakeNet, node: Node):
    assert not net.portal.interrupt()
    assert node.status == "running"


def test_one_in_a_call_is_ended_when_that_returns(net: FakeNet, block, said):
    one = block(in_a_call)
    found = blocked(net)
    interrupt(net)
    assert "in a call that Python cannot interrupt" in said[0]
    assert one.ends == []
    one.go.set()
    net.portal.call(found.running.wait())
    assert status(net) == "ended"


# Kill.


@pytest.mark.parametrize("stay", [spin, sulk])
def test_kill_ends_it(net: FakeNet, node: Node, block, stay):
    block(stay, on_exit=OnExit.RESTART)
    node.kill("counter")
    table = net.processes()
    assert table[table.process == COUNTER].status.item() == "ended"
    assert table[table.process == COUNTER].restarts.item() == 0
    assert f"kernel: killing process {COUNTER}" in node.terminal()
    assert "ended with error" not in node.terminal()


def test_kill_of_one_in_a_call_says_so_and_is_done_later(net: FakeNet, node: Node, block):
    one = block(in_a_call, on_exit=OnExit.RESTART)
    net.portal.watchdog._clock = iter(range(1000)).__next__
    with pytest.raises(StuckError, match=r"line .* cannot interrupt"):
        node.kill("counter")
    one.go.set()
    assert status(net) == "ended"


def test_kill_ends_one_that_is_nearly_always_in_the_runtime(net: FakeNet, node: Node):
    begun = threading.Event()

    async def init(our: Our) -> None:
        our.set_state(b"x")
        begun.set()
        while our.get_state():
            await our.send_request("nobody:to:be.found", b"x", expects_response=None)

    node.spawn(init, "counter")
    assert begun.wait(30)
    node.kill("counter")
    assert status(net) == "ended"
    assert node.hi("fake2.dev", "hello").startswith("fake2.dev is offline")


def test_kill_of_one_that_waits(net: FakeNet, node: Node):
    async def wait(our: Our) -> None:
        await our.receive()

    address = node.spawn(wait, "two_words")
    node.kill("two_words")
    assert address.process not in node._core.kernel.processes
    with pytest.raises(UsageError, match=r"there is no process 'two_words' on fake\.dev"):
        node.kill("two_words")


def test_kill_by_all_its_names(net: FakeNet, node: Node):
    async def wait(our: Our) -> None:
        await our.receive()

    for name in (
        "counter",
        COUNTER,
        f"our@{COUNTER}",
        f"fake.dev@{COUNTER}",
        node.spawn(wait, "counter").process,
        node.spawn(wait, "counter"),
    ):
        node.spawn(wait, "counter")
        node.kill(name)
        assert status(net) == "ended"


def test_kill_of_what_is_not_there_names_the_nearest(net: FakeNet, node: Node):
    async def wait(our: Our) -> None:
        await our.receive()

    node.spawn(wait, "counter")
    with pytest.raises(UsageError, match=r"Did you mean 'counter'\?"):
        node.kill("conter")
    with pytest.raises(UsageError, match=f"Did you mean '{COUNTER}'"):
        node.kill("counter:notebok:template.os")
    with pytest.raises(UsageError, match=r"on another node: name it with -n other\.dev"):
        node.kill(f"other.dev@{COUNTER}")
    with pytest.raises(UsageError, match="must be text"):
        node.kill(7)  # type: ignore[arg-type]


def test_kill_of_a_name_that_several_have_lists_them(net: FakeNet, node: Node):
    async def wait(our: Our) -> None:
        await our.receive()

    net.start("chat")
    node.spawn(wait, "chat")
    with pytest.raises(UsageError, match=r"chat:chat:template\.os or chat:notebook:template\.os"):
        node.kill("chat")


def test_kill_leaves_the_nodes_own_processes_alone(net: FakeNet, node: Node):
    with pytest.raises(UsageError, match=r"%kinode stop fake\.dev stops the node"):
        node.kill("vfs:distro:sys")
    assert "running" in list(net.processes().status)


def test_one_that_was_killed_and_goes_on_is_ended_unasked(net: FakeNet, node: Node, said):
    """It is cancelled by the kill, and then spins."""
    begun, go = threading.Event(), threading.Event()

    async def init(our: Our) -> None:
        try:
            await our.receive()
        finally:
            begun.set()
            while not go.is_set():
                pass

    node.spawn(init, "counter")
    node.kill("counter")
    assert begun.wait(30)
    assert status(net) == "ended"
    assert node.hi("fake2.dev", "hello").startswith("fake2.dev is offline")
    assert said == []
    go.set()


# Stop and close.


@pytest.mark.parametrize("stay", [spin, sulk])
def test_stopping_its_node_ends_it(net: FakeNet, node: Node, block, stay, said):
    other = net.boot(port="none")
    block(stay, on_exit=OnExit.RESTART)
    node.stop()
    assert not node.home.exists()
    assert other.status == "running"
    assert said == []


def test_stopping_another_node_waits_for_it(net: FakeNet, node: Node, block, said):
    other = net.boot(port="none")
    one = block()
    net.portal.say = lambda text: (said.append(text), one.go.set())
    other.stop()
    assert COUNTER in said[0]
    assert one.ends == []


@pytest.mark.parametrize("stay", [spin, sulk])
def test_closing_the_net_leaves_nothing_behind(stay):
    before = set(threading.enumerate())
    net = FakeNet()
    node = net.boot(port="none")
    one = Spin(stay)
    net.portal.submit(node._core.request(node.spawn(one.process(), "counter"), None))
    assert one.begun.wait(30)
    net.close()
    assert not node.home.exists()
    assert set(threading.enumerate()) <= before


def test_a_reset_ends_it(net: FakeNet, block):
    block()
    net.reset()
    assert net.nodes().empty
    assert net.boot(port="none").name == "fake.dev"


def test_what_cannot_be_ended_is_told_at_the_end(net: FakeNet, node: Node, block, said):
    one = block(in_a_call)
    net.portal.watchdog._clock = iter(range(1000)).__next__
    net.close()
    assert not node.home.exists()
    assert "a process could not be ended, and keeps its thread: counter" in said[0]
    one.go.set()
    net.portal.close()
    assert not net.portal._thread.is_alive()
    assert one.ends == ["NeverYieldedError"]
