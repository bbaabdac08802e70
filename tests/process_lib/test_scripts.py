"""`script`, by which a terminal's scripts are made."""

from __future__ import annotations

from kinode_nb.process_lib import Our, ScriptError, script
from tests.runtime.lab import Lab, in_lab

MAIN = "a.dev@main:t:os"
SCRIPT = "a.dev@1:t:os"


@script
async def shout(our: Our, args: str) -> str:
    if not args:
        raise ScriptError("usage: shout text")
    return args.upper()


async def tell(lab: Lab, body: bytes) -> None:
    lab.start(SCRIPT, shout, public=True)

    async def main(our: Our) -> None:
        await our.send_request("1:t:os", body)

    await lab.play(MAIN, main)
    await lab.idle()


@in_lab
async def test_what_a_script_returns_is_printed(lab: Lab):
    await tell(lab, b"hello")
    assert lab.prints() == ["HELLO"]
    assert not lab.kernels["a.dev"].processes


@in_lab
async def test_it_is_the_response_where_one_is_expected(lab: Lab):
    lab.start(SCRIPT, shout, public=True)

    async def main(our: Our) -> bytes:
        return (await our.send_and_await_response("1:t:os", b"hello")).body

    assert await lab.play(MAIN, main) == b"HELLO"
    assert lab.prints() == []


@in_lab
async def test_a_script_error_is_said_and_no_traceback_follows(lab: Lab):
    await tell(lab, b"")
    assert lab.prints() == ["usage: shout text"]
    assert "process a.dev@1:t:os returned without error" in lab.prints(1)
    assert any(isinstance(error, ScriptError) for error in lab.ended.values())


@in_lab
async def test_arguments_that_are_no_text_are_replaced(lab: Lab):
    await tell(lab, b"a\xff")
    assert lab.prints() == ["A�"]
