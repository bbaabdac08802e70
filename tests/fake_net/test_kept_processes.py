"""Processes and their states across boots of one home (specification, section 3)."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.process_lib import Our, Request
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.types import Address, Capability, Event, ProcessId
from kinode_nb.types.capabilities import messaging

MAIN = ProcessId.parse("main:kept:test.os")
TABLE = "kernel/processes.json"
_LOCK = shutil.ignore_patterns(".lock")

SOURCE = """
import json
from kinode_nb.process_lib import OnExit, Request

async def init(our):
    async for message in our:
        if not isinstance(message, Request):
            continue
        asked = message.json()
        if asked == "end":
            return
        if asked == "count":
            count = int(our.get_state() or 0) + 1
            our.set_state(str(count).encode())
            await our.send_response(count, to=message)
        elif asked == "caps":
            await our.send_response(sorted(map(str, our.our_capabilities())), to=message)
        elif isinstance(asked, list):
            name, on_exit = asked
            child = await our.spawn(
                "kept:test.os/pkg/main.wasm", name=name, on_exit=OnExit.from_json(on_exit),
                public=True,
            )
            await our.send_response(str(child), to=message)
"""


def with_net(test: Callable[..., Awaitable[None]]) -> Any:
    """Make an async test of a `Net` in virtual time one that pytest can run."""

    @functools.wraps(test)
    def run(tmp_path: Path, **arguments: Any) -> None:
        clock = MockClock()

        async def within() -> None:
            net = Net(clock=clock)
            try:
                await test(net, tmp_path, **arguments)
            finally:
                await net.close()

        with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:
            runner.run(within())

    del run.__wrapped__
    names = test.__code__.co_varnames[2 : test.__code__.co_argcount]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, kind) for name in ("tmp_path", *names)]
    )
    return run


async def boot(net: Net, home: Path | None, name: str = "a.dev", **options: Any) -> Node:
    return await net.boot(name, port="none", home=home, **options)


async def install(net: Net, node: Node, folder: Path, **fields: Any) -> None:
    """Start the package ``kept``, whose one process is above."""
    entry = {
        "process_name": "main",
        "process_wasm_path": "/main.wasm",
        "on_exit": "Restart",
        "request_networking": True,
        "request_capabilities": ["vfs:distro:sys"],
        "grant_capabilities": [],
        "public": True,
    }
    properties = {
        "package_name": "kept",
        "publisher": "test.os",
        "current_version": "0.1.0",
        "mirrors": [],
        "code_hashes": {},
        "wit_version": 1,
    }
    pkg = folder / "package" / "pkg"
    pkg.mkdir(parents=True, exist_ok=True)
    (pkg.parent / "metadata.json").write_text(json.dumps({"properties": properties}))
    (pkg / "manifest.json").write_text(json.dumps([entry | fields]))
    (pkg / "main.py").write_text(SOURCE)
    await net.start([str(pkg.parent)], on=[node])


async def ask(node: Node, body: Any, target: ProcessId = MAIN) -> Any:
    return (await node.request(target, body)).json()


def prints(net: Net) -> list[str]:
    return [e.body for e in net.log.entries if isinstance(e, Event) and e.kind == "print"]


@with_net
async def test_a_process_is_there_again_with_all_that_it_had(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path, public=False)
    assert await ask(node, "count") == 1
    node.kernel.processes[MAIN].grant(Capability.make(node.our().address, {"door": 1}))
    before = node.kernel.processes[MAIN].persisted()
    await net.stop("a.dev")

    again = await boot(net, tmp_path / "home")
    assert again.kernel is not node.kernel
    assert again.kernel.processes[MAIN].persisted() == before
    assert before.handle == "kept:test.os/pkg/main.wasm"
    assert before.on_exit.kind == "Restart"
    assert not before.public
    assert await ask(again, "count") == 2


@with_net
async def test_the_home_may_be_snatched_away_at_any_time(net: Net, tmp_path: Path):
    """What lies in the files after every step is enough, as after a kill in the middle."""
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    for count in range(1, 4):
        assert await ask(node, "count") == count
        assert await ask(node, [f"child-{count}", "Restart"])
        await asyncio.sleep(0)
        copy = tmp_path / f"copy-{count}"
        shutil.copytree(tmp_path / "home", copy, ignore=_LOCK)
        other = await boot(net, copy, f"copy-{count}.dev")
        children = [each for each in other.kernel.processes if each.process_name[:5] == "child"]
        assert len(children) == count
        assert await ask(other, "count") == count + 1
        for child in children:
            assert await ask(other, "count", child) == 1


@pytest.mark.parametrize("way", ["stopped", "snatched away"])
@with_net
async def test_only_a_graceful_stop_forgets_those_that_are_to_stay_ended(
    net: Net, tmp_path: Path, way: str
):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await ask(node, ["transient", "None"])
    await ask(node, ["lasting", "Restart"])
    home = tmp_path / "home"
    if way == "stopped":
        await net.stop("a.dev")
    else:
        await asyncio.sleep(0)
        home = shutil.copytree(home, tmp_path / "copy", ignore=_LOCK)
    again = await boot(net, home, "b.dev")
    names = {each.process_name for each in again.kernel.processes if each.package_name == "kept"}
    expected = {"main", "lasting"} if way == "stopped" else {"main", "lasting", "transient"}
    assert names == expected


@with_net
async def test_a_process_that_has_ended_or_was_killed_stays_away(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    last = {"Requests": []}
    for name in ("ends", "killed", "stays"):
        await ask(node, [name, last])
    await node.our().send_request("ends:kept:test.os", "end")
    node.lifecycle.kill(node.kernel.processes[ProcessId.parse("killed:kept:test.os")])
    await asyncio.sleep(1)
    shutil.copytree(tmp_path / "home", tmp_path / "copy", ignore=_LOCK)
    for home in (tmp_path / "home", tmp_path / "copy"):
        await net.stop()
        again = await boot(net, home)
        names = {
            each.process_name for each in again.kernel.processes if each.package_name == "kept"
        }
        assert names == {"main", "stays"}


@with_net
async def test_the_last_process_of_a_home_stays_away_too(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await asyncio.sleep(0)
    node.lifecycle.kill(node.kernel.processes[MAIN])
    await asyncio.sleep(0)
    copy = shutil.copytree(tmp_path / "home", tmp_path / "copy", ignore=_LOCK)
    assert MAIN not in (await boot(net, copy, "b.dev")).kernel.processes


@with_net
async def test_one_that_waits_for_its_restart_is_there_again(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    while MAIN in node.kernel.processes:
        await node.our().send_request(MAIN, "end")
        await asyncio.sleep(0.001)
    await net.stop("a.dev")
    assert await ask(await boot(net, tmp_path / "home"), "count") == 1


@with_net
async def test_last_requests_are_sent_first_to_those_who_may_be_messaged(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    heir = f"a.dev@{MAIN}"
    message = {"inherit": False, "expects_response": 9, "body": list(b'"count"')}
    request = message | {"metadata": None, "capabilities": []}
    stranger = [f"a.dev@{node.our().process}", request, None]  # public, but that is not enough
    on_exit = {"Requests": [[heir, request, None], stranger, [f"our@{MAIN}", request, None]]}
    await ask(node, ["testator", on_exit])
    await net.stop("a.dev")
    net.log.clear()

    again = await boot(net, tmp_path / "home")
    assert await ask(again, "count") == 3
    sent = [
        each
        for each in net.log.entries
        if isinstance(each, Request) and each.source.process.process_name == "testator"
    ]
    assert [(str(each.target), each.expects_response) for each in sent] == [(heir, None)] * 2
    assert ProcessId.parse("testator:kept:test.os") in again.kernel.processes


@with_net
async def test_a_program_that_is_gone_is_told_and_forgotten(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await net.stop("a.dev")
    program = tmp_path / "home/vfs/kept:test.os/pkg/main.py"
    hidden = program.rename(program.with_suffix(".hidden"))
    again = await boot(net, tmp_path / "home")
    assert MAIN not in again.kernel.processes
    told = f"kernel: couldn't read wasm bytes for process: {MAIN}: "
    assert [line for line in prints(net) if line.startswith(told)]
    await net.stop("a.dev")
    hidden.rename(program)
    assert MAIN not in (await boot(net, tmp_path / "home")).kernel.processes


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("{", "no process is brought back: processes.json cannot be read"),
        ("[]", "no process is brought back"),
        ('{"node":"a.dev","processes":{"main:kept:test.os":{}}}', "couldn't reboot process: main:"),
        ('{"node":"a.dev","processes":{"Main:kept:os":{}}}', "couldn't reboot process: Main:"),
        ("[" * 100_000, "no process is brought back"),
    ],
)
@with_net
async def test_a_table_that_was_tampered_with(net: Net, tmp_path: Path, table: str, told: str):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await net.stop("a.dev")
    (tmp_path / "home" / TABLE).write_text(table)
    again = await boot(net, tmp_path / "home")
    assert MAIN not in again.kernel.processes
    assert any(told in line for line in prints(net))


@pytest.mark.parametrize("handle", ["../../../outside/x/main.py", "/etc/passwd", "", "a:b/pkg/\0"])
@with_net
async def test_a_path_that_leads_out_of_the_home_is_none(net: Net, tmp_path: Path, handle: str):
    (tmp_path / "outside/x").mkdir(parents=True)
    (tmp_path / "outside/x/main.py").write_text(SOURCE)
    await boot(net, tmp_path / "home")
    await net.stop("a.dev")
    row = {"wasm_bytes_handle": handle, "on_exit": "Restart", "capabilities": [], "public": True}
    table = {"node": "a.dev", "processes": {str(MAIN): row}}
    (tmp_path / "home" / TABLE).write_text(json.dumps(table))
    assert MAIN not in (await boot(net, tmp_path / "home")).kernel.processes


@with_net
async def test_under_another_name_capabilities_are_still_those_of_the_node(
    net: Net, tmp_path: Path
):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await net.stop("a.dev")
    again = await boot(net, tmp_path / "home", "b.dev")
    held = await ask(again, "caps")
    assert held
    assert all(each.startswith("b.dev@") for each in held)
    assert await ask(again, ["child", "None"]) == "child:kept:test.os"


@with_net
async def test_functions_are_not_there_again_but_their_states_are(net: Net, tmp_path: Path):
    async def function(our: Our) -> None:
        found.append(our.get_state())
        our.set_state(b"kept")
        await our.receive()

    found: list[bytes | None] = []
    long = "x" * 240
    for _ in range(2):
        node = await boot(net, tmp_path / "home")
        assert not [each for each in node.kernel.processes if each.package_name == "notebook"]
        node.spawn(function, "short")
        node.spawn(function, long)
        await asyncio.sleep(1)
        await net.stop("a.dev")
    assert found == [None, None, b"kept", b"kept"]


@with_net
async def test_the_nodes_own_processes_keep_what_they_were_granted(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path, grant_capabilities=["http-server:distro:sys"])
    await ask(node, ["transient", "None"])
    web = ProcessId.parse("http-server:distro:sys")
    child = ProcessId.parse("transient:kept:test.os")
    lasting = Capability.make(Address("a.dev", MAIN), {"door": 1})
    gone = Capability.make(Address("a.dev", child), {"door": 1})
    dropped = messaging(Address("a.dev", MAIN))
    for each in (lasting, gone):
        node.kernel.processes[web].grant(each)
    node.kernel.processes[web].revoke(dropped)
    await net.stop("a.dev")
    again = await boot(net, tmp_path / "home")
    held = again.kernel.processes[web].capabilities
    assert lasting in held
    assert gone not in held, "its issuer is not there again"
    assert dropped not in held
    assert not [line for line in prints(net) if line.startswith("kernel: couldn't")]
    again.lifecycle.kill(again.kernel.processes[MAIN])
    assert lasting not in held, "what was issued before the boot is taken back as well"


@with_net
async def test_a_cleared_state_stays_away(net: Net, tmp_path: Path):
    async def function(our: Our) -> None:
        our.set_state(b"x")
        our.clear_state()
        our.clear_state()
        found.append(our.get_state())

    found: list[bytes | None] = []
    node = await boot(net, tmp_path / "home")
    node.spawn(function, "p")
    await asyncio.sleep(1)
    assert found == [None]
    assert not list((tmp_path / "home/kernel/states").iterdir())


@with_net
async def test_a_state_that_cannot_be_written_is_an_error_of_the_process(net: Net, tmp_path: Path):
    async def function(our: Our) -> None:
        our.set_state(b"x")

    node = await boot(net, tmp_path / "home")
    await asyncio.sleep(0)
    (tmp_path / "home/kernel/states").write_text("in the way")
    node.spawn(function, "p")
    await asyncio.sleep(1)
    assert any("the state cannot be saved: Not a directory" in line for line in prints(net))


@with_net
async def test_a_temporary_home_has_none_of_it(net: Net, tmp_path: Path):
    node = await boot(net, None)
    await install(net, node, tmp_path)
    assert await ask(node, "count") == 1
    await asyncio.sleep(1)
    assert not (node.home / TABLE).exists()
    assert not (node.home / "kernel/states").exists()


@with_net
async def test_a_shutdown_stops_the_node_and_keeps_its_processes(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await node.our().send_request("kernel:distro:sys", "Shutdown")
    await asyncio.sleep(1)
    assert node.status == "stopped"
    assert net.running() == []
    assert await ask(await boot(net, tmp_path / "home"), "count") == 1
