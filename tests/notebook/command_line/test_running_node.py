"""`inject`, `start` and `remove` from another terminal, at a node's real port."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our, Request
from tests.notebook.command_line.command_lines import Run


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(http_timeout=1)


async def echo(our: Our) -> None:
    async for message in our:
        if isinstance(message, Request):
            await our.send_response(message.body, blob=our.get_blob())


def test_start_inject_and_remove_print_what_kit_does(run: Run, net: FakeNet, node: Node) -> None:
    at = f"on node at http://localhost:{node.port}\n"
    started = run("start", "chat", "-p", node.port)
    assert started == (
        0,
        f"chat:template.os\nSuccessfully installed package chat:template.os {at}",
        "",
    )
    assert net.packages()["package"].tolist() == ["chat:template.os"]
    body = f'{{"Send":{{"target":"{node.name}","message":"hi"}}}}'
    sent = run("i", "chat:chat:template.os", body, "-p", node.port)
    assert sent == (0, 'Response:\nbody: "Send"\nblob: None\n', "")
    asked = run("i", "chat:chat:template.os", f'{{"History":"{node.name}"}}', "-lp", node.port)
    assert asked[0] == 2  # -l stands alone
    asked = run("i", "chat:chat:template.os", f'{{"History":"{node.name}"}}', "-l", "-p", node.port)
    assert asked == (0, "200 OK\n", "")
    removed = run("remove", "chat", "--port", node.port)
    assert removed == (0, f"Successfully removed package chat:template.os {at}", "")
    assert net.packages().empty


def test_a_blob_and_the_targets_node(run: Run, net: FakeNet, node: Node, tmp_path: Path) -> None:
    other = net.boot(port="none")
    other.spawn(echo, name="echo", public=True)
    (tmp_path / "blob").write_bytes(b"\xffbinary")
    words = ("inject", "echo:notebook:template.os", "1", "-p", node.port, "-n", other.name, "-b")
    code, said, _ = run(*words, tmp_path / "blob")
    assert (code, said) == (
        0,
        "Response:\nbody: 1\nblob: Some([47, 50, 74, 112, 98, 109, 70, 121, 101, 81, 61, 61])\n",
    )
    (tmp_path / "blob").write_text("text ✓")
    assert run(*words, tmp_path / "blob")[1].endswith("\nblob: text ✓\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inject", "nobody:is:there.os", "1"], "Failed with status code: 408"),
        (["start", "nothing"], "there is no package 'nothing'"),
        (["remove", "nothing"], "write its id, as nothing:me.os, or its folder"),
        (["remove", "nothing:me.os"], "nothing:me.os is not installed on the node at"),
        (["remove", "-a", "nothing", "-u", "me.os"], "nothing:me.os is not installed on the"),
        (["remove", "-a", "no thing", "-u", "me.os"], "can only contain a-z"),
        (["remove"], "there is no package '.'"),
        (["start"], "metadata.json is missing there"),
        (["inject", "not-an-id", "1"], "Missing field in ProcessId"),
    ],
)
def test_a_failure_is_one_line_and_1(
    run: Run,
    node: Node,
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, shown, error = run(*words, "-p", node.port)
    assert (code, shown) == (1, "")
    assert said in error
    assert error.count("\n") == 1


def test_nobody_at_the_port(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # is not asked
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, _, error = run("inject", "a:b:c", "1", "-p", port)
    assert code == 1
    assert f"no node answers at http://localhost:{port} (" in error
    assert "refused" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nhello", "does not answer as a node does"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "Failed with status code: 404"),
        (b"SSH-2.0-nothing\r\n", "no node answers at"),
    ],
)
def test_something_else_at_the_port(run: Run, answer: bytes, said: str) -> None:
    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as received:
            head = iter(received.readline, b"\r\n")
            [length] = [
                int(line[15:]) for line in head if line.lower().startswith(b"content-length")
            ]
            received.read(length)  # all of it, or closing would reset the connection
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        code, _, error = run("inject", "a:b:c", "1", "-p", server.getsockname()[1])
        thread.join()
    assert code == 1
    assert said in error
    assert error.count("\n") == 1


def test_a_package_that_the_node_refuses(run: Run, node: Node, tmp_path: Path) -> None:
    (node.home / "vfs/chat:template.os").write_text("in the way")
    code, shown, error = run("start", "chat", "-p", node.port)
    assert (code, shown) == (1, "chat:template.os\n")
    assert (
        "Failed to start package. Got response from node: {'InstallResponse': 'Failure'}" in error
    )
    assert "error installing package" in node.terminal()
