"""Who waits in a cell for a process that crashes is told at once; other processes are not."""

from __future__ import annotations

import asyncio

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our
from kinode_nb.types import Address, OnExit, PackageId, ProcessId, ScriptError, SendError
from kinode_nb.types.onexit import LastRequest

LONG = 100_000  # seconds: nobody waits for it to be over


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot("fake.dev", port="none")


async def fragile(our: Our) -> None:
    await our.receive()
    raise ValueError("it broke")


async def passing_on(our: Our) -> None:
    await our.receive()
    await our.send_request("heir:notebook:template.os", b"0", inherit=True)
    raise ValueError("it broke")


def said(error: BaseException) -> str:
    text = str(error)
    assert "ended with an error: ValueError: it broke (line " in text
    assert 'of test_crashes.py: raise ValueError("it broke"))' in text
    return text


def test_a_request_that_it_was_handling(node: Node):
    address = node.spawn(fragile, name="fragile", public=True)
    with pytest.raises(SendError) as raised:
        node.request(address, 1, timeout=LONG)
    assert raised.value.kind == "Timeout"
    assert said(raised.value).startswith("Timeout: fragile:notebook:template.os on fake.dev ended")
    row = node.log(kind="request", process="fragile").iloc[-1]
    assert (row["status"], row["reason"]) == ("timeout", raised.value.reason)


def test_from_another_node_by_inject_and_by_a_script(net: FakeNet, node: Node):
    other = net.boot("fake2.dev", port="none")
    for number in range(3):
        address = node.spawn(fragile, name=f"fragile-{number}", public=True)
        with pytest.raises((SendError, ScriptError)) as raised:
            match number:
                case 0:
                    other.request(address, 1, timeout=LONG)
                case 1:
                    node.inject(address.process, 1)
                case 2:
                    other.type_line(f"m {address} 1 -a {LONG}")
        said(raised.value) if number < 2 else said(Exception(" ".join(str(raised.value).split())))


def test_one_that_restarts_has_lost_its_requests_too(node: Node):
    address = node.spawn(fragile, name="fragile", public=True, on_exit="restart")
    for _ in range(2):
        with pytest.raises(SendError) as raised:
            node.request(address, 1, timeout=LONG)
        said(raised.value)


def test_a_request_that_somebody_else_can_answer_is_waited_for(node: Node):
    async def heir(our: Our) -> None:
        await our.receive()
        for _ in range(100):  # turns of the event loop, in which the crash is told
            await asyncio.sleep(0)
        await our.send_response("from the heir")

    node.spawn(heir, name="heir", public=True)
    address = node.spawn(passing_on, name="fragile", public=True)
    assert node.request(address, 1, timeout=LONG).json() == "from the heir"


def test_a_process_that_waits_for_it_goes_on_waiting(node: Node):
    target = node.spawn(fragile, name="fragile", public=True)

    async def asking(our: Our) -> None:
        task = None
        async for _ in our:
            if task is None:
                waiting = our.send_and_await_response(target, b"", timeout=LONG)
                task = asyncio.create_task(waiting)
                await asyncio.sleep(0)
            await our.send_response(task.done())

    address = node.spawn(asking, name="asking", public=True)
    assert node.request(address, 0).json() is False
    with pytest.raises(SendError):  # behind the other's, or too late
        node.request(target, 0, timeout=LONG)
    assert node.request(address, 0).json() is False


def test_what_is_asked_of_one_that_has_crashed_says_so(node: Node):
    address = node.spawn(fragile, name="fragile", public=True)
    with pytest.raises(SendError):
        node.request(address, 1)
    for ask in (node.request, node.inject):
        with pytest.raises(SendError, match="there is no process fragile") as raised:
            ask(str(address.process), 1)
        assert "it ended with an error: ValueError: it broke" in str(raised.value)
    node.spawn(fragile, name="fragile", public=True)
    node.kill("fragile")
    with pytest.raises(SendError, match="there is no process") as raised:
        node.request(address, 1)
    assert "ended with" not in str(raised.value)


def test_a_package_whose_process_crashed_is_told_of_where_it_is_missed(two: tuple[Node, Node]):
    here, there = two
    there.process(
        "chat-with-file-transfer",
        "async def init(our):\n    await our.receive()\n    1 / 0\n",
        package="chat-with-file-transfer",
    )
    package = PackageId("chat-with-file-transfer", "template.os")
    assert here._core.missing(there.name, package, since=0) == ""
    with pytest.raises(SendError, match="ended with an error: ZeroDiv"):
        there.request("chat-with-file-transfer:chat-with-file-transfer:template.os", 1)
    said = here._core.missing(there.name, package)
    assert "on fake2.dev ended with an error: ZeroDivisionError" in said
    assert said.endswith("%kinode start chat-with-file-transfer -n fake2.dev starts it again")


