"""The blocking interface: the only door from other threads to the runtime's thread.

A net lives on a thread and event loop of its own, so nodes keep running while a cell is busy,
and a call can block without a deadlock. All methods here may be called from any thread, from a
running event loop and from a widget's callback; inside a process they are refused, since they
would wait for themselves.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from kinode_nb.types import BlockingCallError, KinodeError

T = TypeVar("T")


class Portal:
    """A thread with an event loop, and the calls into it."""

    def __init__(self) -> None:
        """Start the thread; it ends with `close`, or with the machine process."""
        self._ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="kinode-nb", daemon=True)
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            self._stopped = asyncio.Event()
            self.loop.call_soon(self._ready.set)
            runner.run(self._stopped.wait())

    @property
    def inside(self) -> bool:
        """True on the runtime's own thread."""
        return threading.get_ident() == self._thread.ident

    def submit(self, work: Coroutine[Any, Any, T]) -> "Any":  # concurrent.futures.Future[T]
        """Begin a coroutine on the runtime's thread; returns its concurrent future."""
        if not self._thread.is_alive():
            work.close()
            raise KinodeError("this net is closed: make a new one with kinode_nb.FakeNet()")
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine on the runtime's thread and wait for it; an interrupt ends the wait.

        Raises TimeoutError after ``timeout`` seconds.
        """
        if self.inside:
            work.close()
            raise BlockingCallError(
                "a blocking call inside a process would wait for itself: use `await` and the "
                "process's own handle `our`, or kinode_nb.aio"
            )
        future = self.submit(work)
        try:
            return future.result(timeout)  # type: ignore[no-any-return]
        except BaseException:
            future.cancel()
            raise

    def do(self, action: Callable[[], T]) -> T:
        """Run a plain function on the runtime's thread and wait for it."""

        async def work() -> T:
            return action()

        return self.call(work())

    def close(self, timeout: float | None = None) -> None:
        """End the thread and whatever runs on its loop; wait ``timeout`` seconds at most."""
        if self._thread.is_alive() and not self.inside:
            self.loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(timeout)
