"""The processes that come with a node: what they hold, and who commands them."""

from __future__ import annotations

from typing import Any

import pytest

from kinode_nb.fake_net.system_processes import RUNTIME
from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Address, Our, Request
from kinode_nb.types import capabilities as ids
from kinode_nb.types.capabilities import messaging, vfs_root

KERNEL = "kernel:distro:sys"
NEW: dict[str, Any] = {
    "id": "new:made:test.os",
    "wasm_bytes_handle": "/made:test.os/pkg/new.wasm",
    "wit_version": 1,
    "on_exit": "None",
    "initial_capabilities": [],
    "public": True,
}


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(port="none")


def test_every_runtime_module_may_use_the_network_and_message_the_others(
    net: FakeNet, node: Node
) -> None:
    rows = net.processes().set_index("process")
    everything = {f'{node.name}@{each}("messaging")' for each in RUNTIME}
    for module in RUNTIME:
        held = set(rows.loc[str(module)]["capabilities"].splitlines())
        assert everything | {f'{node.name}@{KERNEL}("network")'} <= held
    assert rows.loc["timer:distro:sys"]["public"]
    assert not rows.loc[KERNEL]["public"]


@pytest.mark.parametrize("module", [str(each) for each in RUNTIME] + ["notebook:distro:sys"])
def test_nobody_ends_what_the_node_is_made_of(net: FakeNet, node: Node, module: str) -> None:
    for command in ("KillProcess", "RunProcess"):
        answer = node.request(KERNEL, {command: module}).json()
        assert answer == f"{command}Error"
    assert f"{node.name}@{module}" in net.process_names()


def test_a_file_goes_from_vfs_to_the_kernel_by_inheritance(net: FakeNet, node: Node) -> None:
    """As Kinode's terminal and app-store do it; the code may import what lies beside it."""
    pkg = node.home / "vfs" / "made:test.os" / "pkg"
    pkg.mkdir(parents=True)
    (pkg / "beside.py").write_text("ANSWER = 'from beside'\n")
    (pkg / "new.py").write_text(
        "from .beside import ANSWER\n"
        "async def init(our):\n"
        "    async for _ in our:\n"
        "        await our.send_response(ANSWER)\n"
    )
    said: list[Any] = []

    async def starter(our: Our) -> None:
        read = {"path": "/made:test.os/pkg/new.py", "action": "Read"}
        said.append((await our.send_and_await_response("vfs:distro:sys", read)).json())
        command = {"InitializeProcess": NEW}
        made = await our.send_and_await_response(KERNEL, command, inherit=True)
        said.append(made.json())
        said.append((await our.send_and_await_response(KERNEL, {"RunProcess": NEW["id"]})).json())
        asked = await our.receive()
        assert isinstance(asked, Request)
        await our.send_response(said, to=asked)

    reachable = [messaging(Address(node.name, each)) for each in (ids.KERNEL, ids.VFS)]
    asked = node.spawn(starter, capabilities=[*reachable, vfs_root(node.name)])
    done = ["Read", "InitializedProcess", "StartedProcess"]
    assert node.request(asked, "done?").json() == done
    assert node.request(NEW["id"], "x").json() == "from beside"
