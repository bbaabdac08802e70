"""``m ADDRESS BODY [-a SECONDS]``: sends a Request to any process."""

import re

from kinode_nb.process_lib import Address, KinodeError, Our, ScriptError, SendError, script

_USAGE = "\x1b[1mUsage:\x1b[0m m <target> <body> [-a <await_time>]"
_WORDS = re.compile(r"'[^']*'|\S+")
_NUMBER = re.compile(r"[0-9]{1,20}")  # as many digits as a u64 has
_U64 = 1 << 64
_SECONDS = 5
_AWAIT = ("-a", "--await")
_REFUSALS = {
    "Timeout": "Target did not send response in time, try increasing the await time",
    "Offline": "Failed to send message because the target is offline",
}


@script
async def init(our: Our, args: str) -> str:
    """Return the Response's body with ``-a``; else wait for it, and say nothing."""
    if not args:
        return f"Send a request to a process.\n{_USAGE}"
    target, body, seconds = _parsed(args)
    # whoever answers a process that is not public needs a right to: so all that is held goes along
    held = [each for each in our.our_capabilities() if each.issuer.process == target.process]
    if seconds is not None:
        our.print_to_terminal(0, f"Awaiting response for {seconds}s")
    try:
        answer = await our.send_and_await_response(
            target,
            body.encode(),
            timeout=_SECONDS if seconds is None else seconds,
            capabilities=held,
        )
    except SendError as error:
        if seconds is None:
            return ""
        failure = ScriptError(_REFUSALS[error.kind])
        if error.reason:
            failure.add_note(f"({error.reason})")
        raise failure from None
    return "" if seconds is None else answer.body.decode(errors="replace")


def _parsed(args: str) -> tuple[Address, str, int | None]:
    """Return target, body and how long to wait; raises ScriptError. Single quotes group words."""
    positions: list[str] = []
    seconds: int | None = None
    words = [(word, _unquoted(word)) for word in _WORDS.findall(args)]
    while words:
        word, text = words.pop(0)
        flag, equals, value = word.partition("=")
        if flag in _AWAIT and seconds is None:
            seconds = _whole(value if equals else words.pop(0)[1] if words else "")
        elif re.fullmatch(r"-a\d+", word) and seconds is None:
            seconds = _whole(word.removeprefix("-a"))
        elif word.startswith("-") and len(word) > 1:
            raise _mistake("Failed to parse args.")
        else:
            positions.append(text)
    if len(positions) != 2:  # noqa: PLR2004 - target and body
        raise _mistake("Failed to parse args.")
    return _address(positions[0]), positions[1], seconds


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == "'" else word


def _whole(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 0 < int(text) < _U64:
        raise _mistake("Failed to parse args.")
    return int(text)


def _address(text: str) -> Address:
    """Return the target, ``our@`` for the own node; underscores are hyphens."""
    try:
        return Address.parse(text.replace("_", "-"))
    except KinodeError:
        raise _mistake(f'Invalid address: "{text}"') from None


def _mistake(what: str) -> ScriptError:
    return ScriptError(f"{what}\n{_USAGE}")
