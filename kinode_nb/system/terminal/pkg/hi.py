"""``hi NODE TEXT``: says something on another node's terminal."""

from kinode_nb.process_lib import (
    Address,
    KinodeError,
    Our,
    ProcessId,
    ScriptError,
    SendError,
    script,
)
from kinode_nb.types import check_node_name

_USAGE = "\x1b[1mUsage:\x1b[0m hi <node_id> <message>"
_SECONDS = 10


@script
async def init(our: Our, args: str) -> str:
    """Return the answer; that nobody answers is one too."""
    if not args:
        return f"Send a text message to another node's terminal.\n{_USAGE}"
    node, space, text = args.partition(" ")
    if not space:
        raise ScriptError(f"Not enough arguments given.\n{_USAGE}")
    node = our.node if node == "our" else node
    try:
        target = Address(check_node_name(node), ProcessId("net", "distro", "sys"))
        answer = await our.send_and_await_response(target, text.encode(), timeout=_SECONDS)
    except SendError as error:
        if error.kind == "Timeout":
            return f"message to {node} timed out"
        return f"{node} is offline or does not exist"
    except KinodeError:  # no name that any node can have
        return f"{node} is offline or does not exist"
    try:
        return f"response from {node}: {answer.body.decode()}"
    except UnicodeDecodeError:
        return f"malformed response from {node}"
