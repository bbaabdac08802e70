from __future__ import annotations

import pandas as pd
import pytest

from kinode_nb import frames
from kinode_nb.types.rows import (
    ChatRow,
    FileRow,
    NodeRow,
    PackageRow,
    ProcessRow,
)
from tests.frames.transfer_rows import SECOND, START, transfer_row

TIME, SPAN = "datetime64[ns, UTC]", "timedelta64[ns]"


TABLES = {
    "nodes": (
        frames.nodes,
        NodeRow("fake.dev", None, "/home", "thread", "running", 3, 4, 5, 6 * SECOND),
        {
            "node": "str",
            "port": "Int64",
            "home": "str",
            "placement": "category",
            "status": "category",
            "processes": "int64",
            "sent": "int64",
            "received": "int64",
            "uptime": SPAN,
        },
        ["fake.dev", pd.NA, "/home", "thread", "running", 3, 4, 5, pd.Timedelta(seconds=6)],
    ),
    "processes": (
        frames.processes,
        ProcessRow(
            *("fake.dev", "chat:chat:template.os", "chat:template.os", "python", "running"),
            *(True, "None", 1, 2, 3, 4, ("a", '{"b, c"}')),
        ),
        {
            "node": "category",
            "process": "category",
            "package": "category",
            "language": "category",
            "status": "category",
            "public": "bool",
            "on_exit": "category",
            "queued": "int64",
            "received": "int64",
            "sent": "int64",
            "restarts": "int64",
            "capabilities": "str",
        },
        [
            *("fake.dev", "chat:chat:template.os", "chat:template.os", "python", "running"),
            *(True, "None", 1, 2, 3, 4, 'a\n{"b, c"}'),
        ],
    ),
    "packages": (
        frames.packages,
        PackageRow("fake.dev", "chat:template.os", "0.1.0", 2, ("a:b.os", "c:d.os"), "built-in"),
        {
            "node": "category",
            "package": "category",
            "version": "str",
            "processes": "int64",
            "dependencies": "str",
            "source": "str",
        },
        ["fake.dev", "chat:template.os", "0.1.0", 2, "a:b.os, c:d.os", "built-in"],
    ),
    "transfers": (
        frames.transfers,
        transfer_row(),
        {
            "id": "str",
            "file": "str",
            "provider": "category",
            "requestor": "category",
            "package": "category",
            "bytes": "Int64",
            "received": "int64",
            "progress": "float64",
            "status": "category",
            "rate": "float64",
            "started": TIME,
            "finished": TIME,
            "elapsed": SPAN,
            "chunks": "int64",
            "resumed": "int64",
            "digest": "str",
            "verified": "bool",
            "error": "str",
        },
        [
            *("t1", "a.txt", "fake2.dev", "fake.dev", "file-transfer:template.os"),
            *(1000, 500, 50.0, "running", 400.0),
            *(pd.Timestamp(START, tz="UTC"), pd.NaT, pd.Timedelta(seconds=2)),
            *(5, 0, "", False, ""),
        ],
    ),
    "history": (
        frames.history,
        ChatRow(START, "fake2.dev", "fake.dev", "hello"),
        {"time": TIME, "peer": "category", "author": "category", "content": "str"},
        [pd.Timestamp(START, tz="UTC"), "fake2.dev", "fake.dev", "hello"],
    ),
    "files": (
        frames.files,
        FileRow("fake.dev", "a.txt", 7),
        {"node": "category", "file": "str", "bytes": "int64"},
        ["fake.dev", "a.txt", 7],
    ),
}


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_columns_and_dtypes(name, rows):
    table, row, expected, _ = TABLES[name]
    frame = table([row] * rows)
    assert dtypes(frame) == expected
    assert list(frame.columns) == list(expected)
    assert len(frame) == rows
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.index.name is None


@pytest.mark.parametrize("name", TABLES)
def test_values(name):
    table, row, _, expected = TABLES[name]
    shown = table([row]).iloc[0].tolist()
    for value, wanted in zip(shown, expected, strict=True):
        assert pd.isna(value) if wanted is pd.NA or wanted is pd.NaT else value == wanted


def test_what_may_be_missing_in_a_transfer():
    row = transfer_row(bytes=None, started_ns=None, status="waiting", received=0, samples=())
    frame = frames.transfers([row, transfer_row()])
    assert dtypes(frame) == TABLES["transfers"][2]
    missing = frame.columns[frame.iloc[0].isna()].tolist()
    assert missing == ["bytes", "started", "finished", "elapsed"]


def test_a_chat_message_whose_time_is_unknown():
    frame = frames.history([ChatRow(None, "a.dev", "b.dev", "hello")])
    assert dtypes(frame) == TABLES["history"][2]
    assert frame["time"].isna().all()


def test_a_transfer_over_time():
    frame = frames.transfer(transfer_row())
    assert dtypes(frame) == {
        "time": TIME,
        "received": "int64",
        "progress": "float64",
        "rate": "float64",
    }
    assert frame["time"].tolist() == [
        pd.Timestamp(START + second * SECOND, tz="UTC") for second in range(3)
    ]
    assert frame["received"].tolist() == [0, 100, 500]
    assert frame["progress"].tolist() == [0.0, 10.0, 50.0]
    assert frame["rate"].tolist() == [0.0, 100.0, 400.0]


def test_a_transfer_without_samples():
    frame = frames.transfer(transfer_row(samples=(), started_ns=None))
    assert dtypes(frame) == dtypes(frames.transfer(transfer_row()))
    assert len(frame) == 0
