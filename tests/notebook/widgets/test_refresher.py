from __future__ import annotations

import threading

from kinode_nb.notebook.widgets.refresher import Refresher


class View:
    """Counts its refreshes, and says when there has been one."""

    def __init__(self) -> None:
        self.refreshed = threading.Event()

    def refresh(self, now: float) -> None:
        self.refreshed.set()

    def stop(self) -> None:
        pass


def threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "kinode-views"]


def test_one_thread_serves_all_views_and_ends_with_the_last():
    refresher, views = Refresher(), [View() for _ in range(50)]
    before = threads()
    for view in views:
        refresher.add(view)
    (mine,) = (t for t in threads() if t not in before)
    for view in views:
        assert view.refreshed.wait(10)
        refresher.discard(view)
    mine.join(10)
    assert not mine.is_alive()


def test_after_the_last_view_a_new_one_is_served_too():
    refresher = Refresher()
    for _ in range(3):
        view = View()
        refresher.add(view)
        assert view.refreshed.wait(10)
        refresher.discard(view)


def test_news_wake_it():
    refresher, view = Refresher(), View()
    refresher.add(view)
    assert view.refreshed.wait(10)
    view.refreshed.clear()
    refresher.wake()
    assert view.refreshed.wait(10)
    refresher.discard(view)


def test_discarding_a_view_twice_or_unknown_is_fine():
    refresher = Refresher()
    refresher.discard(View())
