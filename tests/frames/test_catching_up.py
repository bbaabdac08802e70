"""Reading a log bit by bit, and while it is written to, gives what reading it at once gives."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from threading import Thread
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinode_nb import frames
from kinode_nb.frames import log_columns
from kinode_nb.runtime.message_log import Entry, MessageLog
from kinode_nb.types import Address, Request
from tests.frames.log_writer import EPOCH, HERE, THERE, LogWriter


def from_scratch(log: MessageLog) -> pd.DataFrame:
    copy = MessageLog()
    copy.first = log.first
    copy.entries = list(log.entries)
    copy.delivered = array("q", log.delivered)
    copy.outcomes = dict(log.outcomes)
    copy.answers = dict(log.answers)
    return frames.log(copy, EPOCH)


def shorten(log: MessageLog, rows: int) -> None:
    """Let go of the oldest rows, as a log with a limit would."""
    rows = min(rows, len(log.entries))
    log.first += rows
    del log.entries[:rows]
    del log.delivered[:rows]


BODIES = st.sampled_from([b'{"Send":1}', b'"Ack"', b"\xff\xfe", b"", b'{"a":1,"b":2}', b"plain"])
ADDRESSES = st.sampled_from([HERE, THERE, Address("n.dev", HERE.process)])
INDEX = st.integers(0, 30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("request"), BODIES, ADDRESSES, st.integers(0, 3)),
        st.tuples(st.just("response"), INDEX, BODIES),
        st.tuples(st.just("event"), st.sampled_from(["print", "send_error", "condition"])),
        st.tuples(st.just("take"), INDEX),
        st.tuples(st.just("end"), INDEX, st.sampled_from(["denied", "dropped", "timeout"])),
        st.tuples(st.just("answer"), INDEX, INDEX),
        st.tuples(st.just("shorten"), st.integers(0, 3)),
        st.just(("clear",)),
        st.just(("look",)),
        st.just(("look",)),
    ),
    max_size=40,
)


def apply(written: LogWriter, step: tuple[Any, ...]) -> None:
    match step:
        case "request", body, target, blob:
            mime = "a/b" if blob > 1 else None
            written.request(body, HERE, target, blob_size=blob - 1, mime=mime, inherit=blob == 2)
        case "event", kind:
            written.event(kind, reason=kind)
        case ("clear",):
            written.log.clear()
        case "shorten", rows:
            shorten(written.log, rows)
        case name, index, *more if written.log.entries:
            entries = written.log.entries
            happen(written, name, entries[index % len(entries)], *more)


def happen(written: LogWriter, what: str, entry: Entry, *more: Any) -> None:
    """Let something happen to an entry."""
    log = written.log
    match what, *more:
        case "response", body if isinstance(entry, Request):
            written.response(entry, body)
        case ("take",):
            written.take(entry)
        case "end", status:
            log.end(entry.seq, status, f"reason {entry.seq % 2}")
        case "answer", other:
            log.answers[entry.seq] = log.entries[other % len(log.entries)].seq


@given(STEPS, st.integers(1, 4))
@settings(max_examples=150)
def test_bit_by_bit_is_as_at_once(steps, slice_):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_columns, "_SLICE", slice_)  # so that few rows are many pieces
        written = LogWriter()
        for step in [*steps, ("look",)]:
            if step != ("look",):
                apply(written, step)
                continue
            frame = frames.log(written.log, EPOCH)
            pd.testing.assert_frame_equal(frame, from_scratch(written.log))
            assert frame["seq"].tolist() == [entry.seq for entry in written.log.entries]
            for filters in ({"last": 3}, {"kind": "response"}, {"grep": "S.nd", "last": 2}):
                rows = frames.log(written.log, EPOCH, **filters)
                assert "last" not in filters or len(rows) <= filters["last"]
                same = frame[frame["seq"].isin(rows["seq"])].reset_index(drop=True)
                for name in ("seq", "body", "rtt", "parent"):
                    pd.testing.assert_series_equal(rows[name], same[name])
                assert rows["status"].tolist() == same["status"].tolist()


def test_texts_stay_in_few_pieces():
    written = LogWriter()
    for _ in range(50):
        written.request()
        frame = frames.log(written.log, EPOCH)
    assert frame["body"].array._pa_array.num_chunks == 1


class Interrupted(list[Any]):
    """Entries in whose copying another thread comes in between, once."""

    def __init__(self, entries: list[Any], meanwhile: Callable[[], None]) -> None:
        super().__init__(entries)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def __getitem__(self, key: Any) -> Any:
        meanwhile, self.meanwhile = self.meanwhile, None
        if not meanwhile:
            return super().__getitem__(key)
        before = super().__getitem__(key)
        meanwhile()
        return before


def interrupt(written: LogWriter, meanwhile: Callable[[], None]) -> None:
    written.log.entries = Interrupted(written.log.entries, meanwhile)


def test_what_comes_while_it_is_copied_waits_for_the_next_look():
    written = LogWriter()
    asked = written.request()
    interrupt(written, lambda: written.take(written.response(asked)))
    assert frames.log(written.log, EPOCH)["seq"].tolist() == [1]
    pd.testing.assert_frame_equal(frames.log(written.log, EPOCH), from_scratch(written.log))


def test_an_entry_whose_delivery_has_no_place_yet():
    written = LogWriter()
    written.request()
    assert len(written.log.delivered) == 0
    assert frames.log(written.log, EPOCH)["status"].tolist() == ["sent"]


def test_a_log_that_is_cleared_while_it_is_copied_is_copied_again():
    written = LogWriter()
    written.request()
    frames.log(written.log, EPOCH)
    written.request()

    def meanwhile() -> None:
        written.log.clear()
        written.request()

    interrupt(written, meanwhile)
    assert frames.log(written.log, EPOCH)["seq"].tolist() == [3]


def test_a_log_that_is_half_cleared_is_waited_for(monkeypatch):
    written = LogWriter()
    written.request()
    written.request()
    old, written.log.first = written.log.first, written.log.next_seq

    def end_of_clear(_seconds: float) -> None:
        written.log.first = old
        written.log.clear()

    monkeypatch.setattr("kinode_nb.frames.snapshot.time.sleep", end_of_clear)
    assert len(frames.log(written.log, EPOCH)) == 0


def test_reading_while_another_thread_writes():
    written, count = LogWriter(), 4000

    def write() -> None:
        for _ in range(count):
            asked = written.request(b'{"Send":1}')
            written.take(asked)
            written.take(written.response(asked, b'"Ack"'))

    writer = Thread(target=write)
    writer.start()
    rows = [0]
    while writer.is_alive():
        frame = frames.log(written.log, EPOCH)
        rows.append(len(frame))
        assert frame["seq"].tolist() == list(range(1, len(frame) + 1))
        answered = frame["status"] == "answered"
        assert frame.loc[answered, "rtt"].notna().all()
        assert answered.sum() <= (frame["kind"] == "response").sum()
    writer.join()
    assert rows == sorted(rows)
    pd.testing.assert_frame_equal(frames.log(written.log, EPOCH), from_scratch(written.log))
    assert (frames.log(written.log, EPOCH, kind="request")["status"] == "answered").all()


def test_two_threads_may_read_at_once():
    written = LogWriter()
    for _ in range(5000):
        written.request(b'{"Send":1}')
    seen: list[pd.DataFrame] = []
    readers = [Thread(target=lambda: seen.append(frames.log(written.log, EPOCH))) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    for frame in seen:
        pd.testing.assert_frame_equal(frame, from_scratch(written.log))
    assert len(seen) == 4
