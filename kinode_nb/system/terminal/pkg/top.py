"""``top [PROCESS] [-c]``: what the kernel knows of a process, or of all."""

from typing import Any

from kinode_nb.process_lib import KinodeError, Our, ProcessId, ScriptError, SendError, script

_USAGE = (
    "\x1b[1mUsage:\x1b[0m\n    \ntop [-c <show-caps>] <- to view all processes\n"
    "    \ntop <process_id> [-c <show-caps>] <- to view one process"
)
_KERNEL = "kernel:distro:sys"
_SECONDS = 60
_CAPABILITIES = ("-c", "--show-caps")
_END = "\r\n"


@script
async def init(our: Our, args: str) -> str:
    """Return the table."""
    words = args.split()
    shows = any(word in _CAPABILITIES for word in words)
    named = [word for word in words if word not in _CAPABILITIES]
    if len(named) > 1 or any(word.startswith("-") for word in named):
        raise ScriptError(f"Failed to parse args.\n{_USAGE}")
    if not named:
        table = (await _ask(our, "ProcessMap"))["ProcessMap"]
        shown = _END.join(_process(id_, table[id_], shows) for id_ in sorted(table))
        return f"{_END}{shown}{_END}{_END}top: {len(table)} running processes"
    try:
        id_ = str(ProcessId.parse(named[0].replace("_", "-")))
    except KinodeError as error:
        raise ScriptError(f"invalid process id: {error}\n{_USAGE}") from None
    process = (await _ask(our, {"Process": id_}))["Process"]
    if process is None:
        raise ScriptError(f"process {id_} not running")
    return _process(id_, process, shows)


async def _ask(our: Our, what: Any) -> Any:  # JSON enters here
    try:
        answer = await our.send_and_await_response(_KERNEL, {"Debug": what}, timeout=_SECONDS)
        return answer.json()["Debug"]
    except SendError:
        raise ScriptError("Failed to get response from kernel") from None
    except (KinodeError, KeyError, TypeError):
        raise ScriptError("Failed to parse kernel response") from None


def _process(id_: str, process: Any, shows: bool) -> str:  # JSON enters here
    capabilities = process["capabilities"]
    listed = "".join(f"{each['issuer']}({each['params']}){_END}        " for each in capabilities)
    count = f"{len(capabilities)}, use -c to display"
    on_exit = process["on_exit"]
    lines = (
        f"{id_}:",
        f"    {process['wasm_bytes_handle'] or '(runtime)'}",
        f"    wit: {process['wit_version'] or 0}",
        f"    on-exit: {on_exit if isinstance(on_exit, str) else next(iter(on_exit), 'None')}",
        f"    public: {str(process['public']).lower()}",
        "    capabilities:",
        f"        {listed if shows else count}",
    )
    return _END.join(lines)
