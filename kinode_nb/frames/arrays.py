"""The kinds of columns: how values become arrays that pandas takes as they are.

Units and backings are spelled out here, because pandas 2 and 3 differ in their defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

NOT_A_TIME = -(2**63)
"""How datetime64 and timedelta64 write NaT."""


def text_dtype() -> Any:
    """Return the dtype of text: pandas' own ``str``, held by Arrow (a ``pd.StringDtype``)."""
    import numpy as np
    import pandas as pd

    try:
        return pd.StringDtype("pyarrow", na_value=np.nan)
    except TypeError:  # before pandas 2.3
        return pd.StringDtype("pyarrow")


def text(values: Iterable[str | None]) -> Any:
    """Return texts."""
    import pyarrow as pa

    return arrow_text(pa.array(list(values), pa.large_string()))


def arrow_text(values: pa.LargeStringArray | pa.ChunkedArray) -> Any:
    """Return texts that Arrow holds, without a copy."""
    return text_dtype().__from_arrow__(values)


def categories(names: Iterable[str]) -> pd.CategoricalDtype:
    """Return the dtype of names that repeat."""
    import pandas as pd

    return pd.CategoricalDtype(pd.Index(list(names), dtype=text_dtype()))


def category(values: Iterable[str]) -> pd.Categorical:
    """Return names that repeat; the categories are those that occur, in order."""
    import pandas as pd

    values = list(values)
    names = sorted(set(values))
    codes = {name: code for code, name in enumerate(names)}
    return pd.Categorical.from_codes([codes[each] for each in values], dtype=categories(names))


def lines(values: Iterable[tuple[str, ...]]) -> Any:
    """Return lists as text, an item a line."""
    return text("\n".join(each) for each in values)


def words(values: Iterable[tuple[str, ...]]) -> Any:
    """Return lists as text, items divided by commas."""
    return text(", ".join(each) for each in values)


def count(values: Iterable[int]) -> npt.NDArray[np.int64]:
    """Return integers, none of them missing."""
    import numpy as np

    return np.array(list(values), dtype="i8")


def maybe_count(values: Iterable[int | None]) -> Any:
    """Return integers some of which are missing (``Int64``)."""
    import pandas as pd

    return pd.array(list(values), dtype="Int64")


def number(values: Iterable[float]) -> npt.NDArray[np.float64]:
    """Return floats."""
    import numpy as np

    return np.array(list(values), dtype="f8")


def flag(values: Iterable[bool]) -> npt.NDArray[np.bool_]:
    """Return booleans."""
    import numpy as np

    return np.array(list(values), dtype="?")


def time(values: Iterable[int | None]) -> Any:
    """Return times, given in nanoseconds since 1970 (UTC)."""
    return times(count(NOT_A_TIME if each is None else each for each in values))


def span(values: Iterable[int | None]) -> Any:
    """Return durations, given in nanoseconds."""
    return count(NOT_A_TIME if each is None else each for each in values).view("m8[ns]")


def times(nanoseconds: npt.NDArray[np.int64]) -> Any:
    """Return times of an array of nanoseconds since 1970 (UTC)."""
    import pandas as pd

    return pd.array(nanoseconds.view("M8[ns]"), dtype=pd.DatetimeTZDtype("ns", "UTC"))


def integers(values: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_]) -> Any:
    """Return integers some of which are missing (``Int64``), without a copy."""
    import pandas as pd

    return pd.arrays.IntegerArray(values, missing)


def coded(
    codes: npt.NDArray[Any], names: Iterable[str], always: Sequence[str] = ()
) -> pd.Categorical:
    """Return names by their numbers; a number below 0 and an empty name are a missing one.

    The categories are those of ``always``, and the others that occur, in order: they do not tell
    in which order the names were met. Several numbers may stand for one name.
    """
    import numpy as np
    import pandas as pd

    texts = ["", *names]  # in front stands what -1 means
    places = codes + 1
    occurs = np.bincount(places, minlength=len(texts)).tolist()
    found = {text for text, times in zip(texts, occurs, strict=True) if times}
    shown = [*always, *sorted(found.difference(always, [""]))]
    where = {text: place for place, text in enumerate(shown)}
    smallest = np.min_scalar_type(-len(shown) - 1)  # pandas would copy larger ones
    place_of = np.array([where.get(text, -1) for text in texts], smallest)
    return pd.Categorical.from_codes(place_of.take(places), dtype=categories(shown))
