"""A peer that speaks only the recipe's protocol still works, on either side.

``plain/`` is a second implementation of that protocol, without any metadata.
"""

import os
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.types import TransferError

PLAIN = str(Path(__file__).parent / "plain")
MAIN = "file-transfer:file-transfer:template.os"
SECONDS = 60
SIZES = [0, 1, 1 << 20, 3 * (1 << 20) + 5]


@pytest.fixture
def mixed(net: FakeNet) -> tuple[Node, Node]:
    """Return a node with our file-transfer, and one with the plain one."""
    ours, plain = net.boot("ours.dev", port="none"), net.boot("plain.dev", port="none")
    ours.start("file-transfer")
    plain.start(PLAIN)
    return ours, plain


def place(node: Node) -> Path:
    return node.home / "vfs" / "file-transfer:template.os" / "files"


def ask_plain(node: Node, name: str, provider: str) -> None:
    process = dict(
        zip(("process_name", "package_name", "publisher_node"), MAIN.split(":"), strict=True)
    )
    target = {"node": provider, "process": process}
    body = {"Download": {"name": name, "target": target, "is_requestor": True}}
    assert node.request(MAIN, body).json() == {"Download": {"Ok": None}}


@pytest.mark.parametrize("size", SIZES)
def test_we_download_from_a_plain_provider(
    net: FakeNet, mixed: tuple[Node, Node], size: int
) -> None:
    ours, plain = mixed
    data = os.urandom(size)
    plain.put("file.bin", data=data)
    assert ours.list_files("plain.dev")["bytes"].tolist() == [size]
    transfer = ours.download("file.bin", "plain.dev").wait(SECONDS)
    assert transfer.path is not None
    assert transfer.path.read_bytes() == data
    found = net.transfers().iloc[0]
    assert (found["received"], bool(found["verified"])) == (size, False)


@pytest.mark.parametrize("size", SIZES[1:])  # the plain requestor never ends an empty one
def test_a_plain_requestor_downloads_from_us(mixed: tuple[Node, Node], size: int) -> None:
    ours, plain = mixed
    data = os.urandom(size)
    ours.put("file.bin", data=data)
    ask_plain(plain, "file.bin", "ours.dev")
    until_printed(plain, "file.bin progress: 100%")
    assert (place(plain) / "file.bin").read_bytes() == data


def until_printed(node: Node, text: str) -> None:
    """Ask the node again and again, each time by messages, until it has printed the text."""
    for _ in range(10_000):
        if text in node.terminal():
            return
        node.request(MAIN, "ListFiles")
    raise AssertionError(node.terminal())


def test_a_file_that_is_there_is_compared_in_the_end(mixed: tuple[Node, Node]) -> None:
    ours, plain = mixed
    plain.put("file.bin", data=b"there")
    ours.put("file.bin", data=b"here!")
    with pytest.raises(TransferError, match="--overwrite"):
        ours.download("file.bin", "plain.dev").wait(SECONDS)
    assert (place(ours) / "file.bin").read_bytes() == b"here!"
    ours.download("file.bin", "plain.dev", overwrite=True).wait(SECONDS)
    assert (place(ours) / "file.bin").read_bytes() == b"there"
    assert ours.download("file.bin", "plain.dev").wait(SECONDS).status == "done"


def test_what_we_send_first_is_the_recipes(net: FakeNet, mixed: tuple[Node, Node]) -> None:
    ours, plain = mixed
    plain.put("file.bin", data=b"x")
    ours.download("file.bin", "plain.dev").wait(SECONDS)
    log = net.log()
    asked = log[(log["type"] == "Download") & (log["target_node"] == "plain.dev")].iloc[0]
    worker = asked["source_process"].split(":")[0]
    assert asked["body"] == (
        '{"Download":{"name":"file.bin","target":{"node":"ours.dev","process":{"process_name":"'
        + worker
        + '","package_name":"file-transfer","publisher_node":"template.os"}},"is_requestor":false}}'
    )
