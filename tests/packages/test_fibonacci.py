"""fibonacci: kit's own test, and beyond."""

from __future__ import annotations

import re

import pytest

from kinode_nb.packages.fibonacci.pkg.doubling import nth_number
from kinode_nb.portal import FakeNet, Node

MAIN = "fibonacci:fibonacci:template.os"
KITS = {0: 0, 1: 1, 2: 1, 5: 5, 10: 55, 20: 6765, 30: 832040, 47: 2971215073}


@pytest.fixture
def node(net: FakeNet) -> Node:
    node = net.boot(port="none")
    net.start("fibonacci")
    return node


def printed(node: Node) -> str:
    return node.terminal().splitlines()[-1].partition(" fibonacci:template.os: ")[2]


@pytest.mark.parametrize(("n", "number"), KITS.items())
def test_kits_own_numbers(node: Node, n: int, number: int):
    assert node.request(MAIN, {"Number": n}).json() == {"Number": number}
    assert re.fullmatch(rf"fibonacci\({n}\) = {number}; \d+ns", printed(node))


def test_numbers_are_averaged(node: Node):
    assert node.request(MAIN, {"Numbers": [10, 2000]}).body == b'{"Numbers":[55,2000]}'
    pattern = r"fibonacci\(10\) = 55; \d+±\d+ns averaged over 2000 trials"
    assert re.fullmatch(pattern, printed(node))


def test_it_is_exact_up_to_93_and_then_wraps():
    a, b = 0, 1
    for n in range(200):
        assert nth_number(n) == a % 2**64
        a, b = b, a + b
    assert nth_number(93) == 12200160415121876738
    assert 0 <= nth_number(2**32 - 1) < 2**64


@pytest.mark.parametrize("body", ['{"Numbers":[10,0]}', '{"Number":-1}', '{"Number":4294967296}'])
def test_what_makes_no_sense_is_told_and_not_answered(node: Node, net: FakeNet, body: str):
    before = len(net.log(kind="response", process=MAIN))
    process = node.spawn(asking(body), public=True)
    node.request(process, b"go")
    assert len(net.log(kind="response", process=MAIN)) == before + 1
    assert "got error while handling message: " in node.terminal()


def asking(body: str):
    """Return a program that sends this, and after it something that is answered."""

    async def init(our):
        request = await our.receive()
        await our.send_request(MAIN, body.encode(), expects_response=5)
        await our.send_and_await_response(MAIN, {"Number": 1})
        await our.send_response(b"done", to=request)

    return init


@pytest.mark.parametrize(("args", "n"), [("10", 10), (" 47", 47), ("ten", 0), ("", 0), ("-1", 0)])
def test_the_script_number_leaves_the_word_to_the_main_process(node: Node, args: str, n: int):
    said = node.type_line(f"number:fibonacci:template.os {args}")
    assert re.fullmatch(rf"fibonacci:template\.os: fibonacci\({n}\) = {KITS[n]}; \d+ns", said)
