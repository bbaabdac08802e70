"""A transfer that has been running for two seconds, or one that differs from it."""

from __future__ import annotations

from kinode_nb.types.rows import TransferRow

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def transfer_row(**fields) -> TransferRow:
    return TransferRow(
        **{
            "id": "t1",
            "file": "a.txt",
            "provider": "fake2.dev",
            "requestor": "fake.dev",
            "package": "file-transfer:template.os",
            "bytes": 1000,
            "received": 500,
            "status": "running",
            "started_ns": START,
            "finished_ns": None,
            "now_ns": START + 2 * SECOND,
            "chunks": 5,
            "resumed": 0,
            "digest": "",
            "verified": False,
            "error": "",
            "samples": ((START, 0), (START + SECOND, 100), (START + 2 * SECOND, 500)),
            **fields,
        }
    )
