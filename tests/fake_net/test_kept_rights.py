"""What kept processes hold, and send at their end, after the next boot (specification, 3 and 4)."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from kinode_nb.fake_net.net import Net
from kinode_nb.process_lib import Our, Request
from kinode_nb.types import Address, Capability, ProcessId
from kinode_nb.types.capabilities import messaging
from tests.fake_net.test_kept_processes import MAIN, TABLE, ask, boot, install, with_net

_LOCK = shutil.ignore_patterns(".lock")


async def _listen(our: Our) -> None:
    async for _ in our:
        pass


@pytest.mark.parametrize("way", ["stopped", "snatched away"])
@with_net
async def test_the_word_of_those_who_are_not_there_again_is_lost(
    net: Net, tmp_path: Path, way: str
):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    await ask(node, ["lasting", "Restart"])
    await ask(node, ["transient", "None"])
    await ask(node, ["broken", "Restart"])
    function = node.spawn(_listen, "function")
    words = {
        name: Capability.make(Address("a.dev", ProcessId.parse(f"{name}:kept:test.os")), "word")
        for name in ("lasting", "transient", "broken", "nobody")
    }
    words["function"] = messaging(function)
    words["elsewhere"] = messaging(Address("b.dev", function.process))
    for word in words.values():
        node.kernel.processes[MAIN].grant(word)
    home = tmp_path / "home"
    if way == "stopped":
        await net.stop("a.dev")
    else:
        await asyncio.sleep(0)
        copy = shutil.copytree(home, tmp_path / "copy", ignore=_LOCK)
        await net.stop("a.dev")
        home = copy
    table = json.loads((home / TABLE).read_text())
    table["processes"]["broken:kept:test.os"]["wasm_bytes_handle"] = "kept:test.os/pkg/gone.wasm"
    (home / TABLE).write_text(json.dumps(table))

    again = await boot(net, home)
    held = again.kernel.processes[MAIN].capabilities
    kept = {name for name, word in words.items() if word in held}
    # whoever was not there before may still come, as after a manifest's request for its word
    expected = {"lasting", "nobody", "elsewhere"}
    assert kept == (expected if way == "stopped" else expected | {"transient"})


@with_net
async def test_under_another_name_last_requests_go_to_the_same_processes(net: Net, tmp_path: Path):
    node = await boot(net, tmp_path / "home")
    await install(net, node, tmp_path)
    word = {"issuer": "a.dev@testator:kept:test.os", "params": '"word"'}
    request = {
        "inherit": False,
        "expects_response": None,
        "body": list(b'"count"'),
        "metadata": None,
        "capabilities": [[word, []]],
    }
    targets = [f"a.dev@{MAIN}", f"our@{MAIN}", f"c.dev@{MAIN}"]
    on_exit = {"Requests": [[target, request, None] for target in targets]}
    await ask(node, ["testator", on_exit])
    await net.stop("a.dev")
    net.log.clear()

    again = await boot(net, tmp_path / "home", "b.dev")
    testator = again.kernel.processes[ProcessId.parse("testator:kept:test.os")]
    told = [str(last.target) for last in testator.on_exit.requests]
    assert told == [f"b.dev@{MAIN}", f"our@{MAIN}", f"c.dev@{MAIN}"]
    assert await ask(again, "count") == 3
    sent = [e for e in net.log.entries if isinstance(e, Request) and e.source == testator.address]
    assert [str(each.target) for each in sent] == [f"b.dev@{MAIN}"] * 2
    assert [str(each.capabilities[0]) for each in sent] == [f'{testator.address}("word")'] * 2
