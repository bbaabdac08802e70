"""The interface as coroutines: complete, and gone when nobody awaits it any more."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from kinode_nb import aio, portal
from kinode_nb.process_lib import Our
from kinode_nb.types import KinodeError


def test_the_current_node_and_what_was_printed() -> None:
    async def cell() -> None:
        async with aio.FakeNet() as net:
            assert net.current is None
            first, other = await net.boot(count=2, port="none")
            assert net.current == first
            assert await net.use(other.name) == other == net.current
            assert len({first, other, net.node()}) == 2
            await first.hi(other.name, "hello")
            assert "hello" in await net.terminal(other.name)
            assert await net.node_names() == ["fake.dev", "fake2.dev"]
            await net.start("chat-with-file-transfer")
            await other.put("file.txt", data=b"x")
            assert await net.offered_files() == ["file.txt"]
            begun = await first.download("file.txt", other.name)
            assert net.transfer(begun.id) == begun
            assert (begun.file, begun.provider, begun.requestor) == (
                "file.txt",
                other.name,
                first.name,
            )
            assert await begun is await begun.wait(5) is begun
            assert begun.path is not None
            assert begun.path.read_bytes() == b"x"
            assert (begun.status, begun.progress, begun.error) == ("done", 100, "")
            assert begun.row().verified
            assert list((await first.log(type="Download", last=1))["type"]) == ["Download"]
            assert len(await net.log(node=other.name, kind="response"))
            assert (first.home / "vfs").is_dir()
            assert (first.port, first.status, first.placement, first.pid) == (
                None,
                "running",
                "thread",
                None,
            )
            with pytest.raises(KinodeError, match="no port"):
                first.url()
            assert not hasattr(first, "_net")
            await net.stop(first.name)
            assert first.status == "stopped"

    asyncio.run(cell())


def test_a_cancelled_call_leaves_no_work_behind() -> None:
    begun = threading.Event()

    async def silent(our: Our) -> None:
        await our.receive()
        begun.set()
        await our.receive()

    async def cell() -> None:
        async with aio.FakeNet() as net:
            node = await net.boot(port="none")
            await node.spawn(silent, name="silent")
            before = working(net)
            call = asyncio.create_task(
                node.request("silent:notebook:template.os", None, timeout=100_000)
            )
            assert await asyncio.to_thread(begun.wait, 30)
            assert working(net) > before
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            while working(net) > before:  # the test's own time limit ends it
                pass

    asyncio.run(cell())


def working(net: aio.FakeNet) -> int:
    return net.blocking.portal.do(lambda: len(asyncio.all_tasks()))


def test_while_something_is_awaited_its_loop_wakes_up() -> None:
    """Else a signal's handler would not run before the call has ended by itself."""

    async def cell() -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        waited = asyncio.create_task(portal.awaiting.ticking(future))
        await asyncio.sleep(0)
        timers = loop._scheduled  # type: ignore[attr-defined]
        assert [each for each in timers if each.when() <= loop.time() + portal.awaiting.TICK]
        future.set_result(3)
        assert await waited == 3

    asyncio.run(cell())


def test_what_goes_wrong_arrives_as_it_is() -> None:
    async def cell(call: Callable[[aio.FakeNet], Awaitable[object]]) -> None:
        async with aio.FakeNet() as net:
            with pytest.raises(KinodeError):
                await call(net)

    asyncio.run(cell(lambda net: net.start("chatt")))
    asyncio.run(cell(lambda net: net.use("nobody.dev")))


def test_the_transfers_of_a_line_can_be_awaited() -> None:
    async def cell() -> None:
        async with aio.FakeNet() as net:
            first, other = await net.boot(count=2, port="none")
            await net.start("chat-with-file-transfer")
            await other.put("file.txt", data=b"x")
            shown: list[aio.Transfer] = []
            line = "download:chat_with_file_transfer:template.os file.txt fake2.dev"
            await first.type_line(line, show=shown.append)
            assert [await each for each in shown] == [net.transfer("t1")]

    asyncio.run(cell())


def test_the_waiting_for_a_transfer_ends_alone() -> None:
    async def cell() -> None:
        async with aio.FakeNet() as net:
            first, other = await net.boot(count=2, port="none")
            await net.start("chat-with-file-transfer", node=first.name)
            begun = await first.download("file.txt", other.name)
            with pytest.raises(TimeoutError, match="still waiting after 0"):
                await begun.wait(0)
            waiting = asyncio.create_task(begun.wait())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await waiting
            assert "t1" in cancelled.value.__notes__[0]
            assert begun.status != "cancelled"

    asyncio.run(cell())
