"""Processes that start processes (specification, section 3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kinode_nb.process_lib import Capability, Our, ProcessId, SpawnError
from kinode_nb.types import Address, ProcessError
from kinode_nb.types.capabilities import messaging, networking
from tests.runtime.lab import Lab, echo, in_lab, sink

MAIN = "a.dev@main:t:os"


@in_lab
async def test_a_child_belongs_to_the_parents_package(lab: Lab):
    async def main(our: Our) -> ProcessId:
        return await our.spawn(echo, name="child")

    child = await lab.play(MAIN, main)
    assert child == ProcessId("child", "t", "os")
    assert child in lab.kernels["a.dev"].processes, "children outlive their parent"


@in_lab
async def test_a_child_without_a_name_gets_a_random_number(lab: Lab):
    async def main(our: Our) -> list[ProcessId]:
        return [await our.spawn(echo) for _ in range(3)]

    children = await lab.play(MAIN, main)
    assert len({int(child.process_name) for child in children}) == 3


@in_lab
async def test_parent_and_child_may_message_each_other(lab: Lab):
    async def child(our: Our) -> None:
        await our.send_request("main:t:os", b"hello parent")
        await echo(our)

    async def main(our: Our) -> tuple[bytes, bytes]:
        child_id = await our.spawn(child, name="child")
        hello = await our.receive()
        return hello.body, (await our.send_and_await_response(child_id, b"hello child")).body

    assert await lab.play(MAIN, main, public=False) == (b"hello parent", b"hello child")


@in_lab
async def test_siblings_may_not(lab: Lab):
    async def main(our: Our) -> None:
        await our.spawn(sink, name="one")

        async def two(our: Our) -> None:
            await our.send_request("one:t:os", b"psst")

        await our.spawn(two, name="two")

    await lab.play(MAIN, main)
    await lab.idle()
    assert lab.status(b"psst") == "denied"


@in_lab
async def test_a_public_child_may_be_messaged_by_all(lab: Lab):
    async def main(our: Our) -> None:
        await our.spawn(echo, name="child", public=True)

    async def stranger(our: Our) -> bytes:
        return (await our.send_and_await_response("child:t:os", b"x")).body

    await lab.play(MAIN, main)
    assert await lab.play("a.dev@stranger:other:os", stranger) == b"x"


@in_lab
async def test_a_child_gets_what_its_parent_may_hand_on(lab: Lab):
    node = Address.parse("a.dev@vfs:distro:sys")
    root = Capability.make(node, {"root": True})

    async def main(our: Our) -> set[str]:
        own = Capability.make(our.address, {"door": 1})
        wanted = [networking("a.dev"), own, root]
        child = await our.spawn(sink, name="child", request_capabilities=wanted)
        return {str(each) for each in lab.kernels["a.dev"].processes[child].capabilities}

    assert await lab.play(MAIN, main) == {
        'a.dev@kernel:distro:sys("network")',
        'a.dev@main:t:os({"door":1})',
        'a.dev@main:t:os("messaging")',
        'a.dev@child:t:os("messaging")',
    }


@in_lab
async def test_grants_let_others_message_the_child(lab: Lab):
    async def main(our: Our) -> None:
        await our.spawn(
            echo,
            name="child",
            grant_capabilities=[
                ("friend:t:os", '"messaging"'),
                ("friend:t:os", '{"door": 1}'),
                ("nobody:t:os", '"messaging"'),
            ],
        )

    friend = lab.add("a.dev@friend:t:os")
    await lab.play(MAIN, main)
    child = Address.parse("a.dev@child:t:os")
    assert friend.holds(messaging(child))
    assert friend.holds(Capability.make(child, {"door": 1}))


@in_lab
async def test_a_name_that_is_taken(lab: Lab):
    async def main(our: Our) -> None:
        await our.spawn(echo, name="child")
        with pytest.raises(SpawnError, match="already exists") as caught:
            await our.spawn(echo, name="child")
        assert caught.value.kind == "NameTaken"

    await lab.play(MAIN, main)


@pytest.mark.parametrize("name", ["Child", "a_b", "a.b", "a b", "ä", ""])
@in_lab
async def test_a_name_that_is_not_kimap_safe_is_a_trap(lab: Lab, name: str):
    async def main(our: Our) -> None:
        with pytest.raises(ProcessError, match="Process name"):
            await our.spawn(echo, name=name)

    await lab.play(MAIN, main)


@pytest.mark.parametrize("name", ["child", "not safe"])
@in_lab
async def test_a_file_that_is_not_there_is_told_first(lab: Lab, name: str):
    async def main(our: Our) -> None:
        with pytest.raises(SpawnError) as caught:
            await our.spawn("t:os/pkg/missing.py", name=name)
        assert caught.value.kind == "NoFileAtPath"

    await lab.play(MAIN, main)


@in_lab
async def test_a_file_that_nothing_runs_leaves_no_process(lab: Lab):
    lab.files.programs["t:os/pkg/x.exe"] = Path("x.exe")

    async def main(our: Our) -> None:
        with pytest.raises(SpawnError):
            await our.spawn("t:os/pkg/x.exe", name="child")
        held = {str(each) for each in our.our_capabilities()}
        assert not any("child" in each for each in held)

    await lab.play(MAIN, main)
    assert ProcessId("child", "t", "os") not in lab.kernels["a.dev"].processes


@in_lab
async def test_a_child_from_a_file(lab: Lab, tmp_path: Path):
    file = tmp_path / "child.py"
    file.write_text(
        "from kinode_nb.process_lib import Our\n"
        "async def init(our: Our) -> None:\n"
        "    await our.send_request('main:t:os', str(our.process).encode())\n"
    )
    lab.files.programs["t:os/pkg/child.py"] = file

    async def main(our: Our) -> bytes:
        await our.spawn("t:os/pkg/child.py", name="child")
        return (await our.receive()).body

    assert await lab.play(MAIN, main) == b"child:t:os"


@in_lab
async def test_parent_and_child_lose_each_others_capabilities_at_the_end(lab: Lab):
    names: dict[str, Any] = {}

    async def main(our: Our) -> None:
        names["child"] = await our.spawn(sink, name="child")
        await sink(our)

    parent = lab.start(MAIN, main)
    await lab.idle()
    child = lab.kernels["a.dev"].processes[names["child"]]
    assert child.holds(messaging(parent.address))
    lab.kill(child)
    assert not parent.holds(messaging(child.address))
    issued = lab.kernels["a.dev"].issued
    assert set(issued.holders(parent.id)) == set(), "nor keeps the node its children's names"


@in_lab
async def test_a_child_loses_its_way_to_a_parent_that_ended(lab: Lab):
    async def main(our: Our) -> ProcessId:
        return await our.spawn(sink, name="child")

    child = await lab.play(MAIN, main)
    process = lab.kernels["a.dev"].processes[child]
    assert not process.holds(messaging(Address.parse(MAIN)))


@in_lab
async def test_many_children(lab: Lab):
    async def main(our: Our) -> int:
        count = 0
        for _ in range(1000):
            child = await our.spawn(echo)
            await our.send_and_await_response(child, b"x")
            count += 1
        return count

    assert await lab.play(MAIN, main) == 1000
