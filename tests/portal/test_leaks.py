"""Booting, stopping and booting again leaves nothing behind."""

import gc
import threading
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet
from kinode_nb.process_lib import Our


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("counts open files through /proc, which this system does not have")
    return len(list(folder.iterdir()))


def test_a_hundred_nodes_come_and_go_and_come_again() -> None:
    threads = set(threading.enumerate())
    with FakeNet() as net:
        counts = []
        for _ in range(2):
            nodes = net.boot(count=100)
            net.start("chat")
            homes = [node.home for node in nodes]
            ports = [node.port for node in nodes]
            assert len(set(ports)) == 100
            assert all(home.is_dir() for home in homes)
            nodes[0].send(nodes[-1].name, "hello")
            net.stop()
            assert not any(home.exists() for home in homes)
            assert not homes[0].parent.exists()
            gc.collect()
            inside = net.portal.do(tasks), net.portal.do(held(net))
            counts.append((descriptors(), threading.active_count(), inside))
        assert counts[0] == counts[1]
    assert set(threading.enumerate()) <= threads


def tasks() -> int:
    import asyncio

    return len(asyncio.all_tasks())


def held(net: FakeNet):
    def count() -> tuple[int, int]:
        scheduler = net.core.scheduler
        return len(scheduler.deadlines), len(scheduler.crowded)

    return count


def test_a_boot_that_fails_leaves_nothing(net: FakeNet, tmp_path: Path) -> None:
    before = descriptors()
    taken = net.boot()
    one = descriptors()
    (tmp_path / "file").write_text("")
    for wrong in (
        {"port": taken.port},
        {"name": "Bad_Name"},
        {"home": tmp_path / "file"},
        {"placement": "moon"},
        {"port": "x"},
    ):
        with pytest.raises(Exception, match=r"."):
            net.boot(**{"name": "other.dev", **wrong})  # type: ignore[arg-type]
    assert descriptors() == one
    assert net.node_names() == ["fake.dev"]
    net.stop()
    assert descriptors() == before
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_process_that_never_yields_does_not_keep_a_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kinode_nb.portal.net._PATIENCE", 0.2)
    net = FakeNet()
    node = net.boot(port="none")
    begun, go = threading.Event(), threading.Event()

    async def wedge(our: Our) -> None:
        await our.receive()
        begun.set()
        go.wait()

    address = node.spawn(wedge)
    net.portal.submit(net.core.node().request(address, None))
    assert begun.wait(30)
    net.close()
    assert not node.home.exists()
    go.set()
    net.portal.close()
