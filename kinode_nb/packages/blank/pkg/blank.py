"""blank:blank:template.os: prints the messages that it gets."""

from kinode_nb.process_lib import Our


async def init(our: Our) -> None:
    """Print until the process ends."""
    print("begin")
    async for message in our:
        print(f"got Message: {message}")
