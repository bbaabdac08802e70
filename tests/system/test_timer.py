"""timer answers when the time is over, in virtual time too."""

import pytest

from kinode_nb.process_lib import Request, Response
from kinode_nb.types import Address
from kinode_nb.types.capabilities import TIMER
from tests.system.database_nodes import NODE

SERVER = Address(NODE, TIMER)


def test_a_timer_answers_with_an_empty_body_when_its_time_is_over(base):
    async def program(our):
        start = base.clock.seconds
        response = await our.send_and_await_response(SERVER, {"SetTimer": 2500}, 9, metadata="mine")
        return response.body, response.metadata, our.has_blob(), base.clock.seconds - start

    body, metadata, blob, took = base.run(program)
    assert (body, metadata, blob) == (b"", None, False)
    assert took == pytest.approx(2.5)


def test_none_at_all_is_answered_at_once(base):
    async def program(our):
        await our.send_and_await_response(SERVER, {"SetTimer": 0})
        return base.clock.seconds

    assert base.run(program) < 0.001


def test_timers_run_beside_each_other(base):
    async def program(our):
        for wait in (300, 100, 200):
            await our.send_request(SERVER, {"SetTimer": wait}, 5, context=wait)
        rung = [(await our.receive()).context for _ in range(3)]
        return rung, base.clock.seconds

    rung, now = base.run(program)
    assert rung == [100, 200, 300]
    assert now == pytest.approx(0.3)


def test_who_expects_no_response_is_answered_too_and_rsvp_counts(base):
    """The middle asks in the name of the first: its Response has nobody who waits but the first."""

    async def middle(our):
        await our.receive()
        await our.send_request(SERVER, {"SetTimer": 50}, inherit=True)

    async def program(our):
        response = await our.send_and_await_response("middle:app:tester.os", b"go")
        await our.send_request(SERVER, {"SetTimer": 50})
        await our.send_request(SERVER, {"SetTimer": 100}, 5)
        await our.receive()
        return response.source

    assert base.run(program, {"middle:app:tester.os": middle})[0] == SERVER
    unasked = [e for e in base.kernel.log.entries if isinstance(e, Response) and e.body == b""]
    assert len(unasked) == 3  # the second went to somebody who did not wait for it


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'"SetTimer"',
        b'{"SetTimer":-1}',
        b'{"SetTimer":1.5}',
        b'{"SetTimer":null}',
        b'{"SetTimer":18446744073709551616}',
        b'{"SetTimer":1,"Debug":null}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_action_is_printed_and_not_answered(base, body):
    async def program(our):
        await our.send_request(SERVER, body, 1)
        return (await our.receive()).kind

    assert base.run(program) == "Timeout"
    ((verbosity, text),) = [each for each in base.prints if each[1].startswith("timer")]
    assert verbosity == 1
    assert "no TimerAction" in text


@pytest.mark.parametrize("body", [b'"Debug"', b'{"Debug":null}'])
def test_debug_prints_and_is_not_answered(base, body):
    async def program(our):
        await our.send_request(SERVER, {"SetTimer": 60_000})
        await our.send_request(SERVER, body, 1)
        return (await our.receive()).kind

    assert base.run(program) == "Timeout"
    assert (0, "timer: 1 timers are set") in base.prints


def test_other_nodes_are_ignored_in_silence(base):
    async def remote(our):
        await our.send_request(SERVER, {"SetTimer": 0}, 1)
        await our.send_request(SERVER, b"nonsense", 1)
        return [(await our.receive()).kind for _ in range(2)]

    async def program(our):
        await our.send_and_await_response(SERVER, {"SetTimer": 2000})

    assert base.run(program, remote=remote)[1] == ["Timeout", "Timeout"]
    assert not [text for _, text in base.prints if "timer" in text]


def test_a_response_to_it_is_ignored(base):
    async def program(our):
        await our.send_request(SERVER, {"SetTimer": 0}, 5)
        first = await our.receive()
        await our.send_response(b"thanks")
        await our.send_and_await_response(SERVER, {"SetTimer": 1})
        return type(first)

    assert base.run(program) is Response


def test_timers_that_are_set_do_not_keep_the_node(base):
    async def program(our):
        await our.send_request(SERVER, {"SetTimer": (1 << 64) - 1})
        await our.send_and_await_response(SERVER, {"SetTimer": 1})
        return Request

    assert base.run(program) is Request
