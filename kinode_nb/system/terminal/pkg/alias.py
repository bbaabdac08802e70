"""``alias NAME [PROCESS]``: gives a script a name, or takes the name away."""

from kinode_nb.process_lib import KinodeError, Our, ProcessId, ScriptError, script

_USAGE = "\x1b[1mUsage:\x1b[0m alias <alias_name> <process_id>"
_TERMINAL = "terminal:terminal:sys"


@script
async def init(our: Our, args: str) -> str:
    """Ask the terminal, which says what it did."""
    if not args:
        return f"Change alias for a process.\n{_USAGE}"
    name, _, process = args.partition(" ")
    if not name:
        raise ScriptError(f"No alias given.\n{_USAGE}")
    process = process.strip().replace("_", "-")
    if process:
        try:
            ProcessId.parse(process)
        except KinodeError:
            raise ScriptError(f"Invalid process ID.\n{_USAGE}") from None
    await our.send_request(_TERMINAL, {"EditAlias": {"alias": name, "process": process or None}})
    return "alias set"
