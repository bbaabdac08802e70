"""``list-files:PACKAGE:PUBLISHER NODE``: what the package offers on a node."""

from kinode_nb.process_lib import (
    Address,
    KinodeError,
    Our,
    ProcessId,
    ScriptError,
    SendError,
    script,
)

_SECONDS = 5


@script
async def init(our: Our, args: str) -> str:
    """Return a table, one file a line."""
    who = args.strip()
    if not who:
        raise ScriptError(f"usage: list-files:{our.package_id} who")
    main = ProcessId.parse(f"{our.package_id.package_name}:{our.package_id}")
    try:
        answer = await our.send_and_await_response(
            Address(who, main), "ListFiles", timeout=_SECONDS
        )
    except SendError as error:
        raise ScriptError(f"did not receive expected Response from {who}: {error.kind}") from None
    try:
        files = answer.json()["ListFiles"]
        entries = [f"{file['name'].rpartition('/')[2]}\t\t{file['size']}" for file in files]
    except (KinodeError, KeyError, TypeError, AttributeError):
        raise ScriptError(f"did not receive expected ListFiles from {who}") from None
    return "\n".join([f"{who} available files:", "File\t\tSize (bytes)", *entries])
