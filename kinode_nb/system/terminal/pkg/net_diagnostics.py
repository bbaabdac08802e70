"""``net-diagnostics``: how the network is, in words."""

from kinode_nb.process_lib import Our, script

from .net_answers import ask


@script
async def init(our: Our, _: str) -> str:
    """Return what net says."""
    text = await ask(
        our,
        "GetDiagnostics",
        "Diagnostics",
        60,
        "Failed to get diagnostics from networking module",
        "Got malformed response from networking module",
    )
    return f"\r\n{text}"
