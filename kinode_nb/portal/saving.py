"""DataFrames as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinode_nb.types import UsageError, nearest

if TYPE_CHECKING:
    import pandas as pd

_SAVED = {".csv": "to_csv", ".parquet": "to_parquet", ".jsonl": "to_json", ".json": "to_json"}


def save_frame(frame: "pd.DataFrame", path: Path) -> None:
    """Write a DataFrame as the kind of file that its name says; raises UsageError."""
    kind = _SAVED.get(path.suffix)
    if kind is None:
        raise UsageError(
            f"{path.name!r}: the log is saved as {', '.join(_SAVED)}.{nearest(path.suffix, _SAVED)}"
        )
    options: dict[str, Any] = {"index": False}
    if kind == "to_json":
        options = {
            "orient": "records",
            "lines": path.suffix == ".jsonl",
            "date_format": "iso",
            "date_unit": "ns",
        }
    try:
        getattr(frame, kind)(path, **options)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
