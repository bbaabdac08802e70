"""What a transfer's row works out: progress, rate, times."""

from __future__ import annotations

import pytest

from tests.frames.transfer_rows import SECOND, START, transfer_row


@pytest.mark.parametrize(
    ("fields", "progress"),
    [
        ({}, 50.0),
        ({"bytes": None}, 0.0),
        ({"bytes": None, "status": "done"}, 100.0),
        ({"bytes": 0, "received": 0, "status": "waiting"}, 0.0),
        ({"bytes": 0, "received": 0, "status": "done"}, 100.0),
        ({"received": 2000}, 100.0),
        ({"status": "failed"}, 50.0),
    ],
)
def test_progress(fields, progress):
    assert transfer_row(**fields).progress == progress


def test_rate_while_running_is_of_the_last_second():
    samples = tuple((START + tenth * SECOND // 10, 10 * tenth) for tenth in range(30))
    samples += ((START + 3 * SECOND, 500),)
    row = transfer_row(samples=samples, now_ns=START + 3 * SECOND, received=500)
    assert row.rate == 500 - 200


def test_rate_falls_when_nothing_comes_any_more():
    row = transfer_row()
    later = transfer_row(now_ns=START + 6 * SECOND)
    assert row.rate == 400.0
    assert later.rate == 0.0


def test_rate_before_the_first_second_is_over():
    row = transfer_row(samples=(), now_ns=START + SECOND // 2, received=100)
    assert row.rate == 200.0


@pytest.mark.parametrize("status", ["done", "failed", "cancelled"])
def test_rate_of_the_whole_when_finished(status):
    end = START + 4 * SECOND
    row = transfer_row(status=status, finished_ns=end, now_ns=end + 90 * SECOND)
    assert row.rate == 500 / 4
    assert row.elapsed_ns == 4 * SECOND


def test_what_an_earlier_attempt_brought_took_no_time():
    end = START + SECOND
    row = transfer_row(
        samples=((START, 400), (end, 500)), status="done", finished_ns=end, now_ns=end
    )
    assert row.rate == 100.0


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "waiting", "started_ns": None, "samples": (), "received": 0},
        {"status": "paused"},
        {"now_ns": START, "samples": ()},
        {"status": "done", "finished_ns": START},
    ],
)
def test_an_unknown_rate_is_0(fields):
    row = transfer_row(**fields)
    assert row.rate == 0.0
    assert row.remaining_ns == (0 if row.status == "done" else None)


def test_elapsed():
    assert transfer_row().elapsed_ns == 2 * SECOND
    assert transfer_row(started_ns=None).elapsed_ns is None


def test_remaining():
    assert transfer_row().remaining_ns == 500 / 400 * SECOND
    assert transfer_row(bytes=None).remaining_ns is None
    assert transfer_row(received=1000, status="done").remaining_ns == 0
    assert transfer_row(status="failed").remaining_ns is None
