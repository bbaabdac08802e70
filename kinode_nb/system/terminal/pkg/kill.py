"""``kill PROCESS``: ends a process, whatever its OnExit says."""

from kinode_nb.process_lib import KinodeError, Our, ProcessId, ScriptError, SendError, script
from kinode_nb.types.capabilities import APP_STORE, TERMINAL, TESTER

_KERNEL = "kernel:distro:sys"
_SECONDS = 60
_NEEDED = (APP_STORE, TERMINAL, TESTER)  # nothing would start them again before the next boot


@script
async def init(our: Our, args: str) -> str:
    """Have the kernel end it; a process that is not there is an answer as well."""
    try:
        process = ProcessId.parse(args.strip().replace("_", "-"))
    except KinodeError:
        raise ScriptError("Invalid process ID.\n\x1b[1mUsage:\x1b[0m kill <process_id>") from None
    if process in _NEEDED:
        raise ScriptError(
            f"{process} belongs to {our.node} itself, which cannot do without it: "
            f"%kinode stop {our.node} stops the node"
        )
    try:
        answer = await our.send_and_await_response(
            _KERNEL, {"KillProcess": str(process)}, timeout=_SECONDS
        )
        said = answer.json()
    except SendError:
        raise ScriptError("failed to get response from kernel") from None
    except KinodeError:
        raise ScriptError("failed to parse kernel response") from None
    if not isinstance(said, dict) or "KilledProcess" not in said:
        raise ScriptError(f"process {process} not running, or one of the node's own")
    return f"killed process {said['KilledProcess']}"
