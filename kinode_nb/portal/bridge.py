"""The blocking interface: the only door from other threads to the runtime's thread.

A net lives on a thread and event loop of its own, so nodes keep running while a cell is busy,
and a call can block without a deadlock. All methods here may be called from any thread, from a
running event loop and from a widget's callback; inside a process they are refused, since they
would wait for themselves.
"""

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from functools import partial
from math import inf
from typing import Any, TypeVar

from kinode_nb.hosts.tasks import ProcessTasks
from kinode_nb.portal.awaiting import awaited_work
from kinode_nb.portal.interrupts import InterruptedWait, heard
from kinode_nb.portal.watchdog import Blocked, Ends, Outcome, Watchdog, nothing
from kinode_nb.runtime.stepping import NeverYieldedError, stepping_of
from kinode_nb.types import BlockingCallError, KinodeError, StuckError

T = TypeVar("T")

_SLICE = 0.1  # seconds between two looks at what holds the runtime up
_AT_ONCE = 0.15  # seconds that an interrupt may take to end a process
_PATIENCE = 2.0  # seconds that a kill may take
_ATTEMPTS = 100


class Portal:
    """A thread with an event loop, and the calls into it."""

    def __init__(self) -> None:
        """Start the thread; it ends with `close`, or with the machine process."""
        self._ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop
        self.watchdog: Watchdog
        self.say: Callable[[str], None] = _say
        """Tells the one who waits why."""
        self.forget: Callable[[ProcessTasks], None] = lambda _: None
        """Counts a process as killed; called on the runtime's thread."""
        self.is_dead: Callable[[ProcessTasks], bool] = lambda _: False
        """Tells whether a process was killed already, though it goes on."""
        self._thread = threading.Thread(target=self._run, name="kinode-nb", daemon=True)
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            self.watchdog = Watchdog(stepping_of(self.loop))
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
            raise _closed()
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(
        self,
        work: Coroutine[Any, Any, T],
        timeout: float | None = None,
        ends: Ends = nothing,
    ) -> T:
        """Run a coroutine on the runtime's thread and wait for it; an interrupt ends the wait.

        A process that never yields, and so holds it up, is named; one that ``ends`` is true of
        is ended at once. Raises TimeoutError after ``timeout`` seconds, StuckError.
        """
        if self.inside:
            work.close()
            raise _inside()
        return self._result(self.submit(work), timeout, ends)

    def do(self, action: Callable[[], T], ends: Ends = nothing) -> T:
        """Run a plain function on the runtime's thread and wait for it, as `call` does."""
        return self._result(self._post(action), None, ends)

    def later(self, action: Callable[[], object]) -> None:
        """Run a plain function on the runtime's thread, before whatever is asked of it next."""
        self._post(action)

    def read(self, action: Callable[[ProcessTasks | None], T]) -> T:
        """Run a function that changes nothing, on the runtime's thread, or here.

        That is while a process, which the function is then given, blocks that thread.
        """
        future = self._post(lambda: action(None))
        with self._interruptible(future):
            for blocked in self._blocks(future, None):
                said = blocked.named
                if self.is_dead(blocked.running):
                    outcome = self.watchdog.end(blocked, _AT_ONCE)
                    if outcome is Outcome.ENDED:
                        continue
                    said = blocked.left(outcome)
                if future.cancel():
                    self.say(said)
                    return _undisturbed(partial(action, blocked.running))
            return future.result()

    def _post(self, action: Callable[[], T]) -> "Future[T]":
        if self.inside:
            raise _inside()
        if not self._thread.is_alive():
            raise _closed()
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(action())
                except BaseException as error:  # noqa: BLE001 - the one who waits raises it
                    future.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return future

    def _result(self, future: "Future[T]", timeout: float | None, ends: Ends) -> T:
        awaiting = awaited_work.get()
        if awaiting is not None:
            awaiting.add(future, self)
        named = None
        with self._interruptible(future):
            for blocked in self._blocks(future, timeout):
                if ends(blocked) or self.is_dead(blocked.running):
                    self._end(blocked, _PATIENCE)
                elif blocked.step != named and awaiting is None:  # else `ticking` names it
                    named = blocked.step
                    self.say(blocked.named)
            return future.result()

    @contextlib.contextmanager
    def _interruptible(self, future: "Future[Any]") -> Iterator[None]:
        """Cancel the work when the waiting for it ends early; an interrupt ends what blocks it."""
        try:
            with heard():
                yield
        except KeyboardInterrupt:
            future.cancel()
            if told := self.interrupt():
                self.say(told)
            raise InterruptedWait("the waiting has ended; nodes go on") from None
        except BaseException:
            future.cancel()
            raise

    def _blocks(self, future: "Future[Any]", timeout: float | None) -> Iterator[Blocked]:
        """Wait until the work is done; yield, now and then, the process that holds it up.

        Raises TimeoutError when ``timeout`` seconds are over.
        """
        until = inf if timeout is None else time.monotonic() + timeout
        while not _is_done(future, min(_SLICE, max(0.0, until - time.monotonic()))):
            if time.monotonic() >= until:
                raise TimeoutError
            blocked = self.watchdog.look()
            if blocked is not None:
                yield blocked

    def _end(self, blocked: Blocked, patience: float) -> None:
        """Kill a process, whose OnExit is not honoured; raises StuckError."""
        self.loop.call_soon_threadsafe(self.forget, blocked.running)  # before its own end is told
        outcome = self.watchdog.end(blocked, patience)
        if outcome is not Outcome.ENDED:
            raise StuckError(blocked.left(outcome))

    def interrupt(self) -> str:
        """End the process that blocks the runtime, if one does, as an error would end it.

        Returns what is to be said of it.
        """
        blocked = self.watchdog.look()
        if blocked is None:
            return ""
        if blocked.is_the_nodes_own:
            return blocked.named
        outcome = self.watchdog.end(blocked, _AT_ONCE)
        # also where it caught the error, or gets it later
        self.loop.call_soon_threadsafe(blocked.running.fail, NeverYieldedError())
        if outcome is not Outcome.ENDED:
            return blocked.left(outcome)
        with contextlib.suppress(TimeoutError):
            self.submit(blocked.running.wait()).result(_SLICE)
        return blocked.ended if blocked.running.task.done() else blocked.caught

    def close(self, timeout: float | None = None) -> None:
        """End the thread and whatever runs on its loop; wait ``timeout`` seconds at most."""
        if not self._thread.is_alive() or self.inside:
            return
        self.loop.call_soon_threadsafe(self._stopped.set)
        until = inf if timeout is None else time.monotonic() + timeout
        while self._thread.is_alive() and (left := until - time.monotonic()) > 0:
            self._thread.join(min(_SLICE, left))
            if (blocked := self.watchdog.look()) is not None:
                self.watchdog.end(blocked, left)


def _is_done(future: "Future[Any]", seconds: float) -> bool:
    try:
        future.exception(seconds)
    except TimeoutError:
        return False
    except CancelledError:
        pass
    return True


def _undisturbed(action: Callable[[], T]) -> T:
    """Read what another thread may be changing."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(RuntimeError):  # a table has changed its size
            return action()
    return action()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _inside() -> BlockingCallError:
    return BlockingCallError(
        "a blocking call inside a process would wait for itself: use `await` and the "
        "process's own handle `our`, or kinode_nb.aio"
    )


def _closed() -> KinodeError:
    return KinodeError("this net is closed: make a new one with kinode_nb.FakeNet()")
