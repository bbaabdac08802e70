"""Transfers whose peer falls silent: on a virtual clock, so that seconds take no time."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kinode_nb.fake_net import FINAL, Net, Node, TransferRecord
from kinode_nb.fake_net.exchange import begin_download, put
from kinode_nb.process_lib import LazyLoadBlob, Our, Request, vfs
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.transports.loopback import Loopback
from kinode_nb.types import Message

PACKAGE = "file-transfer:template.os"


def on_virtual_time(work: Callable[[Net, MockClock], Awaitable[None]]) -> None:
    """Run a test's coroutine with a net on a clock that jumps."""
    clock = MockClock()

    async def run() -> None:
        net = Net(clock=clock)
        try:
            await work(net, clock)
        finally:
            await net.close()

    with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
        runner.run(run())


async def two(net: Net) -> tuple[Node, Node]:
    nodes = await net.boot(port="none"), await net.boot(port="none")
    await net.start(["file-transfer"], list(nodes))
    return nodes


async def ended(record: TransferRecord) -> str:
    """Wait for the end of a transfer; returns its error."""
    done = asyncio.Event()
    record.listeners.append(lambda: done.set() if record.status in FINAL else None)
    if record.status not in FINAL:
        await done.wait()
    return record.error


def begin(
    net: Net, node: Node, file: str = "file.bin", *, overwrite: bool = False
) -> TransferRecord:
    record, task = begin_download(node, net.transfers, file, "fake2.dev", overwrite=overwrite)
    net.keep(task)
    return record


def files(node: Node, drive: str = "files") -> list[Path]:
    return sorted((node.home / "vfs" / PACKAGE / drive).iterdir())


def lossy(monkeypatch: pytest.MonkeyPatch, lost: Callable[[Message], bool]) -> list[Message]:
    """Lose the messages between nodes that ``lost`` picks; returns them.

    Only what the transport carries itself: messages with blobs, and the first of each pair.
    """
    gone: list[Message] = []
    carry = Loopback.carry

    def losing(self: Loopback, kernel: Kernel, sender: object, message: Message, blob: object):
        if lost(message):
            gone.append(message)
        else:
            carry(self, kernel, sender, message, blob)  # type: ignore[arg-type]

    monkeypatch.setattr(Loopback, "carry", losing)
    return gone


def test_a_node_that_stops_in_mid_transfer_is_noticed_within_seconds() -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)
        await put(other, ["file.bin"], data=bytes(64 << 20))
        record = begin(net, one)
        started = asyncio.Event()
        record.listeners.append(lambda: started.set() if record.status == "running" else None)
        await started.wait()
        begun = clock.seconds
        await net.stop("fake2.dev")
        assert "Offline" in await ended(record)
        assert clock.seconds - begun <= 11
        await asyncio.sleep(0)
        assert files(one) == files(one, "tmp") == []

    on_virtual_time(work)


@pytest.mark.parametrize("accept", [True, False])
def test_a_provider_that_says_nothing_more_fails_in_the_end(accept: bool) -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)

        async def silent(our: Our) -> None:
            async for message in our:
                if isinstance(message, Request) and "Download" in message.text():
                    wire = '{"file-transfer":{"size":10}}' if accept else None
                    await our.send_response({"Download": {"Ok": None}}, metadata=wire)
                    half = {"Chunk": {"name": "file.bin", "offset": 0, "length": 5}}
                    await our.send_request(message.source, half, blob=LazyLoadBlob(b"01234"))
                    return

        other.spawn(silent, "silent")
        body = {
            "Download": {
                "name": "file.bin",
                "target": {
                    "node": "fake2.dev",
                    "process": {
                        "process_name": "silent",
                        "package_name": "notebook",
                        "publisher_node": "template.os",
                    },
                },
                "is_requestor": True,
            }
        }
        await one.request(f"file-transfer:{PACKAGE}", body)
        record = net.transfers.get("t1")
        error = await ended(record)
        assert "Timeout" in error or "has sent nothing" in error
        assert clock.seconds <= 20
        assert files(one) == files(one, "tmp") == []

    on_virtual_time(work)


def test_a_provider_that_never_answers_times_out() -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)
        other.lifecycle.kill(other.kernel.processes[main(other)])
        assert "Timeout" in await ended(begin(net, one))
        assert 5 <= clock.seconds <= 7

    on_virtual_time(work)


def main(node: Node):
    return next(id_ for id_ in node.kernel.processes if id_.package_name == "file-transfer")


