"""What ``net:distro:sys`` answers to the scripts that ask it, in MessagePack."""

from typing import Any

import msgspec

from kinode_nb.process_lib import Our, ScriptError, SendError

_NET = "net:distro:sys"


async def ask(our: Our, action: Any, name: str, seconds: int, silence: str, nonsense: str) -> Any:
    """Return the payload of net's answer of that name; raises ScriptError with one of the texts."""
    try:
        answer = await our.send_and_await_response(
            _NET, msgspec.msgpack.encode(action), timeout=seconds
        )
    except SendError:
        raise ScriptError(silence) from None
    try:
        return msgspec.msgpack.decode(answer.body)[name]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise ScriptError(nonsense) from None


def shown(identity: list[Any]) -> str:
    """Return key and routing of ``[name, key, routing]``, as the real scripts lay them out."""
    _, key, routing = identity
    return f"    networking key: {key}\n    routing: {_debug(routing)}"


def _debug(routing: dict[str, Any]) -> str:
    """Return a routing as Rust shows it."""
    if "Direct" in routing:
        ip, ports = routing["Direct"]
        listed = ", ".join(f'"{protocol}": {port}' for protocol, port in ports.items())
        return f'Direct {{ ip: "{ip}", ports: {{{listed}}} }}'
    return f"Routers({msgspec.json.encode(routing.get('Routers')).decode()})"
