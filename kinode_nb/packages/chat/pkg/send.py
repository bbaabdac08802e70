"""``send:PACKAGE:PUBLISHER NODE MESSAGE``: a message to somebody, by the script's package."""

from kinode_nb.process_lib import KinodeError, Our, ScriptError, SendError, script

_SECONDS = 7  # more than the main process waits for the other node


@script
async def init(our: Our, args: str) -> str:
    """Say nothing when the message has arrived."""
    target, space, message = args.partition(" ")
    if not space:
        raise ScriptError(f"usage:\nsend:{our.package_id} target message")
    package = our.package_id
    main = f"{package.package_name}:{package}"
    said = None
    try:
        answer = await our.send_and_await_response(
            main, {"Send": {"target": target, "message": message}}, timeout=_SECONDS
        )
        said = answer.json()
    except SendError as error:
        said = {"SendError": error.kind}
    except KinodeError:  # an answer that is no JSON
        pass
    if said == "Send":
        return ""
    reason = f": {said['SendError']}" if isinstance(said, dict) and "SendError" in said else ""
    raise ScriptError(f"did not receive expected Response from {main}{reason}")
