"""One thread for all live views: it asks each, again and again, to show what is new."""

from __future__ import annotations

import logging
import time
from threading import Event, Lock, Thread
from typing import Protocol

PAUSE = 0.1  # seconds; ten times a second is as often as a person can see
IDLE = 1.0

_logger = logging.getLogger(__name__)


class Live(Protocol):
    """A view that can be refreshed."""

    def refresh(self, now: float) -> None:
        """Show what is new, if it is time; now is in seconds of a monotonic clock."""

    def stop(self) -> None:
        """Follow no longer."""


class Refresher:
    """Refreshes views while there are any; its thread ends with the last of them."""

    def __init__(self) -> None:
        """Start with no view, and no thread."""
        self._lock = Lock()
        self._views: list[Live] = []
        self._thread: Thread | None = None
        self._news = Event()

    def add(self, view: Live) -> None:
        """Refresh this view too, from now on."""
        with self._lock:
            self._views.append(view)
            if self._thread is None:
                self._start()
        self.wake()

    def discard(self, view: Live) -> None:
        """Refresh this view no more."""
        with self._lock:
            if view in self._views:
                self._views.remove(view)
        self.wake()  # the thread ends with the last view, and need not sleep until it notices

    def wake(self) -> None:
        """Say that there is something new; cheap, and safe from any thread."""
        self._news.set()

    def refresh(self, now: float) -> None:
        """Refresh every view once; one that fails is shown no more, and harms no other."""
        for view in tuple(self._views):
            try:
                view.refresh(now)
            except Exception:  # whatever a front end's connection raises when it is gone
                _logger.exception("a live view has failed, and stays as it is")
                view.stop()

    def _start(self) -> None:
        self._thread = Thread(target=self._run, name="kinode-views", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._has_views():
            self._news.wait(IDLE)
            self._news.clear()
            self.refresh(time.monotonic())
            time.sleep(PAUSE)

    def _has_views(self) -> bool:
        with self._lock:
            if not self._views:
                self._thread = None
            return bool(self._views)


REFRESHER = Refresher()
