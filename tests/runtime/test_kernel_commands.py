"""What ``kernel:distro:sys`` does when it is told to (specification, sections 3 and 5)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kinode_nb.process_lib import LazyLoadBlob, OnExit, Our, Request
from kinode_nb.types import Address, Capability, ProcessId
from kinode_nb.types.capabilities import messaging, networking
from tests.runtime.lab import Lab, collector, echo, failure, in_lab, sink

MAIN = "a.dev@main:t:os"
OTHER = "a.dev@other:t:os"
KERNEL = "kernel:distro:sys"
ECHO = LazyLoadBlob(
    b"async def init(our):\n"
    b"    async for message in our:\n"
    b"        await our.send_response(message.body)\n"
)
DOOR = Capability.make(Address.parse(OTHER), {"door": 1})


def new(id_: str = "new:t:os", capabilities: Any = (), **fields: Any) -> dict[str, Any]:
    command = {
        "id": id_,
        "wasm_bytes_handle": "",
        "wit_version": 1,
        "on_exit": "None",
        "initial_capabilities": [each.to_json() for each in capabilities],
        "public": False,
    }
    return {"InitializeProcess": command | fields}


async def tell(our: Our, command: Any, **options: Any) -> Any:
    return (await our.send_and_await_response(KERNEL, command, **options)).json()


def commander(test: Any) -> Any:
    """Make a test of a process that may command the kernel."""

    @in_lab
    async def run(lab: Lab) -> None:
        lab.command("a.dev")
        await lab.play(MAIN, lambda our: test(lab, our), may=[KERNEL])

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


# ----------------------------------------------------------------------------- initialise and run


@commander
async def test_a_process_is_initialised_then_run(lab: Lab, our: Our):
    assert await tell(our, new(), blob=ECHO) == "InitializedProcess"
    process = lab.kernels["a.dev"].processes[ProcessId.parse("new:t:os")]
    await our.send_request("new:t:os", b"early", expects_response=5)
    await lab.idle()
    assert process.mailbox.queue, "it does not run yet"
    assert await tell(our, {"RunProcess": "new:t:os"}) == "StartedProcess"
    assert (await our.receive()).body == b"early", "and had waited for it"
    assert process.holds(messaging(process.address))
    assert not process.networking


@commander
async def test_its_own_source_is_run_again_by_a_restart(lab: Lab, our: Our):
    source = LazyLoadBlob(
        b"async def init(our):\n    await our.receive()\n    await our.send_response(b'bye')\n"
    )
    await tell(our, new(on_exit="Restart"), blob=source)
    await tell(our, {"RunProcess": "new:t:os"})
    for _ in range(2):
        assert (await our.send_and_await_response("new:t:os", b"x")).body == b"bye"
        await lab.idle()


@commander
async def test_only_what_the_caller_holds_is_handed_on(lab: Lab, our: Our):
    lab.start(OTHER, sink)
    own = Capability.make(our.address, {"own": 1})  # its own word is not enough for the kernel
    lab.kernels["a.dev"].processes[our.process].grant(DOOR)
    assert await tell(our, new(capabilities=[DOOR, own]), blob=ECHO) == "InitializedProcess"
    process = lab.kernels["a.dev"].processes[ProcessId.parse("new:t:os")]
    assert process.capabilities == {DOOR, messaging(process.address)}
    assert lab.prints() == [
        f"kernel: InitializeProcess caller main:t:os doesn't have capability {own}"
    ]


@commander
async def test_what_cannot_be_initialised(lab: Lab, our: Our):
    assert await tell(our, new()) == "InitializeProcessError"
    assert await tell(our, new("New:t:os"), blob=ECHO) == "InitializeProcessError"
    assert await tell(our, new("main:t:os"), blob=ECHO) == "InitializeProcessError"
    wasm = LazyLoadBlob(b"\0asm\1\0\0\0")
    assert await tell(our, new(), blob=wasm) == "InitializeProcessError"
    blobless, unsafe, *others = lab.prints()
    assert blobless == "kernel: process startup requires bytes"
    assert unsafe.startswith("kernel: error initializing process: Process name (New) can only")
    assert others == [
        "kernel: error initializing process: process with ID main:t:os already exists",
        "kernel: new:t:os is Wasm, which cannot run here: send its Python source",
    ]
    assert lab.kernels["a.dev"].processes.keys() == {our.process, ProcessId.parse(KERNEL)}


@commander
async def test_source_that_is_none_ends_the_process_alone(lab: Lab, our: Our):
    assert await tell(our, new(), blob=LazyLoadBlob(b"async def init(")) == "InitializedProcess"
    assert await tell(our, {"RunProcess": "new:t:os"}) == "StartedProcess"
    await lab.idle()
    assert ProcessId.parse("new:t:os") not in lab.kernels["a.dev"].processes
    assert "SyntaxError" in lab.prints()[0]


@commander
async def test_what_cannot_be_run(lab: Lab, our: Our):
    for id_ in ("nobody:t:os", "kernel:distro:sys"):
        assert await tell(our, {"RunProcess": id_}) == "RunProcessError"
    assert lab.prints() == [
        "kernel: no such process nobody:t:os to run",
        "kernel: no such process kernel:distro:sys to run",
    ]


@commander
async def test_a_process_that_runs_already_is_sent_its_run(lab: Lab, our: Our):
    received: list[Any] = []
    lab.start(OTHER, collector(received))
    assert await tell(our, {"RunProcess": "other:t:os"}) == "StartedProcess"
    await lab.idle()
    (run,) = received
    assert (run.body, str(run.source), run.expects_response) == (b"run", f"a.dev@{KERNEL}", None)


# ------------------------------------------------------------------------------------------- kill


@commander
async def test_kill_tells_aloud_when_it_is_asked_for_an_answer(lab: Lab, our: Our):
    for expected in (True, False):
        process = lab.start(OTHER, sink, on_exit=OnExit.RESTART)
        if expected:
            assert await tell(our, {"KillProcess": "other:t:os"}) == {"KilledProcess": "other:t:os"}
        else:
            await our.send_request(KERNEL, {"KillProcess": "other:t:os"})
            await lab.idle()
        assert process.ended
        assert "kernel: killing process other:t:os" in lab.prints(0 if expected else 2)
    await asyncio.sleep(100)
    assert ProcessId.parse("other:t:os") not in lab.kernels["a.dev"].processes


@commander
async def test_to_kill_what_is_not_there_is_answered(lab: Lab, our: Our):
    for id_ in ("nobody:t:os", "kernel:distro:sys", "not_safe:t:os"):
        assert await tell(our, {"KillProcess": id_}) == "KillProcessError"
        assert f"kernel: no such process {id_} to kill" in lab.prints(2)
    assert lab.prints() == []


@commander
async def test_a_restart_that_is_waited_for_can_be_killed(lab: Lab, our: Our):
    async def ends(_: Our) -> None:
        return

    process = lab.start(OTHER, ends, on_exit=OnExit.RESTART)
    await lab.idle()
    assert process.id in lab.kernels["a.dev"].restarting
    assert await tell(our, {"KillProcess": str(process.id)}) == {"KilledProcess": str(process.id)}
    assert lab.kernels["a.dev"].restarting == {}


@pytest.mark.parametrize("metadata", [None, "no-revoke"])
@in_lab
async def test_kill_revokes_unless_it_is_told_not_to(lab: Lab, metadata: str | None):
    lab.command("a.dev")
    lab.start(OTHER, echo, public=False)

    async def main(our: Our) -> None:
        await tell(our, {"KillProcess": "other:t:os"}, metadata=metadata)
        lab.start(OTHER, echo, public=False, may=["main:t:os"])
        if metadata:
            await our.send_and_await_response("other:t:os", b"x")
        else:
            await failure(our.send_and_await_response("other:t:os", b"x"))

    await lab.play(MAIN, main, may=[KERNEL, "other:t:os"])


# --------------------------------------------------------------------- capabilities, exit and debug


@commander
async def test_capabilities_are_granted_and_dropped_unasked(lab: Lab, our: Our):
    other = lab.start(OTHER, sink)
    asked = {"target": "other:t:os", "capabilities": [DOOR.to_json(), DOOR.to_json()]}
    has = {
        "Debug": {"HasCap": {"on": "other:t:os", "cap": DOOR.to_json() | {"params": '{ "door":1}'}}}
    }
    await our.send_request(KERNEL, {"GrantCapabilities": asked})
    assert await tell(our, has) == {"Debug": {"HasCap": True}}
    assert other.holds(DOOR)
    await our.send_request(KERNEL, {"DropCapabilities": asked})
    assert await tell(our, has) == {"Debug": {"HasCap": False}}
    has["Debug"]["HasCap"]["on"] = "nobody:t:os"
    for name in ("GrantCapabilities", "DropCapabilities"):
        await our.send_request(KERNEL, {name: asked | {"target": "nobody:t:os"}})
    assert await tell(our, has) == {"Debug": {"HasCap": None}}


@commander
async def test_on_exit_is_set(lab: Lab, our: Our):
    other = lab.start(OTHER, sink)
    request = {"body": [1], "inherit": False, "expects_response": None, "capabilities": []}
    last = {"Requests": [[MAIN, request | {"metadata": None}, None]]}
    for on_exit in ("Restart", last, "None"):
        asked = {"target": "other:t:os", "on_exit": on_exit}
        await our.send_request(KERNEL, {"SetOnExit": asked})
        shown = await tell(our, {"Debug": {"Process": "other:t:os"}})
        assert shown["Debug"]["Process"]["on_exit"] == on_exit
    assert other.on_exit == OnExit.NONE


@commander
async def test_processes_are_shown(lab: Lab, our: Our):
    lab.start(OTHER, sink, networked=False, public=True)
    shown = (await tell(our, {"Debug": "ProcessMap"}))["Debug"]["ProcessMap"]
    assert shown.keys() == {"main:t:os", "other:t:os", KERNEL}
    assert shown["other:t:os"] == {
        "wasm_bytes_handle": "",
        "wit_version": 1,
        "on_exit": "None",
        "capabilities": [{"issuer": OTHER, "params": '"messaging"'}],
        "public": True,
    }
    one = await tell(our, {"Debug": {"Process": "other:t:os"}})
    assert one == {"Debug": {"Process": shown["other:t:os"]}}
    none = await tell(our, {"Debug": {"Process": "nobody:t:os"}})
    assert none == {"Debug": {"Process": None}}


@in_lab
async def test_the_answer_goes_to_whom_the_request_was_sent_for(lab: Lab):
    lab.command("a.dev")

    async def terminal(our: Our) -> None:
        async for message in our:
            if isinstance(message, Request):
                await our.send_request(KERNEL, message.body, inherit=True)

    lab.start(OTHER, terminal, may=[KERNEL])

    async def main(our: Our) -> Any:
        asked = {"Debug": {"Process": "nobody:t:os"}}
        return (await our.send_and_await_response("other:t:os", asked)).json()

    assert await lab.play(MAIN, main, public=False) == {"Debug": {"Process": None}}


# ----------------------------------------------------------------------------------- who and what


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b'"Nonsense"',
        b'{"Shutdown":1}',
        b'{"Shutdown":{}}',
        b'{"Debug":{"ProcessMap":1}}',
        b'{"KillProcess":"a:b:c","RunProcess":"a:b:c"}',
        b'{"KillProcess":7}',
        b'{"KillProcess":"a:b"}',
        b'{"InitializeProcess":{}}',
        b'{"Debug":{"HasCap":{"on":"a:b:c"}}}',
        b'{"SetOnExit":{"target":"a:b:c","on_exit":"Never"}}',
        b'{"GrantCapabilities":{"target":"a:b:c","capabilities":7}}',
        b"[" * 100_000,
        json.dumps(new(on_exit={"Requests": [7]})).encode(),
    ],
)
@in_lab
async def test_what_is_no_command_is_printed_and_not_answered(lab: Lab, body: bytes):
    kernel = lab.command("a.dev")

    async def main(our: Our) -> None:
        await failure(our.send_and_await_response(KERNEL, body, timeout=1, blob=ECHO))
        assert (await tell(our, {"Debug": {"Process": "nobody:t:os"}}))["Debug"]

    await lab.play(MAIN, main, may=[KERNEL])
    (said,) = lab.prints()
    assert said.startswith("kernel: couldn't parse command: ")
    assert not kernel.ended


@commander
async def test_responses_are_ignored(lab: Lab, our: Our):
    await our.send_request(our.address, b"x", expects_response=5)
    request = await our.receive()
    assert isinstance(request, Request)
    lab.kernels["a.dev"].send(lab.kernels["a.dev"].processes[our.process], b"run")
    run = await our.receive()
    await our.send_response(b"thanks", to=run)  # type: ignore[arg-type]
    assert (await tell(our, {"Debug": {"Process": "nobody:t:os"}}))["Debug"]
    assert lab.prints() == []


@in_lab
async def test_without_the_capability_it_takes_nothing(lab: Lab):
    lab.command("a.dev")
    other = lab.start(OTHER, sink)

    async def main(our: Our) -> str:
        return (await failure(our.send_and_await_response(KERNEL, {"KillProcess": "x"}))).kind

    assert await lab.play(MAIN, main) == "Timeout"
    assert not other.ended


@pytest.mark.parametrize("times", [1, 2])  # the second time on a way that is known, if there is one
@in_lab
async def test_other_nodes_cannot_command(lab: Lab, times: int):
    lab.command("b.dev")
    other = lab.start("b.dev@other:t:os", sink)

    async def main(our: Our) -> None:
        for _ in range(times):
            asked = {"KillProcess": "other:t:os"}
            there = our.send_and_await_response(f"b.dev@{KERNEL}", asked, timeout=1)
            assert (await failure(there)).kind == "Timeout"

    await lab.play(MAIN, main, may=[networking("a.dev")])
    assert not other.ended
    assert len(lab.prints()) == times
    assert lab.prints()[0].startswith(
        f"event loop: got Request from main:t:os for {KERNEL}, but target doesn't exist "
        "(perhaps it terminated): "
    )


@in_lab
async def test_any_process_of_that_name_is_the_kernel_once_it_may_be_messaged(lab: Lab):
    lab.command("a.dev")
    received: list[Any] = []
    lab.start("a.dev@kernel:t:os", collector(received), public=False)
    body = {"Debug": {"Process": "nobody:t:os"}}

    async def main(our: Our) -> str:
        response = await our.send_and_await_response("kernel:t:os", body)
        assert response.json() == {"Debug": {"Process": None}}
        await failure(our.send_and_await_response("kernel:nobody:os", body))
        return str(response.source)

    assert await lab.play(MAIN, main, may=["kernel:t:os"]) == f"a.dev@{KERNEL}"

    async def stranger(our: Our) -> None:
        await failure(our.send_and_await_response("kernel:t:os", body))

    await lab.play("a.dev@stranger:t:os", stranger)

    async def remote(our: Our) -> None:  # what other nodes send is for the process itself
        await our.send_request("a.dev@kernel:t:os", b"hello")

    await lab.play("b.dev@main:t:os", remote)
    await lab.idle()
    assert [each.body for each in received] == [b"hello"]


@in_lab
async def test_shutdown(lab: Lab):
    stopped: list[bool] = []
    lab.command("a.dev", lambda: stopped.append(True))

    async def main(our: Our) -> None:
        await our.send_request(KERNEL, "Shutdown")

    await lab.play(MAIN, main, may=[KERNEL])
    await lab.idle()
    assert stopped == [True]
