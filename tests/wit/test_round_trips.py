"""For any type there is, any value of it comes back as it was, and any JSON is read or refused."""

from __future__ import annotations

import json
import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kinode_nb.wit import Err, Ok, WitBodyError, decode, encode, load
from kinode_nb.wit.scalars import SCALARS

SCALAR_VALUES = {
    "bool": st.booleans(),
    **{f"u{bits}": st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{
        f"s{bits}": st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)
    },
    "f64": st.floats(allow_nan=False, allow_infinity=False),
    # Eighths are the same in 32 bits and in 64; other numbers have a test of their own.
    "f32": st.integers(-8000, 8000).map(lambda eighths: eighths / 8),
    "char": st.characters(exclude_categories=["Cs"]),
    "string": st.text(),
}


class Drawn:
    """A WIT interface in the making: its definitions, and for a type its values once loaded."""

    def __init__(self, draw):
        self.draw = draw
        self.definitions = []

    def type(self, depth):
        """Return a type's WIT text, and a function from the loaded interface to its values."""
        kinds = [self.scalar, self.enum]
        if depth:
            kinds += [self.list, self.option, self.tuple, self.result, self.record, self.variant]
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def scalar(self, _):
        name = self.draw(st.sampled_from(sorted(SCALAR_VALUES)))
        return name, lambda _: SCALAR_VALUES[name]

    def list(self, depth):
        text, values = self.type(depth)
        if text == "u8":
            return "list<u8>", lambda _: st.binary(max_size=20)
        return f"list<{text}>", lambda api: st.lists(values(api), max_size=3)

    def option(self, depth):
        text, values = self.type(depth)
        return f"option<{text}>", lambda api: st.none() | values(api)

    def tuple(self, depth):
        items = [self.type(depth) for _ in range(self.draw(st.integers(1, 3)))]
        text = ", ".join(text for text, _ in items)
        return f"tuple<{text}>", lambda api: st.tuples(*(values(api) for _, values in items))

    def result(self, depth):
        ok, ok_values = self.side(depth)
        err, err_values = self.side(depth)
        return (
            f"result<{ok}, {err}>" if err != "_" else "result" if ok == "_" else f"result<{ok}>",
            (lambda api: ok_values(api).map(Ok) | err_values(api).map(Err)),
        )

    def side(self, depth):
        return self.type(depth) if self.draw(st.booleans()) else ("_", lambda _: st.none())

    def named(self, form):
        self.definitions.append(None)
        index = len(self.definitions) - 1
        name = f"type-t{index}"
        return name, f"TypeT{index}", lambda body: self.define(index, f"{form} {name} {{ {body} }}")

    def define(self, index, text):
        self.definitions[index] = text

    def enum(self, _):
        name, python, define = self.named("enum")
        define("none, foo-bar, x2")
        return name, lambda api: st.sampled_from(list(getattr(api, python)))

    def record(self, depth):
        name, python, define = self.named("record")
        fields = [self.type(depth) for _ in range(self.draw(st.integers(1, 3)))]
        define(", ".join(f"field-f{i}: {text}" for i, (text, _) in enumerate(fields)))
        return name, lambda api: st.builds(
            getattr(api, python), *(values(api) for _, values in fields)
        )

    def variant(self, depth):
        name, python, define = self.named("variant")
        cases = [self.type(depth) for _ in range(self.draw(st.integers(0, 2)))]
        define(", ".join(["bare", *(f"case-c{i}({text})" for i, (text, _) in enumerate(cases))]))

        def values_of(api):
            made = getattr(api, python)
            carried = [
                values(api).map(getattr(made, f"CaseC{i}")) for i, (_, values) in enumerate(cases)
            ]
            return st.one_of(st.builds(made.Bare), *carried)

        return name, values_of


@st.composite
def types_and_values(draw) -> tuple[Any, Any]:
    drawn = Drawn(draw)
    text, values = drawn.type(3)
    api = load(f"interface drawn {{ type it = {text}; {' '.join(drawn.definitions)} }}")
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
