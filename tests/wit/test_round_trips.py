"""For any type there is, any value of it comes back as it was, and any JSON is read or refused."""

from __future__ import annotations

import json
import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kinode_nb.wit import WitBodyError, decode, encode, load
from kinode_nb.wit.scalars import SCALARS
from tests.wit.documents import Drawn, drawn_text


@st.composite
def types_and_values(draw) -> tuple[Any, Any]:
    drawn = Drawn(draw)
    text, values = drawn.type(3)
    api = load(drawn_text(drawn, text))
    return api.types["it"], draw(values(api))


@settings(deadline=None, max_examples=300)
@given(types_and_values())
def test_any_value_of_any_type_comes_back(drawn):
    type_, value = drawn
    body = encode(value, type_)
    assert decode(type_, body) == value
    assert encode(decode(type_, body), type_) == body
    assert decode(type_, json.dumps(json.loads(body), indent=1).encode()) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text() | st.sampled_from(["Bare", "CaseC0", "field_f0", "Ok", "Err", "None"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=200)
@given(types_and_values(), JSON.map(json.dumps).map(str.encode) | st.binary())
def test_any_body_is_read_or_refused(drawn, body):
    type_, _ = drawn
    try:
        value = decode(type_, body)
    except WitBodyError:
        return
    assert decode(type_, encode(value, type_)) == value


@settings(deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_an_f32_keeps_its_32_bits(number):
    f32 = SCALARS["f32"]
    once = decode(f32, encode(number, f32))
    assert struct.pack("f", once) == struct.pack("f", number)
    assert decode(f32, encode(once, f32)) == once
    assert len(repr(once)) <= len(repr(number))
