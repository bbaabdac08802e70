"""What a net holds, as DataFrames: the tables of `FakeNet`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from kinode_nb import frames
from kinode_nb.fake_net.node_rows import node_row, package_rows, process_rows
from kinode_nb.portal.net_names import NetNames
from kinode_nb.portal.options import LogFilters
from kinode_nb.portal.saving import save_frame

if TYPE_CHECKING:
    import pandas as pd


class NetTables(NetNames):
    """The part of a net that a person looks at. Safe from any thread."""

    def nodes(self) -> "pd.DataFrame":
        """Return all nodes; stopped ones stay."""
        core = self.core
        return frames.nodes(
            self.portal.read(lambda _: [node_row(each) for each in core.nodes.values()])
        )

    def processes(self) -> "pd.DataFrame":
        """Return the processes of all running nodes."""
        core = self.core
        return frames.processes(
            self.portal.read(
                lambda blocking: [
                    row for each in core.running() for row in process_rows(each, blocking)
                ]
            )
        )

    def packages(self) -> "pd.DataFrame":
        """Return the packages of all running nodes."""
        core = self.core
        return frames.packages(
            self.portal.read(
                lambda _: [row for each in core.running() for row in package_rows(each)]
            )
        )

    def transfers(self, id: str | None = None) -> "pd.DataFrame":
        """Return all transfers, or the progress of one over time; raises TransferError."""
        table = self.core.transfers
        if id is not None:
            return frames.transfer(table.get(id).row())
        return frames.transfers(
            self.portal.read(lambda _: [each.row() for each in table.records.values()])
        )

    def log(
        self, *, save: str | os.PathLike[str] | None = None, **filters: Unpack[LogFilters]
    ) -> "pd.DataFrame":
        """Return the message log, one row a message.

        Filters: ``node``, ``process``, ``kind``, ``type``, ``since``, ``last``, ``grep``;
        ``save`` also writes the rows to a .csv, .parquet, .json or .jsonl file.
        """
        running = [name.partition("@")[2] for name in self.process_names()]
        known = [*self.core.nodes, *running, *(name.partition(":")[0] for name in running)]
        frame = frames.log(self.core.log, self.core.clock.epoch_ns, known=known, **filters)
        if save is not None:
            save_frame(frame, Path(save))
        return frame
