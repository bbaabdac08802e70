from __future__ import annotations

import threading

import pytest

from kinode_nb.notebook.widgets import progress
from kinode_nb.notebook.widgets.progress import STALE, Progress
from kinode_nb.notebook.widgets.progress_text import FINAL
from kinode_nb.notebook.widgets.refresher import Refresher
from tests.notebook.widgets.fake_transfer import FakeTransfer, done, failed, row, running


class FakeSurface:
    """Remembers what it was asked to show; lives on as a widget does."""

    interval = 0.1

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    def open(self, shown) -> None:
        self.calls.append(("open", shown))

    def update(self, shown) -> None:
        self.calls.append(("update", shown))

    def settle(self, shown) -> bool:
        self.calls.append(("settle", shown))
        return shown.status not in FINAL


class StillRefresher(Refresher):
    """Refreshes when a test says so, and at what time."""

    def _start(self) -> None:
        pass


@pytest.fixture
def surface() -> FakeSurface:
    return FakeSurface()


@pytest.fixture
def refresher() -> StillRefresher:
    return StillRefresher()


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "GRACE", 0.0)


def started(transfer: FakeTransfer, surface: FakeSurface, refresher: Refresher) -> Progress:
    view = Progress(transfer, surface, refresher)
    view.start()
    return view


def test_many_changes_become_few_updates_and_the_newest_is_shown(surface, refresher):
    transfer = FakeTransfer()
    started(transfer, surface, refresher)
    for count in range(1000):
        transfer.become(running(count))
        refresher.refresh(100 + count / 1000)
    transfer.become(running(1000))
    refresher.refresh(101.1)
    updates = [shown for call, shown in surface.calls if call == "update"]
    assert len(updates) <= 11
    assert updates[-1].received == 1000


def test_a_change_on_the_runtimes_thread_takes_no_snapshot(surface, refresher):
    transfer = FakeTransfer()
    started(transfer, surface, refresher)
    looks = transfer.looks
    transfer.become(running(1))
    assert transfer.looks == looks


@pytest.mark.parametrize("end", [done(), failed("gone"), failed("gone", 5, 10), done(0)])
def test_the_last_state_arrives_at_once_and_nothing_after_it(surface, refresher, end):
    transfer = FakeTransfer()
    started(transfer, surface, refresher)
    transfer.become(running(1))
    refresher.refresh(100)
    transfer.become(end)
    refresher.refresh(100.001)
    assert surface.calls[-1] == ("settle", end)
    assert transfer.listeners == []
    count = len(surface.calls)
    refresher.refresh(200)
    assert len(surface.calls) == count


def test_a_transfer_that_has_ended_before_is_shown_as_it_ended(surface, refresher):
    transfer = FakeTransfer(failed("no such file"))
    started(transfer, surface, refresher)
    assert surface.calls[-1] == ("settle", failed("no such file"))
    assert transfer.listeners == []


def test_finish_makes_the_present_state_true_and_goes_on_following(surface, refresher):
    transfer = FakeTransfer(running(1))
    view = started(transfer, surface, refresher)
    transfer.become(running(5))
    view.finish()
    assert surface.calls[-1] == ("settle", running(5))
    transfer.become(done())
    refresher.refresh(100)
    assert surface.calls[-1] == ("settle", done())


def test_finish_can_be_called_again(surface, refresher):
    transfer = FakeTransfer(running(1))
    view = started(transfer, surface, refresher)
    transfer.become(done())
    view.finish()
    view.finish()
    assert [call for call, _ in surface.calls] == ["open", "settle"]


def test_without_news_it_is_drawn_again_now_and_then_since_the_rate_falls(surface, refresher):
    transfer = FakeTransfer(running(1))
    started(transfer, surface, refresher)
    refresher.refresh(100)
    count = len(surface.calls)
    refresher.refresh(100 + STALE / 2)
    assert len(surface.calls) == count
    refresher.refresh(100 + STALE)
    assert len(surface.calls) == count + 1


def test_a_surface_that_fails_is_let_go_and_harms_no_other(surface, refresher, caplog):
    class Gone(FakeSurface):
        def update(self, shown) -> None:
            raise OSError("the front end is gone")

    broken, sound = FakeTransfer(), FakeTransfer()
    started(broken, Gone(), refresher)
    started(sound, surface, refresher)
    for transfer in (broken, sound):
        transfer.become(running(1))
    refresher.refresh(100)
    assert broken.listeners == []
    assert surface.calls[-1] == ("update", running(1))
    assert "the front end is gone" in caplog.text


def test_a_small_files_view_appears_when_it_has_ended(surface, refresher, monkeypatch):
    monkeypatch.setattr(progress, "GRACE", 60.0)  # the end comes long before
    transfer = FakeTransfer(running(0))
    ending = threading.Timer(0.01, transfer.become, [done()])
    ending.start()
    started(transfer, surface, refresher)
    ending.join()
    assert surface.calls == [("open", done()), ("settle", done())]


def test_a_transfer_that_runs_longer_is_not_waited_for(surface, refresher, monkeypatch):
    monkeypatch.setattr(progress, "GRACE", 60.0)
    started(FakeTransfer(running(1, seconds=61)), surface, refresher)
    assert surface.calls[0] == ("open", running(1, seconds=61))


def test_its_text_and_its_bundle_say_how_it_stands(surface, refresher):
    transfer = FakeTransfer(row())
    view = Progress(transfer, surface, refresher)
    assert repr(view) == "my_file.txt  fake2.dev → fake.dev  0 B  waiting"
    transfer.become(done())
    bundle = view._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == repr(view)
    assert "done, verified" in bundle["text/html"]
