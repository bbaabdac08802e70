"""Whatever is JSON is answered with Ack."""

from kinode_nb.process_lib import Our, tester

PROCESS = "echo:echo:template.os"


@tester.test
async def init(our: Our, nodes: list[str]) -> None:
    """Send texts, numbers and objects."""
    for body in ("test", 1, None, {"some": ["thing"]}):
        answer = await our.send_and_await_response(PROCESS, body)
        assert answer.json() == "Ack", f"after {body!r}"
