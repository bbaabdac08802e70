"""A transfer, for those who wait in an event loop."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from kinode_nb import portal
from kinode_nb.portal import awaited
from kinode_nb.types.rows import TransferRow


class Transfer:
    """A transfer; see `kinode_nb.portal.Transfer`. ``await transfer`` waits for its end."""

    def __init__(self, blocking: portal.Transfer) -> None:
        """Wrap the blocking handle of a transfer."""
        self.blocking = blocking

    @property
    def id(self) -> str:
        """The id, such as ``t1``."""
        return self.blocking.id

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.blocking.file

    @property
    def provider(self) -> str:
        """The node that the file comes from."""
        return self.blocking.provider

    @property
    def requestor(self) -> str:
        """The node that the file goes to."""
        return self.blocking.requestor

    @property
    def status(self) -> str:
        """``waiting``, ``running``, ``paused``, ``done``, ``failed`` or ``cancelled``."""
        return self.blocking.status

    @property
    def progress(self) -> float:
        """From 0 to 100."""
        return self.blocking.progress

    @property
    def error(self) -> str:
        """Why it failed; empty otherwise."""
        return self.blocking.error

    @property
    def path(self) -> Path | None:
        """Where the file lies, once it is there."""
        return self.blocking.path

    def row(self) -> TransferRow:
        """Return its state of now."""
        return self.blocking.row()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on every change, on the runtime's thread; returns what ends that."""
        return self.blocking.on_change(callback)

    async def wait(self, timeout: float | None = None) -> "Transfer":
        """Wait until it has ended; raises TransferError, TimeoutError after ``timeout`` seconds.

        The transfer goes on when the waiting is cancelled or interrupted.
        """
        await self.blocking.waited(timeout)
        return self

    def __await__(self) -> Generator[Any, None, "Transfer"]:
        """Wait until it has ended, as `wait` does."""
        return self.wait().__await__()

    async def pause(self) -> None:
        """Hold the transfer up."""
        await awaited(self.blocking.pause)

    async def resume(self) -> None:
        """Let a transfer that was held up go on."""
        await awaited(self.blocking.resume)

    async def cancel(self) -> None:
        """End the transfer."""
        await awaited(self.blocking.cancel)

    def __eq__(self, other: object) -> bool:
        """Two handles of one transfer are equal."""
        return isinstance(other, Transfer) and other.blocking == self.blocking

    def __hash__(self) -> int:
        """Hash as the transfer that it holds."""
        return hash(self.blocking)

    def __repr__(self) -> str:
        """Return one line about the transfer."""
        return repr(self.blocking)
