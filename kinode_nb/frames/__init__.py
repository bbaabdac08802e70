"""Records -> DataFrames: the message log, and the tables of nodes, processes, transfers.

The only part of the package that knows pandas, pyarrow and numpy. They are imported inside its
functions, since they take longer to import than all of kinode_nb.
"""

from kinode_nb.frames.log_frame import log
from kinode_nb.frames.tables import (
    files,
    history,
    nodes,
    packages,
    processes,
    tests,
    transfer,
    transfers,
)

__all__ = [
    "files",
    "history",
    "log",
    "nodes",
    "packages",
    "processes",
    "tests",
    "transfer",
    "transfers",
]