def test_its_last_requests_are_sent_all_the_same(node: Node):
    async def heir(our: Our) -> None:
        message = await our.receive()
        assert isinstance(message.body, bytes)
        our.set_state(message.body)

    node.spawn(heir, name="heir", public=True)
    last = LastRequest(Address("fake.dev", ProcessId.parse("heir:notebook:template.os")), b"gone")
    address = node.spawn(fragile, name="fragile", public=True, on_exit=OnExit.send(last))
    with pytest.raises(SendError):
        node.request(address, 1, timeout=LONG)
    rows = node.log(kind="request", process="heir")
    assert rows["body"].tolist() == ["gone"]


NESTED = """\
def inner(words):
    raise ValueError(words)

def outer(words):
    inner(words)

async def init(our):
    async for message in our:
        outer(message.json())
"""


def test_the_one_who_asked_gets_the_whole_traceback(net: FakeNet, node: Node):
    node.process("nested", NESTED)
    for ask in (node.request, node.inject):
        with pytest.raises(SendError) as raised:
            ask("nested:notebook:template.os", ["x" * 100_000])
        node.process("nested", NESTED)
        error = raised.value
        line, story = "\n".join(error._render_traceback_()).split("\n\n")
        assert "nested:notebook:template.os on fake.dev ended with an error" in line
        assert "\n" not in line
        assert len(line) < 1000
        assert story == error.story == error.__notes__[0]
        places = [f'  File "<process nested>", line {at}, in ' for at in (9, 5, 2)]
        assert [each for each in story.splitlines() if "File" in each] == [
            place + name for place, name in zip(places, ("init", "outer", "inner"), strict=True)
        ]
        assert "    outer(message.json())" in story
        assert len(story) < 5000
        assert node.log(kind="print", grep="x{100000}").shape[0]


def test_half_a_surrogate_pair_in_an_error_breaks_neither_log_nor_line(node: Node):
    text = (
        "import json\nasync def init(our):\n    message = await our.receive()\n"
        "    from kinode_nb.process_lib import LazyLoadBlob\n"
        "    await our.send_request('x:y:z.os', b'', blob=LazyLoadBlob(b'', 'a/\\udfff'))\n"
        "    print('\\udfff é')\n    raise ValueError('x' + json.loads(message.body))\n"
    )
    node.process("nested", text)
    with pytest.raises(SendError) as raised:
        node.request("nested:notebook:template.os", b'"\\ud800"')
    for said in (str(raised.value), *raised.value._render_traceback_(), node.terminal()):
        assert "ValueError: x\\ud800" in said.encode().decode()
    assert "\\udfff é" in node.terminal()
    assert r"a/\udfff" in node.log()["mime"].tolist()
    assert node.log()["reason"].astype(str).str.contains(r"x\ud800", regex=False).sum() == 2


def test_an_error_in_a_task_that_nobody_awaits_is_told_at_its_processs_terminal(
    net: FakeNet, node: Node, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    text = (
        "import asyncio\nasync def boom():\n    raise ValueError('astray')\n"
        "async def init(our):\n    asyncio.create_task(boom())\n"
        "    asyncio.get_running_loop().call_soon(lambda: 1 / 0)\n"
        "    async for _ in our: await our.send_response(1)\n"
    )
    node.process("straying", text)
    id_ = "straying:notebook:template.os"
    assert node.request(id_, 0).json() == 1
    assert node.request(id_, 0).json() == 1
    prints = node.log(kind="print", process="straying")["body"].tolist()
    assert sorted(prints) == [
        (
            f"a callback of fake.dev@{id_} raised:\n"
            '  File "<process straying>", line 6, in <lambda>\n'
            "    asyncio.get_running_loop().call_soon(lambda: 1 / 0)\n"
            "                                                 ~~^~~\n"
            "ZeroDivisionError: division by zero"
        ),
        (
            f"a task of fake.dev@{id_} ended with error:\n"
            '  File "<process straying>", line 3, in boom\n'
            "    raise ValueError('astray')\nValueError: astray"
        ),
    ]
    assert capfd.readouterr().err == ""
    assert not caplog.records


def test_the_words_of_an_error_of_our_own_begin_with_its_bare_name(net: FakeNet, node: Node):
    text = (
        "async def init(our):\n    await our.receive()\n"
        "    await our.send_request('x:y:z.os', object())\n"
    )
    node.process("nested", text)
    with pytest.raises(SendError, match=r"an error: WitError: ") as raised:
        node.request("nested:notebook:template.os", 1)
    assert raised.value.story.count("File ") == 1
    assert "direct cause" not in raised.value.story
    assert "kinode_nb" not in raised.value.story
