"""``echo TEXT``: prints the text."""

from kinode_nb.process_lib import Our, script


@script
async def init(_: Our, args: str) -> str:
    """Return what was typed."""
    return args
