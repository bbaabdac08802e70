"""``kfetch``: the node at a glance."""

from kinode_nb.process_lib import KinodeError, Our, ScriptError, script

from .net_answers import ask

_SECONDS = 60
_BIRD = r"""
      __
  ___( o)>
  \ <_. )
   `---'
""".strip("\n").splitlines()
_WIDTH = 14


@script
async def init(our: Our, _: str) -> str:
    """Return a picture, and beside it what Kinode's has: there is no chain to tell of."""
    _, key, routing = await ask(
        our,
        {"GetPeer": our.node},
        "Peer",
        _SECONDS,
        "failed to get response from net",
        "got malformed response from net",
    )
    try:
        answer = await our.send_and_await_response(
            "kernel:distro:sys", {"Debug": "ProcessMap"}, timeout=_SECONDS
        )
        running = len(answer.json()["Debug"]["ProcessMap"])
    except (KinodeError, KeyError, TypeError):
        raise ScriptError("failed to get response from kernel") from None
    ip, ports = routing.get("Direct", ("", {}))
    facts = [
        our.node,
        f"pubkey: {key}",
        f"routing: direct at {ip} with {', '.join(ports) or 'no port'}",
        f"{running} running processes",
    ]
    rows = zip(_BIRD, facts, strict=True)
    return "\n" + "\n".join(f"{drawn:<{_WIDTH}}{fact}" for drawn, fact in rows)
