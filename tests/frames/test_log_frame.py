from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kinode_nb import frames
from kinode_nb.runtime.message_log import MessageLog
from kinode_nb.types import Address
from tests.frames.log_writer import EPOCH, HERE, SECOND, THERE, LogWriter

DTYPES = {
    "seq": "int64",
    "time": "datetime64[ns, UTC]",
    "node": "category",
    "kind": "category",
    "type": "category",
    "id": "uint64",
    "source_node": "category",
    "source_process": "category",
    "target_node": "category",
    "target_process": "category",
    "body": "str",
    "body_size": "int64",
    "blob_size": "Int64",
    "mime": "category",
    "expects_response": "Int64",
    "inherit": "bool",
    "status": "category",
    "reason": "category",
    "delivered": "datetime64[ns, UTC]",
    "rtt": "timedelta64[ns]",
    "parent": "Int64",
}


def full_log() -> LogWriter:
    written = LogWriter()
    asked = written.request(
        b'{"Send":{"n":1}}', expects_response=5, blob_size=3, mime="text/plain", inherit=True
    )
    written.take(asked)
    written.take(written.response(asked, b'"Ack"'))
    written.log.end(written.request(b"\xff\x00").seq, "offline", "fake2.dev is offline")
    written.event("send_error", "Offline", parent=4, id_=7, reason="why")
    written.event("print", "hé")
    return written


@pytest.mark.parametrize("log", [MessageLog(), full_log().log], ids=["empty", "full"])
def test_columns_and_dtypes(log):
    frame = frames.log(log, EPOCH)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert frame.dtypes["body"].storage == "pyarrow"
    for name in frame.columns[frame.dtypes == "category"]:
        assert frame[name].cat.categories.dtype == "str"
    assert list(frame.columns) == list(DTYPES)
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.index.name is None


def test_a_selection_of_nothing_has_them_too():
    frame = frames.log(full_log().log, EPOCH, grep="no such text")
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert len(frame) == 0


def test_a_request():
    row = frames.log(full_log().log, EPOCH).iloc[0]
    assert row[["reason", "parent"]].isna().all()
    assert row.drop(["reason", "parent"]).to_dict() == {
        "seq": 1,
        "time": pd.Timestamp(EPOCH + SECOND, tz="UTC"),
        "node": "fake.dev",
        "kind": "request",
        "type": "Send",
        "id": 2**64 - 1,
        "source_node": "fake.dev",
        "source_process": "chat:chat:template.os",
        "target_node": "fake2.dev",
        "target_process": "file-transfer:files:template.os",
        "body": '{"Send":{"n":1}}',
        "body_size": 16,
        "blob_size": 3,
        "mime": "text/plain",
        "expects_response": 5,
        "inherit": True,
        "status": "answered",
        "delivered": pd.Timestamp(EPOCH + 2 * SECOND, tz="UTC"),
        "rtt": pd.Timedelta(seconds=3),
    }


def test_what_is_missing_is_missing():
    frame = frames.log(full_log().log, EPOCH)
    missing = {seq: set(frame.columns[frame.iloc[seq - 1].isna()]) for seq in frame["seq"].tolist()}
    about_messages = {"blob_size", "mime", "expects_response"}
    assert missing == {
        1: {"reason", "parent"},
        2: about_messages | {"reason", "rtt"},
        3: about_messages | {"type", "delivered", "rtt", "parent"},
        4: about_messages | {"type", "delivered", "rtt"},
        5: about_messages | {"type", "status", "reason", "delivered", "rtt", "parent"},
    }


def test_events():
    frame = frames.log(full_log().log, EPOCH)
    error, printed = frame.iloc[3], frame.iloc[4]
    assert error[["kind", "body", "parent", "reason", "status", "id"]].tolist() == [
        "send_error",
        "Offline",
        4,
        "why",
        "sent",
        7,
    ]
    assert printed[["kind", "body", "body_size", "node"]].tolist() == ["print", "hé", 3, "fake.dev"]


def test_categories_are_in_order_and_only_those_that_occur():
    written = LogWriter()
    for node in ("b.dev", "a.dev", "c.dev"):
        written.request(source=Address(node, HERE.process))
    frame = frames.log(written.log, EPOCH)
    assert frame["node"].cat.categories.tolist() == ["a.dev", "b.dev", "c.dev"]
    assert frames.log(written.log, EPOCH, last=2)["node"].cat.categories.tolist() == [
        "a.dev",
        "c.dev",
    ]
    assert frame["kind"].cat.categories.tolist() == [
        "request",
        "response",
        "send_error",
        "print",
        "condition",
    ]
    assert frame["status"].cat.categories.tolist() == [
        "sent",
        "delivered",
        "answered",
        "timeout",
        "offline",
        "denied",
        "dropped",
    ]


def test_more_names_than_fit_a_byte():
    written = LogWriter()
    nodes = [f"n{number}.dev" for number in range(300)]
    for node in nodes:
        written.request(source=Address(node, HERE.process))
    assert frames.log(written.log, EPOCH)["node"].tolist() == nodes


def test_a_timeout_as_long_as_kinode_can_write():
    written = LogWriter()
    written.request(expects_response=2**64 - 1)
    assert frames.log(written.log, EPOCH)["expects_response"].tolist() == [2**63 - 1]


def scribble(frame: pd.DataFrame) -> None:
    """Write to every column, through pandas and past it."""
    for name in frame.columns:
        array: Any = frame[name].array
        array = getattr(array, "_ndarray", getattr(array, "_data", array))
        if isinstance(array, np.ndarray) and array.flags.writeable:
            array[:] = array[-1]
        frame.loc[0, name] = frame[name].iloc[-1]


@pytest.mark.parametrize("filters", [{}, {"last": 3}, {"node": "fake.dev"}])
def test_writing_to_a_frame_changes_no_other(filters):
    log = full_log().log
    before = frames.log(log, EPOCH)
    scribble(frames.log(log, EPOCH, **filters))
    pd.testing.assert_frame_equal(frames.log(log, EPOCH), before)
    pd.testing.assert_frame_equal(frames.log(full_log().log, EPOCH), before)


def test_what_is_kept_of_a_log_goes_with_it():
    log = full_log().log
    frames.log(log, EPOCH)
    gone = weakref.ref(log)
    del log
    gc.collect()
    assert gone() is None


def test_the_node_is_the_one_that_sent():
    written = LogWriter()
    written.response(written.request())
    assert frames.log(written.log, EPOCH)["node"].tolist() == [HERE.node, THERE.node]
