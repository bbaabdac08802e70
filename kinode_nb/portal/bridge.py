"""The blocking interface: the only door from other threads to the runtime's thread.

A net lives on a thread and event loop of its own, so nodes keep running while a cell is busy,
and a call can block without a deadlock. All methods here may be called from any thread, from a
running event loop and from a widget's callback; inside a process they are refused, since they
would wait for themselves.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from kinode_nb.types import BlockingCallError, KinodeError

T = TypeVar("T")
P = ParamSpec("P")

TICK = 0.1
"""Seconds: an interrupt reaches an event loop only when something wakes it."""


class _Work:
    """What one awaited call has submitted, so that it can be cancelled with it.

    What is submitted after that, to clean up, runs to its end.
    """

    def __init__(self) -> None:
        self._future: Future[Any] | None = None
        self._lock = threading.Lock()
        self._cancel_next = False

    def add(self, future: "Future[Any]") -> None:
        with self._lock:
            self._future = future
            cancel, self._cancel_next = self._cancel_next, False
        if cancel:
            future.cancel()

    def cancel(self) -> None:
        with self._lock:  # between two submissions, it is the second that is cancelled
            self._cancel_next = self._future is None or not self._future.cancel()


_awaited: "contextvars.ContextVar[_Work | None]" = contextvars.ContextVar("awaited", default=None)


async def ticking(future: "asyncio.Future[T]") -> T:
    """Await a future of this loop, waking the loop often enough for an interrupt to be seen.

    When the waiting is cancelled, so is the future.
    """
    try:
        while not future.done():
            await asyncio.wait([future], timeout=TICK)
    finally:
        if not future.cancel() and not future.cancelled():
            future.exception()  # looked at, so that asyncio does not complain that nobody did
    return future.result()


async def awaited(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await a blocking call, made in a thread; cancelling it cancels what it submitted."""
    work = _Work()
    context = contextvars.copy_context()
    context.run(_awaited.set, work)
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(None, lambda: context.run(call, *args, **kwargs))
    try:
        return await ticking(future)
    finally:
        work.cancel()


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

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
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
        if (awaiting := _awaited.get()) is not None:
            awaiting.add(future)
        try:
            return future.result(timeout)
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
