"""What is said on one node stands in the history of the other."""

from kinode_nb.process_lib import Our, tester

PROCESS = "chat:chat:template.os"


@tester.test
async def init(our: Our, nodes: list[str]) -> None:
    """Say something to the second node, and ask both what was said."""
    assert nodes[0] == our.node
    sent = {"Send": {"target": nodes[1], "message": "hello"}}
    answer = await our.send_and_await_response(PROCESS, sent, timeout=15)
    assert answer.json() == "Send"
    said = {"History": [{"author": our.node, "content": "hello"}]}
    theirs = await our.send_and_await_response(f"{nodes[1]}@{PROCESS}", {"History": our.node})
    assert theirs.json() == said
    ours = await our.send_and_await_response(PROCESS, {"History": nodes[1]})
    assert ours.json() == said
