"""The interface as coroutines: complete, and gone when nobody awaits it any more."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable

import pytest

from kinode_nb import aio, portal
from kinode_nb.process_lib import Our
from kinode_nb.types import KinodeError


@pytest.mark.parametrize(
    ("blocking", "awaited"), [(portal.FakeNet, aio.FakeNet), (portal.Node, aio.Node)]
)
def test_every_name_of_the_blocking_interface_is_there(blocking: type, awaited: type) -> None:
    public = {name for name in dir(blocking) if not name.startswith("_")}
    here = {name for name in dir(awaited) if not name.startswith("_")}
    given = {"name", "home", "port", "status", "placement", "pid", "url"}
    assert public - here - (given if blocking is portal.Node else set()) == set()
    for name in public & here:
        ours, theirs = getattr(awaited, name), getattr(blocking, name)
        if callable(theirs) and name != "boot":
            mine = inspect.signature(ours).parameters
            assert list(mine) == list(inspect.signature(theirs).parameters) or any(
                each.kind is each.VAR_KEYWORD for each in mine.values()
            )


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
            assert net.transfer(begun.id).file == "file.txt"

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
