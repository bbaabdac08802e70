from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kinode_nb import frames
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.types import Address, UsageError
from tests.frames.log_writer import EPOCH, HERE, SECOND, THERE, LogWriter

OTHER = Address.parse("fake3.dev@my-worker:chat:template.os")


@pytest.fixture(scope="module")
def log() -> MessageLog:
    """Six entries, a second apart: at 1 to 6 seconds."""
    written = LogWriter()
    asked = written.request(b'{"Send":"one"}')
    written.response(asked, b'"Ack"')
    written.request(b'{"Send":"two (2)"}', HERE, OTHER)
    written.request(b'{"Receive":1}', OTHER, THERE)
    written.event("print", "three")
    written.request(b"\xff", THERE, THERE)
    return written.log


def found(log: MessageLog, **filters) -> list[int]:
    return frames.log(log, EPOCH, **filters)["seq"].tolist()


@pytest.mark.parametrize(
    ("filters", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"node": "fake.dev"}, [1, 2, 3, 5]),
        ({"node": "fake3.dev"}, [3, 4]),
        ({"process": "chat"}, [1, 2, 3, 5]),
        ({"process": "chat:chat"}, [1, 2, 3, 5]),
        ({"process": "chat:chat:template.os"}, [1, 2, 3, 5]),
        ({"process": HERE.process}, [1, 2, 3, 5]),
        ({"process": "my_worker"}, [3, 4]),
        ({"process": "file_transfer:files:template.os"}, [1, 2, 4, 6]),
        ({"process": OTHER}, [3, 4]),
        ({"process": "fake.dev@file-transfer:files:template.os"}, []),
        ({"kind": "request"}, [1, 3, 4, 6]),
        ({"kind": "send_error"}, []),
        ({"kind": "send-error"}, []),
        ({"type": "Send"}, [1, 3]),
        ({"type": "Cancelled"}, []),
        ({"since": 4}, [4, 5, 6]),
        ({"since": np.int64(4)}, [4, 5, 6]),
        ({"since": "4"}, [4, 5, 6]),
        ({"since": "2s"}, [4, 5, 6]),
        ({"since": "1s 500ms"}, [5, 6]),
        ({"since": dt.timedelta(seconds=2)}, [4, 5, 6]),
        ({"since": pd.Timedelta(seconds=2)}, [4, 5, 6]),
        ({"since": pd.Timestamp(EPOCH + 5 * SECOND, tz="UTC")}, [5, 6]),
        ({"since": "2023-11-14 22:13:25"}, [5, 6]),
        ({"since": "2023-11-14T23:13:25+01:00"}, [5, 6]),
        ({"since": dt.datetime(2023, 11, 14, 22, 13, 25, tzinfo=dt.UTC)}, [5, 6]),
        ({"since": "22:13:25"}, [5, 6]),
        ({"since": "22:14"}, []),
        ({"since": "2023-11-14"}, [1, 2, 3, 4, 5, 6]),
        ({"last": 2}, [5, 6]),
        ({"last": "2"}, [5, 6]),
        ({"last": 0}, []),
        ({"last": 100}, [1, 2, 3, 4, 5, 6]),
        ({"grep": "t.o"}, [3]),
        ({"grep": "two"}, [3]),
        ({"grep": r"\(2\)"}, [3]),
        ({"grep": "^.{14}$"}, [1]),
        ({"grep": r"b'\\xff'"}, [6]),
        ({"kind": "request", "last": 2}, [4, 6]),
        ({"node": "fake.dev", "type": "Send", "since": 2, "grep": "two", "last": 5}, [3]),
        ({"node": "fake.dev", "last": 0}, []),
    ],
)
def test_filters(log, filters, seqs):
    assert found(log, **filters) == seqs


@pytest.mark.parametrize(
    ("filters", "line"),
    [
        ({"node": "fkae.dev"}, "the log has no node 'fkae.dev'. Did you mean 'fake.dev'?"),
        (
            {"node": "x"},
            "the log has no node 'x'. There are: fake.dev, fake2.dev, fake3.dev",
        ),
        ({"process": "chta"}, "the log has no process 'chta'. Did you mean 'chat'?"),
        (
            {"process": "chat:cht:template.os"},
            "the log has no process 'chat:cht:template.os'. Did you mean 'chat:chat:template.os'?",
        ),
        ({"kind": "reqest"}, "the log has no kind of message 'reqest'. Did you mean 'request'?"),
        (
            {"kind": "x"},
            (
                "the log has no kind of message 'x'. "
                "There are: condition, print, request, response, send_error"
            ),
        ),
        ({"type": "send"}, "the log has no type of message 'send'. Did you mean 'Send'?"),
        ({"type": "Recieve"}, "the log has no type of message 'Recieve'. Did you mean 'Receive'?"),
        (
            {"last": "many"},
            "last='many' is no number of rows: give a whole one, such as 20",
        ),
        ({"last": -1}, "last=-1 is no number of rows: give a whole one, such as 20"),
        ({"last": 1.5}, "last=1.5 is no number of rows: give a whole one, such as 20"),
        (
            {"grep": "(two"},
            (
                "grep='(two' is no regular expression (missing ), unterminated subpattern at "
                r"position 0): '\\(two' finds just that text"
            ),
        ),
        *(
            (
                {"since": since},
                (
                    f"since={since!r} is no number of a message (120), no time (12:30, "
                    "2025-01-31 12:30) and no duration (10s)"
                ),
            )
            for since in ("yesterdayish", "10 parsecs", "25:70", "", 1.5, True, [1])
        ),
    ],
)
def test_a_mistake_is_one_line_with_the_nearest_right_thing(log, filters, line):
    with pytest.raises(UsageError) as caught:
        found(log, **filters)
    assert str(caught.value) == line


def test_one_that_exists_and_has_not_spoken_is_no_mistake(log):
    assert found(log, node="fake9.dev", known=["fake9.dev"]) == []
    assert found(log, process="quiet", known=["quiet:chat:template.os"]) == []


@pytest.mark.parametrize(
    "filters",
    [{"node": "x"}, {"process": "x"}, {"type": "X"}, {"since": "10s"}, {"grep": "x"}, {"last": 3}],
)
def test_nothing_is_found_in_an_empty_log(filters):
    assert found(MessageLog(), **filters) == []


def test_a_mistake_leaves_the_log_as_readable_as_before(log):
    with pytest.raises(UsageError):
        found(log, kind="x")
    assert len(found(log)) == 6
