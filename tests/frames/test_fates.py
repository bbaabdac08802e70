"""What became of each message."""

from __future__ import annotations

import pandas as pd
import pytest

from kinode_nb import frames
from tests.frames.log_writer import EPOCH, HERE, SECOND, LogWriter


@pytest.fixture
def written() -> LogWriter:
    return LogWriter()


def statuses(written: LogWriter) -> list[str]:
    return frames.log(written.log, EPOCH)["status"].tolist()


def rtts(written: LogWriter) -> list[float | None]:
    return [
        None if pd.isna(rtt) else rtt.total_seconds()
        for rtt in frames.log(written.log, EPOCH)["rtt"]
    ]


def test_a_request_is_sent_delivered_answered(written):
    asked = written.request()
    assert statuses(written) == ["sent"]
    written.take(asked)
    assert statuses(written) == ["delivered"]
    answer = written.response(asked)
    assert statuses(written) == ["delivered", "sent"]
    written.take(answer)
    assert statuses(written) == ["answered", "delivered"]


def test_rtt_is_from_the_request_to_the_delivery_of_its_response(written):
    asked = written.request()
    written.take(asked)
    assert rtts(written) == [None]
    answer = written.response(asked)
    assert rtts(written) == [2.0, None]  # nobody took it yet
    written.take(answer)
    assert rtts(written) == [3.0, None]


@pytest.mark.parametrize("outcome", ["timeout", "offline", "denied", "dropped"])
def test_what_was_written_down_counts_first(written, outcome):
    asked = written.request()
    written.take(asked)
    written.take(written.response(asked))
    written.log.end(asked.seq, outcome, "because")
    frame = frames.log(written.log, EPOCH)
    assert frame["status"].tolist() == [outcome, "delivered"]
    assert frame["reason"].iloc[0] == "because"
    assert frame["reason"].isna().tolist() == [False, True]


@pytest.mark.parametrize("outcome", ["denied", "dropped", "offline"])
def test_a_response_that_was_refused_answers_nothing(written, outcome):
    asked = written.request()
    written.take(asked)
    written.log.end(written.response(asked).seq, outcome, "")
    assert statuses(written) == ["delivered", outcome]
    assert rtts(written) == [None, None]


def test_a_late_response_does_not_undo_a_timeout(written):
    asked = written.request(expects_response=1)
    written.take(asked)
    written.log.end(asked.seq, "timeout", "")
    written.take(written.event("send_error", "Timeout", parent=asked.seq))
    written.log.end(written.response(asked).seq, "dropped", "late")
    assert statuses(written) == ["timeout", "delivered", "dropped"]
    assert rtts(written) == [None, None, None]


def test_the_log_knows_better_than_the_parent_what_was_answered(written):
    asked = written.request()
    passed_on = written.request(inherit=True, parent=asked.seq)
    written.take(asked)
    written.take(passed_on)
    answer = written.response(passed_on)
    written.log.answers[answer.seq] = asked.seq
    written.take(answer)
    frame = frames.log(written.log, EPOCH)
    assert frame["status"].tolist() == ["answered", "delivered", "delivered"]
    assert rtts(written) == [5.0, None, None]
    assert frame["parent"].iloc[2] == passed_on.seq  # what caused it stays what it is


def test_of_two_answers_the_first_counts(written):
    asked = written.request()
    written.take(written.response(asked))
    written.take(written.response(asked))
    assert rtts(written) == [2.0, None, None]


def test_a_parent_that_is_no_request_or_not_here_is_no_trouble(written):
    asked = written.request()
    for parent in (0, 999, written.event().seq, written.response(asked, parent=77).seq):
        written.take(written.response(asked, parent=parent))
    assert "answered" not in statuses(written)


def test_delivered_is_a_time(written):
    written.take(written.request())
    written.request()
    delivered = frames.log(written.log, EPOCH)["delivered"]
    assert delivered.iloc[0] == pd.Timestamp(EPOCH + 2 * SECOND, tz="UTC")
    assert delivered.iloc[1] is pd.NaT


def test_prints_and_conditions_have_no_status(written):
    written.event("print")
    written.event("condition", "loss 10%")
    assert frames.log(written.log, EPOCH)["status"].isna().all()


def test_a_selection_knows_what_the_whole_log_tells(written):
    asked = [written.request(source=HERE) for _ in range(4)]
    for each in asked[::2]:
        written.take(written.response(each))
    whole = frames.log(written.log, EPOCH)
    part = frames.log(written.log, EPOCH, kind="request", last=2)
    pd.testing.assert_frame_equal(
        part[["seq", "status", "rtt"]],
        whole.loc[2:3, ["seq", "status", "rtt"]].reset_index(drop=True),
    )
