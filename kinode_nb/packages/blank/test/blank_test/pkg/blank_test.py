"""The process runs, and takes messages from nobody who was not given the right to send any."""

from kinode_nb.process_lib import Our, SendError, tester

PROCESS = "blank:blank:template.os"


@tester.test
async def init(our: Our, nodes: list[str]) -> None:
    """Look for the process in the kernel's list, and try to reach it."""
    answer = await our.send_and_await_response("kernel:distro:sys", {"Debug": "ProcessMap"})
    running = answer.json()["Debug"]["ProcessMap"]
    assert PROCESS in running
    assert not running[PROCESS]["public"]
    try:
        await our.send_and_await_response(PROCESS, "hello", timeout=1)
    except SendError as error:
        assert error.kind == "Timeout"
    else:
        tester.fail(f"{PROCESS} has answered, and is not public")
