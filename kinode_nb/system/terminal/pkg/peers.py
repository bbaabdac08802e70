"""``peers``: the nodes that ours is connected with."""

from kinode_nb.process_lib import Our, script

from .net_answers import ask, shown


@script
async def init(our: Our, _: str) -> str:
    """Return a list of them."""
    peers = await ask(
        our,
        "GetPeers",
        "Peers",
        10,
        "Failed to get peers from networking module",
        "Got malformed response from networking module",
    )
    listed = "\n".join(f"{peer[0]}:\n{shown(peer)}" for peer in peers)
    return f"identities of current connected peers:\n{listed}"
