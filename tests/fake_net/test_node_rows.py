"""What the tables of a node's processes show, from one turn of the event loop to the next."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.node_rows import node_row, process_rows
from kinode_nb.types.rows import ProcessRow
from tests.fake_net.test_kept_processes import MAIN, boot, install, with_net


def _rows(node: Node) -> list[ProcessRow]:
    return [row for row in process_rows(node) if row.process == str(MAIN)]


@with_net
async def test_a_process_that_waits_for_its_restart_is_shown_as_ended(net: Net, tmp_path: Path):
    node = await boot(net, None)
    await install(net, node, tmp_path)
    (before,) = _rows(node)
    assert (before.status, before.restarts) == ("running", 0)
    ends = 0
    while MAIN in node.kernel.processes:
        await node.our().send_request(MAIN, "end")
        ends += 1
        await asyncio.sleep(0.001)

    (waiting,) = _rows(node)
    assert (waiting.status, waiting.restarts) == ("ended", ends)
    assert waiting.capabilities == before.capabilities
    received = waiting.received
    assert received >= ends
    total = node_row(node)
    assert total.received == sum(row.received for row in process_rows(node))
    assert total.processes == len(node.kernel.processes)

    await asyncio.sleep(2)
    (again,) = _rows(node)
    assert (again.status, again.restarts) == ("running", ends)
    assert again.received >= received


@with_net
async def test_one_that_is_killed_while_it_waits_is_not_shown_any_more(net: Net, tmp_path: Path):
    node = await boot(net, None)
    await install(net, node, tmp_path)
    while MAIN in node.kernel.processes:
        await node.our().send_request(MAIN, "end")
        await asyncio.sleep(0.001)
    assert len(_rows(node)) == 1
    node.kill(MAIN)
    assert _rows(node) == []
