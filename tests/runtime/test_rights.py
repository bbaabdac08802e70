"""Who may message whom, and what becomes of those who may not (specification, sections 2 and 4)."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest

from kinode_nb.process_lib import Address, Capability, Our, Request, Response, SendError
from kinode_nb.types import ProcessError
from kinode_nb.types.capabilities import canonical, messaging, networking
from tests.runtime.lab import Lab, collector, echo, failure, in_lab, sink

HERE = "a.dev@echo:t:os"
THERE = "b.dev@echo:t:os"
MAIN = "a.dev@main:t:os"
TO_ECHO = messaging(Address.parse(HERE))


async def ask(our: Our) -> SendError:
    return await failure(our.send_and_await_response("echo:t:os", b"x"))


async def ask_there(our: Our) -> SendError:
    return await failure(our.send_and_await_response(THERE, b"x", timeout=3))


@in_lab
async def test_a_local_request_wants_the_messaging_capability(lab: Lab):
    lab.start(HERE, echo, public=False)
    error = await lab.play(MAIN, ask)
    assert error.kind == "Timeout"
    assert lab.clock.seconds < 0.01, "told at once"
    assert lab.outcome(b"x") == ("denied", "main:t:os may not message echo:t:os")
    assert lab.prints() == [
        "event loop: process main:t:os doesn't have capability to message process echo:t:os"
    ]


@in_lab
async def test_a_denied_request_that_is_not_awaited_times_out_in_the_mailbox(lab: Lab):
    lab.start(HERE, echo, public=False)

    async def main(our: Our) -> Any:
        await our.send_request("echo:t:os", b"x", expects_response=5, context="mine")
        await our.send_request("echo:t:os", b"y")
        return await our.receive()

    error = await lab.play(MAIN, main)
    assert (error.kind, error.context) == ("Timeout", "mine")
    assert lab.status(b"y") == "denied"


@in_lab
async def test_a_local_response_wants_it_as_well(lab: Lab):
    lab.start(HERE, echo, public=True)

    async def main(our: Our) -> SendError:
        return await failure(our.send_and_await_response("echo:t:os", b"x", timeout=3))

    error = await lab.play(MAIN, main, public=False)
    assert error.kind == "Timeout"
    assert lab.clock.seconds > 3
    request, response = [e for e in lab.log.entries if isinstance(e, Request | Response)]
    assert lab.log.outcomes[response.seq][0] == "denied"
    assert lab.log.outcomes[request.seq][0] == "timeout"


@in_lab
async def test_capabilities_given_on_both_sides_are_enough(lab: Lab):
    lab.start(HERE, echo, public=False, may=["main:t:os"])

    async def main(our: Our) -> bytes:
        return (await our.send_and_await_response("echo:t:os", b"x")).body

    assert await lab.play(MAIN, main, public=False, may=["echo:t:os"]) == b"x"


@in_lab
async def test_a_capability_that_arrives_in_time_lets_the_answer_through(lab: Lab):
    """What `grant_capabilities` is for: the asked process may answer a private one."""
    lab.start(HERE, echo, public=False)
    main_id = Address.parse(MAIN).process

    async def main(our: Our) -> bytes:
        lab.kernels["a.dev"].processes[TO_ECHO.issuer.process].grant(our.messaging())
        return (await our.send_and_await_response("echo:t:os", b"x")).body

    assert await lab.play(MAIN, main, public=False, may=["echo:t:os"]) == b"x"
    assert main_id


@pytest.mark.parametrize("both_ways_known", [False, True])
@in_lab
async def test_a_revoked_capability_counts_from_the_next_message(lab: Lab, both_ways_known: bool):
    lab.start(HERE, echo, public=False)

    async def main(our: Our) -> SendError:
        if both_ways_known:
            await our.send_and_await_response("echo:t:os", b"first")
        our.drop_capabilities([TO_ECHO])
        return await failure(our.send_and_await_response("echo:t:os", b"second"))

    assert (await lab.play(MAIN, main, may=["echo:t:os"])).kind == "Timeout"
    assert lab.status(b"second") == "denied"


@in_lab
async def test_a_process_that_stops_being_public_is_closed_at_once(lab: Lab):
    process = lab.start(HERE, echo)

    async def main(our: Our) -> SendError:
        await our.send_and_await_response("echo:t:os", b"first")
        process.public = False
        return await ask(our)

    assert (await lab.play(MAIN, main)).kind == "Timeout"
    assert lab.status(b"x") == "denied"


@in_lab
async def test_system_processes_may_message_all(lab: Lab):
    received: list[Any] = []
    lab.start(HERE, collector(received), public=False)
    system = lab.add("a.dev@vfs:distro:sys", None, networked=False)
    system.system = True

    async def main(our: Our) -> None:
        await our.send_request("echo:t:os", b"x")

    system.program = main
    lab.lifecycles["a.dev"].run(system)
    await lab.idle()
    assert [each.body for each in received] == [b"x"]


@in_lab
async def test_other_nodes_are_reached_with_the_network_capability_only(lab: Lab):
    lab.start(THERE, echo)
    error = await lab.play(MAIN, ask_there, networked=False)
    assert error.kind == "Timeout"
    assert lab.clock.seconds < 0.01
    assert lab.outcome(b"x") == ("denied", "main:t:os may not use the network")


@in_lab
async def test_kinode_tells_in_its_own_words(lab: Lab):
    lab.start(HERE, sink, public=False, networked=False)
    lab.start(MAIN, _ask_everybody, networked=False, may=[TO_ECHO])
    await lab.idle()
    assert lab.prints(0) == [
        "event loop: process main:t:os doesn't have capability to send networked messages",
        'their capabilities: a.dev@echo:t:os("messaging"), a.dev@main:t:os("messaging")',
    ]
    assert lab.prints(2) == [
        "event loop: process main:t:os sent message to non-existing nobody:t:os; dropping message"
    ]
    lab.start("b.dev@main:t:os", _ask_everybody)
    await lab.idle()
    (refused,) = lab.prints(0)[2:]
    assert refused == (
        "event loop: process echo:t:os got a message from over the network, but doesn't have "
        "capability to receive networked messages"
    )
    assert lab.prints(2)[1:] == [
        "event loop: got Request from network for nobody:t:os, but process does not exist"
    ]


async def _ask_everybody(our: Our) -> None:
    node = "a.dev" if our.node == "b.dev" else "our"
    await our.send_request(f"{node}@nobody:t:os", b"x")
    await our.send_request(f"{node}@echo:t:os", b"x")
    if our.node == "a.dev":
        await our.send_request("b.dev@echo:t:os", b"x")


@pytest.mark.parametrize("name", ["kernel", "state", "vfs"])
@in_lab
async def test_who_may_message_all_is_told_otherwise_that_nobody_is_there(lab: Lab, name: str):
    async def module(our: Our) -> None:
        await our.send_request("nobody:t:os", b"x")

    process = lab.add(f"a.dev@{name}:distro:sys", module)
    process.system = process.runtime = True
    lab.lifecycles["a.dev"].run(process)
    await lab.idle()
    (said,) = lab.prints()
    assert said == (
        f"event loop: got Request from {name}:distro:sys for nobody:t:os, but target doesn't exist "
        "(perhaps it terminated): b'x'"
    )


@pytest.mark.parametrize("target", ["our@echo:t:os", "our@nobody:t:os", "c.dev@echo:t:os"])
@in_lab
async def test_a_runtime_module_gets_no_send_error_before_its_time_is_over(lab: Lab, target: str):
    lab.start(HERE, echo, public=False)

    async def module(our: Our) -> str:
        return (await failure(our.send_and_await_response(target, b"x", timeout=7))).kind

    async def main(our: Our) -> None:
        kinds.append(await module(our))

    kinds: list[str] = []
    process = lab.add("a.dev@net:distro:sys", main)
    process.runtime = True
    lab.lifecycles["a.dev"].run(process)
    await asyncio.sleep(6)
    assert kinds == []
    await asyncio.sleep(2)
    assert kinds == ["Timeout"]


@in_lab
async def test_and_reach_processes_with_the_network_capability_only(lab: Lab):
    lab.start(THERE, echo, networked=False)
    error = await lab.play(MAIN, ask_there)
    assert error.kind == "Timeout"
    assert lab.clock.seconds > 3, "the sender is told nothing"
    assert lab.outcome(b"x") == ("denied", "b.dev@echo:t:os may not use the network")


@in_lab
async def test_from_another_node_the_network_capability_is_enough(lab: Lab):
    lab.start(THERE, echo, public=False)

    async def main(our: Our) -> bytes:
        return (await our.send_and_await_response(THERE, b"x")).body

    assert await lab.play(MAIN, main, public=False) == b"x"


@in_lab
async def test_an_answer_to_another_node_wants_the_network_too(lab: Lab):
    process = lab.start(THERE, sink)

    async def answer(our: Our) -> None:
        await our.receive()
        our.drop_capabilities([networking("b.dev")])
        await our.send_response(b"never gets there")

    lab.kill(process)
    lab.start(THERE, answer)
    assert (await lab.play(MAIN, ask_there)).kind == "Timeout"
    assert lab.status(b"never gets there") == "denied"


@pytest.mark.parametrize("loser", ["sender", "receiver"])
@in_lab
async def test_losing_the_network_counts_from_the_next_message(lab: Lab, loser: str):
    there = lab.start(THERE, echo)

    async def main(our: Our) -> SendError:
        await our.send_and_await_response(THERE, b"first")
        if loser == "sender":
            our.drop_capabilities([networking("a.dev")])
        else:
            there.revoke(networking("b.dev"))
        return await ask_there(our)

    assert (await lab.play(MAIN, main)).kind == "Timeout"
    assert lab.status(b"x") == "denied"


@in_lab
async def test_known_ways_are_forgotten_with_their_ends(lab: Lab):
    """A process that lives long keeps nothing of the many that it has talked to."""
    server = lab.start(HERE, echo)

    async def client(our: Our) -> None:
        await our.send_and_await_response("echo:t:os", b"x")

    for number in range(20):
        await lab.play(f"a.dev@client-{number}:t:os", client)
        await lab.play(f"b.dev@client-{number}:t:os", _ask_echo_there)
    assert server.lines == {}
    assert server.incoming == {}
    assert (server.sent, server.received) == (40, 40)


async def _ask_echo_there(our: Our) -> None:
    await our.send_and_await_response(HERE, b"x")


# ------------------------------------------------------------------------------------- attached


@in_lab
async def test_attached_capabilities_are_those_held_or_issued(lab: Lab):
    received: list[Request] = []
    lab.start(THERE, collector(received))
    forged = Capability.make(Address.parse("a.dev@vfs:distro:sys"), {"root": True})

    async def main(our: Our) -> None:
        own = Capability.make(our.address, {"door": 1})
        held = networking("a.dev")
        await our.send_request(THERE, b"x", capabilities=[own, held, forged])

    await lab.play(MAIN, main)
    await lab.idle()
    assert [c.params for c in received[0].capabilities] == ['{"door":1}', '"network"']


@in_lab
async def test_only_the_process_of_the_issuer_is_compared_and_the_other_node_believes_none_of_it(
    lab: Lab,
):
    received: list[Request] = []
    lab.start("b.dev@main:t:os", collector(received))
    forged = messaging(Address.parse("b.dev@main:t:os"))
    lab.start("b.dev@echo:t:os", collector(received))

    async def main(our: Our) -> None:
        await our.send_request("b.dev@main:t:os", b"x", capabilities=[forged, our.messaging()])

    await lab.play(MAIN, main)
    await lab.idle()
    sent = lab.find(b"x")
    assert sent.capabilities == (forged, messaging(sent.source))
    assert received[0].capabilities == (messaging(sent.source),)


@pytest.mark.parametrize("kind", ["request", "awaited"])
@in_lab
async def test_what_left_the_node_is_believed_when_another_brings_it_back(lab: Lab, kind: str):
    door = Capability.make(Address.parse(MAIN), {"door": 1})
    never = Capability.make(Address.parse(MAIN), {"door": 2})

    async def keeper(our: Our) -> None:
        card = await our.receive()
        our.save_capabilities(card.capabilities)
        # one that it cannot hold: its node thinks it may, as the real one would
        lab.kernels["b.dev"].processes[our.process].grant(never)
        back = our.our_capabilities()
        if kind == "request":
            await our.send_request(card.source, b"back", capabilities=back)
        else:
            await our.send_response(b"back", capabilities=back)

    lab.start("b.dev@keeper:t:os", keeper)

    async def main(our: Our) -> Any:
        if kind == "awaited":
            return await our.send_and_await_response(
                "b.dev@keeper:t:os", b"card", capabilities=[door]
            )
        await our.send_request("b.dev@keeper:t:os", b"card", capabilities=[door])
        return await our.receive()

    back = await lab.play(MAIN, main)
    mine = [each for each in back.capabilities if each.issuer.node == "a.dev"]
    assert mine == [door]


@pytest.mark.parametrize("kind", ["request", "response", "awaited"])
@in_lab
async def test_received_capabilities_can_be_saved(lab: Lab, kind: str):
    wanted = Capability.make(Address.parse("a.dev@giver:t:os"), {"door": 1})

    async def giver(our: Our) -> None:
        async for message in our:
            if message.body == b"request":
                await our.send_request(message.source, b"take", capabilities=[wanted])
            else:
                await our.send_response(b"take", capabilities=[wanted])

    lab.start("a.dev@giver:t:os", giver)

    async def main(our: Our) -> None:
        with pytest.raises(ProcessError, match="never received"):
            our.save_capabilities([wanted])
        if kind == "awaited":
            await our.send_and_await_response("giver:t:os", b"")
        else:
            seconds = 5 if kind == "response" else None
            await our.send_request("giver:t:os", kind.encode(), expects_response=seconds)
            await our.receive()
        our.save_capabilities([wanted])
        assert our.get_capability("giver:t:os", {"door": 1}) == wanted

    await lab.play(MAIN, main)


@pytest.mark.parametrize(
    ("sent", "saved", "allowed"),
    [
        ('{"door": 1}', '{"door":1}', True),
        ('{"door":1,"a":2}', '{ "a": 2, "door": 1 }', True),
        ('{"door": 1}', '{"door": 2}', False),
    ],
)
@in_lab
async def test_what_was_received_is_known_by_its_parsed_params(
    lab: Lab, sent: str, saved: str, allowed: bool
):
    giver = Address.parse("a.dev@giver:t:os")

    async def give(our: Our) -> None:
        await our.send_request("main:t:os", b"", capabilities=[Capability(giver, sent)])

    async def main(our: Our) -> None:
        message = await our.receive()
        assert [each.params for each in message.capabilities] == [sent], "as it was written"
        with nullcontext() if allowed else pytest.raises(ProcessError, match="never received"):
            our.save_capabilities([Capability(giver, saved)])
        assert (canonical(Capability(giver, saved)) in our.our_capabilities()) is allowed

    playing = asyncio.ensure_future(lab.play(MAIN, main))
    await lab.idle()
    lab.start(str(giver), give)
    await playing


@in_lab
async def test_own_capabilities_can_be_saved_and_dropped(lab: Lab):
    async def main(our: Our) -> None:
        own = Capability.make(our.address, {"door": 1})
        assert our.get_capability(our.address, {"door": 1}) is None
        our.save_capabilities([own])
        assert own in our.our_capabilities()
        our.drop_capabilities([own])
        assert own not in our.our_capabilities()

    await lab.play(MAIN, main)


@in_lab
async def test_a_saved_messaging_capability_opens_the_door(lab: Lab):
    async def private(our: Our) -> None:
        await our.send_request("main:t:os", b"my card", capabilities=[our.messaging()])
        await echo(our)

    async def main(our: Our) -> bytes:
        card = await our.receive()
        assert isinstance(card, Request)
        assert (await failure(our.send_and_await_response("echo:t:os", b"x"))).kind == "Timeout"
        our.save_capabilities(card.capabilities)
        return (await our.send_and_await_response("echo:t:os", b"y")).body

    playing = asyncio.ensure_future(lab.play(MAIN, main))
    await lab.idle()
    lab.start(HERE, private, public=False)
    assert await playing == b"y"


@in_lab
async def test_what_a_process_issued_is_revoked_when_it_ends(lab: Lab):
    holder = lab.start(MAIN, sink)
    issuer = lab.start(HERE, sink)
    door = Capability.make(issuer.address, {"door": 1})
    lab.lifecycles["a.dev"].grant(holder.id, door)
    lab.lifecycles["a.dev"].grant(Address.parse("a.dev@nobody:t:os").process, door)
    assert holder.holds(door)
    lab.kill(issuer)
    assert not holder.holds(door)


@in_lab
async def test_so_is_what_its_holder_had_from_the_start(lab: Lab):
    issuer = lab.start(HERE, sink)
    holder = lab.start(MAIN, sink, may=["echo:t:os"])
    waiting = lab.add("a.dev@waiting:t:os", may=["echo:t:os"])
    lab.kill(holder)
    lab.kill(issuer)
    assert TO_ECHO not in waiting.capabilities
    assert waiting.networking, "the runtime's own are never taken back"


@in_lab
async def test_params_compare_as_parsed_json(lab: Lab):
    process = lab.start(MAIN, sink)
    issuer = Address.parse(HERE)
    process.grant(Capability(issuer, '{ "b": 1, "a": [1] }'))
    assert process.holds(Capability(issuer, '{"a":[1],"b":1}'))
    process.revoke(Capability(issuer, '{"b":1, "a":[1]}'))
    assert not process.holds(Capability(issuer, '{"a":[1],"b":1}'))


@in_lab
async def test_messaging_written_otherwise_is_the_same(lab: Lab):
    lab.start(HERE, echo, public=False)

    async def main(our: Our) -> bytes:
        return (await our.send_and_await_response("echo:t:os", b"x")).body

    spelled = Capability(Address.parse(HERE), ' "messaging" ')
    assert await lab.play(MAIN, main, may=[spelled]) == b"x"
