"""echo: JSON in, its Rust Debug on the terminal, ``"Ack"`` out."""

from __future__ import annotations

import pytest

from kinode_nb.portal import FakeNet, Node

MAIN = "echo:echo:template.os"


@pytest.fixture
def node(net: FakeNet) -> Node:
    node = net.boot(port="none")
    net.start("echo")
    return node


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'"test"', 'String("test")'),
        (
            b'"a \\"b\\" \\\\ \\n \\u0007 \\u2713 it\'s"',
            'String("a \\"b\\" \\\\ \\n \\u{7} ✓ it\'s")',
        ),
        (b"null", "Null"),
        (b"true", "Bool(true)"),
        (b"-5", "Number(-5)"),
        (b"1.5", "Number(1.5)"),
        (b"[]", "Array []"),
        (b'[1, "x", [null]]', 'Array [Number(1), String("x"), Array [Null]]'),
        (b'{"b": false, "a": {}}', 'Object {"a": Object {}, "b": Bool(false)}'),
    ],
)
def test_any_json_is_shown_and_acknowledged(node: Node, body: bytes, shown: str):
    assert node.request(MAIN, body).body == b'"Ack"'
    assert node.terminal().endswith(f" echo:template.os: got {shown}")


def test_what_is_no_json_is_told_and_not_answered(node: Node, net: FakeNet):
    async def ask(our):
        request = await our.receive()
        for body in (b"", b"nonsense", b"\xff", b"[" * 100_000):
            await our.send_request(MAIN, body, expects_response=5)
        await our.send_and_await_response(MAIN, b"1")
        await our.send_response(b"done", to=request)

    node.request(node.spawn(ask, public=True), b"go")
    assert len(net.log(kind="response", process=MAIN)) == 1
    assert node.terminal().count("got error while handling message: ") == 4


def test_the_books_own_line(node: Node):
    said = node.type_line("m our@echo:echo:template.os '\"hi\"' -a 5")
    assert said.splitlines() == [
        "Awaiting response for 5s",
        'echo:template.os: got String("hi")',
        '"Ack"',
    ]
