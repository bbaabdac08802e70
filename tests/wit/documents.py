"""WIT interfaces drawn at random, and the values that their types have."""

from __future__ import annotations

from hypothesis import strategies as st

from kinode_nb.wit import Err, Ok

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


def drawn_text(drawn: Drawn, alias: str) -> str:
    """Return the whole text, with what was drawn last as the type ``it``."""
    return f"interface drawn {{ type it = {alias}; {' '.join(drawn.definitions)} }}"