def test_a_lost_chunk_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(net: Net, _: MockClock) -> None:
        one, other = await two(net)
        data = os.urandom(3 << 20)
        await put(other, ["file.bin"], data=data)
        lost: list[Message] = []

        def first_of_the_second(message: Message) -> bool:
            return not lost and b'"offset":1048576' in message.body

        lost = lossy(monkeypatch, first_of_the_second)
        record = begin(net, one)
        assert await ended(record) == ""
        assert len(lost) == 1
        assert files(one)[0].read_bytes() == data
        row = record.row()
        assert (row.chunks, row.received, row.verified) == (3, 3 << 20, True)

    on_virtual_time(work)


def test_a_chunk_that_is_always_lost_fails_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(net: Net, _: MockClock) -> None:
        one, other = await two(net)
        await put(other, ["file.bin"], data=os.urandom(3 << 20))
        lost = lossy(monkeypatch, lambda message: b'"offset":1048576' in message.body)
        record = begin(net, one)
        assert await ended(record) != ""
        assert len(lost) == 3
        assert record.status == "failed"
        await asyncio.sleep(60)
        for node in (one, other):
            assert not [id_ for id_ in node.kernel.processes if id_.process_name.isdigit()]
        assert files(one) == files(one, "tmp") == []

    on_virtual_time(work)


def workers(node: Node) -> list[str]:
    return [str(id_) for id_ in node.kernel.processes if id_.process_name.isdigit()]


def slow(monkeypatch: pytest.MonkeyPatch, **seconds: int) -> None:
    """Let each piece that is hashed, though not one that is sent, take long on a node."""
    read_at = vfs.File.read_at

    async def late(file: vfs.File, offset: int, length: int) -> bytes:
        await asyncio.sleep(seconds[file._our.node.removesuffix(".dev")])
        return await read_at(file, offset, length)

    def read(file: vfs.File, offset: int, length: int) -> Awaitable[bytes]:
        hashed = sys._getframe(1).f_code.co_name == "digest_of"
        return (late if hashed else read_at)(file, offset, length)

    monkeypatch.setattr(vfs.File, "read_at", read)


OLD, NEW = bytes(100_000), bytes(99_999) + b"x"
SLOW = [{"fake": 0, "fake2": 30}, {"fake": 30, "fake2": 0}, {"fake": 40, "fake2": 10}]


@pytest.mark.parametrize("seconds", SLOW)
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_that_is_there_may_take_long_to_compare(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[str, int], overwrite: bool
) -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)
        for node in (one, other):
            await put(node, ["file.bin"], data=NEW)
        slow(monkeypatch, **seconds)
        record = begin(net, one, overwrite=overwrite)
        assert await ended(record) == ""
        row, report = record.row(), record.report
        assert report is not None
        assert (row.status, row.chunks, row.verified, report.identical) == ("done", 0, True, True)
        assert row.digest.startswith("blake3:")
        assert clock.seconds < max(seconds.values()) + 2
        await asyncio.sleep(1)
        assert workers(one) == workers(other) == []

    on_virtual_time(work)


@pytest.mark.parametrize("seconds", SLOW)
@pytest.mark.parametrize("overwrite", [False, True])
def test_another_file_of_that_length_may_take_long_to_compare(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[str, int], overwrite: bool
) -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)
        await put(one, ["file.bin"], data=OLD)
        await put(other, ["file.bin"], data=NEW)
        slow(monkeypatch, **seconds)
        record = begin(net, one, overwrite=overwrite)
        error = await ended(record)
        if overwrite:
            assert error == ""
            assert record.row().chunks == 1
        else:
            assert "is there already, and is not the same: --overwrite" in error
        assert clock.seconds < max(seconds.values()) + 2
        assert files(one)[0].read_bytes() == (NEW if overwrite else OLD)
        assert files(one, "tmp") == []
        await asyncio.sleep(1)
        assert workers(one) == workers(other) == []

    on_virtual_time(work)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_of_another_length_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)
        await put(one, ["file.bin"], data=OLD + b"more")
        await put(other, ["file.bin"], data=NEW)
        slow(monkeypatch, fake=30, fake2=30)
        record = begin(net, one, overwrite=overwrite)
        error = await ended(record)
        assert error == "" if overwrite else "--overwrite" in error
        assert clock.seconds < 1
        assert files(one)[0].read_bytes() == (NEW if overwrite else OLD + b"more")

    on_virtual_time(work)


def test_a_provider_that_stops_while_it_compares_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(net: Net, clock: MockClock) -> None:
        one, other = await two(net)
        for node in (one, other):
            await put(node, ["file.bin"], data=NEW)
        slow(monkeypatch, fake=0, fake2=3600)
        record = begin(net, one)
        await asyncio.sleep(20)
        assert record.status == "running"
        await net.stop("fake2.dev")
        assert "Offline" in await ended(record)
        assert clock.seconds < 32
        await asyncio.sleep(1)
        assert workers(one) == []

    on_virtual_time(work)
