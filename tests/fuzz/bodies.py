"""Bytes that look like somebody's message, and bytes that do not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

# Small, at the edges of the widths in use, and far beyond them.
NUMBERS = st.one_of(
    st.integers(-3, 300),
    st.sampled_from([1 << n for n in (16, 20)]),
    st.sampled_from([(1 << n) + d for n in (31, 32, 63, 64, 128) for d in (-1, 0, 1)]),
    st.sampled_from([-(1 << 63), -(1 << 63) - 1]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(), st.text(max_size=8))
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
DEEP = st.sampled_from([b"[" * 100_000, b'{"a":' * 20_000, b"[" * 2000 + b"]" * 2000])


@st.composite
def mostly(draw: st.DrawFn, likely: st.SearchStrategy[Any], *rare: st.SearchStrategy[Any]) -> Any:
    """Draw what is likely, and once in eight times something else.

    `st.one_of` would give every leaf of every alternative the same weight.
    """
    return draw(likely if draw(st.integers(0, 7)) < 7 else st.one_of(rare))


def written(value: Any) -> bytes:
    """Return JSON; lone surrogates become escapes, as hostile as they are legal."""
    return json.dumps(value).encode()


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Draw bytes with a piece cut out, put in or changed."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 4)))
        data[start:end] = draw(st.binary(max_size=4))
    return bytes(data)


def bodies(plausible: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Return JSON that is nearly right, mostly; else damaged, or no JSON at all."""
    right = plausible.map(written)
    return mostly(right, damaged(right), JSON.map(written), st.binary(max_size=40), DEEP)
