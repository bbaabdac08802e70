"""A transfer, as a person holds it."""

import asyncio
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from kinode_nb.fake_net import FINAL, Net, TransferRecord
from kinode_nb.portal.awaiting import ticking
from kinode_nb.portal.bridge import Portal
from kinode_nb.portal.interrupts import InterruptedWait
from kinode_nb.types import TransferError, UsageError
from kinode_nb.types.rows import TransferRow


class Transfer:
    """One transfer: look at it, wait for it. Safe from any thread."""

    def __init__(self, portal: Portal, net: Net, record: TransferRecord) -> None:
        """Hold a transfer of a net."""
        self._portal = portal
        self._net = net
        self._record = record

    @property
    def id(self) -> str:
        """The id, such as ``t1``."""
        return self._record.id

    @property
    def file(self) -> str:
        """The name of the file."""
        return self._record.file

    @property
    def provider(self) -> str:
        """The node that the file comes from."""
        return self._record.provider

    @property
    def requestor(self) -> str:
        """The node that the file goes to."""
        return self._record.requestor

    @property
    def status(self) -> str:
        """``waiting``, ``running``, ``paused``, ``done``, ``failed`` or ``cancelled``."""
        return self._record.status

    @property
    def progress(self) -> float:
        """From 0 to 100."""
        return self.row().progress

    @property
    def error(self) -> str:
        """Why it failed; empty otherwise."""
        return self._record.error

    @property
    def path(self) -> Path | None:
        """Where the file lies, once it is there."""
        if self._record.status != "done":
            return None
        return self._net.known(self._record.requestor).home / "vfs" / self._record.path

    def row(self) -> TransferRow:
        """Return its state of now."""
        return self._record.row()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on every change, on the runtime's thread; returns what ends that."""
        listeners = self._record.listeners
        listeners.append(callback)

        def end() -> None:
            if callback in listeners:
                listeners.remove(callback)

        return end

    def wait(self, timeout: float | None = None) -> "Transfer":
        """Wait until it has ended.

        Raises TransferError with the reason when it failed, TimeoutError after ``timeout``
        seconds; the transfer goes on then, as it does after an interrupt, which says so.
        """
        try:
            self._portal.call(self._until_final(timeout))
        except KeyboardInterrupt:
            raise InterruptedWait(self._what_goes_on()) from None
        return self._checked()

    def __await__(self) -> Generator[Any, None, "Transfer"]:
        """Wait in any event loop; raises as `wait` does."""
        return self.waited().__await__()

    async def waited(self, timeout: float | None = None) -> "Transfer":
        """Wait in any event loop, as `wait` does."""
        try:
            future = self._portal.submit(self._until_final(timeout))
            await ticking(asyncio.wrap_future(future), lambda: self._portal)
        except KeyboardInterrupt:
            raise InterruptedWait(self._what_goes_on()) from None
        except asyncio.CancelledError as cancelled:
            # It stays what it is, for timeouts and task groups; where it is shown, it is one line.
            said = self._what_goes_on()
            cancelled.add_note(said)
            vars(cancelled)["_render_traceback_"] = lambda: [f"CancelledError: {said}"]
            raise
        return self._checked()

    def _what_goes_on(self) -> str:
        if self.status in FINAL:
            return f"the waiting has ended, and {self.id} is {self.status}"
        return f'only the waiting has ended: {self.id} goes on. See net.transfers("{self.id}")'

    def pause(self) -> None:
        """Hold the transfer up; not there yet."""
        raise _not_there_yet("pause")

    def resume(self) -> None:
        """Let a transfer that was held up go on; not there yet."""
        raise _not_there_yet("resume")

    def cancel(self) -> None:
        """End the transfer; not there yet."""
        raise _not_there_yet("cancel")

    def _checked(self) -> "Transfer":
        if self.status != "done":
            raise TransferError(f"{self.file} from {self.provider}: {self.error or self.status}")
        return self

    async def _until_final(self, timeout: float | None) -> None:
        ended = asyncio.Event()

        def look() -> None:
            if self.status in FINAL:
                ended.set()

        end = self.on_change(look)
        try:
            look()
            async with asyncio.timeout(timeout):
                await ended.wait()
        except TimeoutError:
            raise TimeoutError(
                f"{self.file} from {self.provider} is still {self.status} after {timeout} s"
            ) from None
        finally:
            end()

    def __eq__(self, other: object) -> bool:
        """Two handles of one transfer are equal."""
        return isinstance(other, Transfer) and other._record is self._record

    def __hash__(self) -> int:
        """Hash as the transfer that it holds."""
        return hash(id(self._record))

    def __repr__(self) -> str:
        """Return one line: what, from where, how far."""
        reason = f": {self.error}" if self.error else ""
        return (
            f"<Transfer {self.id} {self.file} {self.provider} → {self.requestor} "
            f"{self.status} {self.progress:.0f} %{reason}>"
        )


def _not_there_yet(verb: str) -> UsageError:
    return UsageError(f"{verb} is not there yet in this version: a transfer runs to its end")
