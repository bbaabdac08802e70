"""``peer NAME``: who a node is, if it is known."""

from kinode_nb.process_lib import Our, script

from .net_answers import ask, shown


@script
async def init(our: Our, args: str) -> str:
    """Return what is known of it."""
    peer = await ask(
        our,
        {"GetPeer": args},
        "Peer",
        10,
        "Failed to get response from networking module",
        "Got malformed response from networking module",
    )
    if peer is None:
        return f"no PKI entry found with name {args}"
    return f"peer identity for {peer[0]}:\n{shown(peer)}"
