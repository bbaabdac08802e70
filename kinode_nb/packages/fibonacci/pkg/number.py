"""``number:fibonacci:template.os N``: has a number calculated, which the main process prints."""

from kinode_nb.process_lib import KinodeError, Our, ScriptError, SendError, script

_MAIN = "fibonacci:fibonacci:template.os"
_SECONDS = 5
_LARGEST = 2**32 - 1


@script
async def init(our: Our, args: str) -> str:
    """Say nothing; what is no number counts as 0, as in the template."""
    digits = args.strip()
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    try:
        answer = await our.send_and_await_response(
            _MAIN, {"Number": number if number <= _LARGEST else 0}, timeout=_SECONDS
        )
        said = answer.json()
    except SendError as error:
        raise ScriptError(f"did not receive expected Response from {_MAIN}: {error.kind}") from None
    except KinodeError:
        said = None
    if not isinstance(said, dict) or "Number" not in said:
        raise ScriptError(f"did not receive expected Number from {_MAIN}")
    return ""
