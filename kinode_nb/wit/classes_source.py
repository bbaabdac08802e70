"""The types of an interface as Python source: the half of a module that type checkers read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from kinode_nb.wit import tree
from kinode_nb.wit.annotations import Annotations, class_name
from kinode_nb.wit.layout import WIDTH, alias, docstring, indented
from kinode_nb.wit.names import json_field, python_name, upper_camel

_NAME = re.compile(r"[A-Za-z_]\w*")
_HALF = 4  # columns that the whole stands to the right, below `if typing.TYPE_CHECKING`
_BODY = 8  # and what is in a class


def type_source(written: tree.TypeDefinition, annotations: Annotations) -> list[str]:
    """Return a definition's lines; those of a type that is used from elsewhere are none."""
    match written:
        case tree.Record():
            return _record(written, annotations)
        case tree.Variant():
            return list(_variant(written, annotations))
        case tree.Enum(name=name, cases=cases, doc=doc):
            values = [f'"{upper_camel(case.name)}"' for case in cases]
            return _members(
                f"class {class_name(name)}(enum.Enum):",
                doc or f"The enum ``{name}``.",
                cases,
                values,
            )
        case tree.Flags(name=name, cases=cases, doc=doc):
            bits = [str(1 << bit) for bit in range(len(cases))]
            return _members(
                f"class {class_name(name)}(enum.Flag):",
                doc or f"The flags ``{name}``.",
                cases,
                bits,
            )
        case tree.Alias(name=name, target=target, doc=doc):
            lines = alias(class_name(name), annotations.of(target), deeper=_HALF)
            return [*lines, *(docstring(doc, deeper=_HALF) if doc else [])]
        case tree.Use():
            return []
        case _:
            assert_never(written)


def _record(record: tree.Record, annotations: Annotations) -> list[str]:
    name = class_name(record.name)
    needed = len(record.fields)
    while needed and annotations.may_be_left_out(record.fields[needed - 1].type):
        needed -= 1
    fields = [
        (python_name(json_field(f.name)), annotations.of(f.type), "" if i < needed else " = None")
        for i, f in enumerate(record.fields)
    ]
    before, declared = _declared(name, fields)
    lines = docstring(record.doc or f"The record ``{record.name}``.", deeper=_BODY)
    if declared:
        lines.append("")
    for line, written in zip(declared, record.fields, strict=True):
        lines += [line, *(docstring(written.doc, deeper=_BODY) if written.doc else [])]
    return [*before, f"class {name}(msgspec.Struct, frozen=True):", *indented(lines)]


def _declared(owner: str, fields: list[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
    """Return the lines that declare fields, each with its annotation and default.

    An annotation that a field hides (``bytes: bytes``), or that is too long for a line, gets a
    name of its own, in lines that come before the class.
    """
    hidden = {attribute for attribute, _, _ in fields}
    before, lines = [], []
    for attribute, annotation, default in fields:
        line = f"{attribute}: {annotation}{default}"
        if len(line) + _BODY > WIDTH or not hidden.isdisjoint(_NAME.findall(annotation)):
            name = f"_{owner}_{attribute}"
            before += alias(name, annotation, deeper=_HALF)
            line = f"{attribute}: {name}{default}"
        lines.append(line)
    return [*before, ""] if before else [], lines


def _variant(variant: tree.Variant, annotations: Annotations) -> Iterator[str]:
    # A class cannot derive from the one around it; an alias may name what comes below. The names
    # have an underscore in the middle, so that no type of the interface has them.
    name = class_name(variant.name)
    yield f"class {name}(wit.Variant):"
    yield from indented(docstring(variant.doc or f"The variant ``{variant.name}``.", deeper=_BODY))
    yield ""
    for case in variant.cases:
        target = f"_{name}_{upper_camel(case.name)}"
        yield from alias(class_name(case.name), target, 4, deeper=_HALF)
    for case in variant.cases:
        bare = case.type is None
        own = f"_{name}_{upper_camel(case.name)}"
        carried = [] if bare else [("value", annotations.of(case.type), "")]
        before, lines = _declared(own.removeprefix("_"), carried)
        yield ""
        yield from before
        yield f"class {own}({name if bare else f'{name}, msgspec.Struct, frozen=True'}):"
        yield from indented(docstring(case.doc or f"The case ``{case.name}``.", deeper=_BODY))
        yield ""
        yield from indented(["__match_args__ = ()"] if bare else lines)


def _members(head: str, doc: str, cases: tuple[tree.Case, ...], values: list[str]) -> list[str]:
    lines = [*docstring(doc, deeper=_BODY), ""]
    for case, value in zip(cases, values, strict=True):
        lines.append(f"{class_name(case.name)} = {value}")
        if case.doc:
            lines += docstring(case.doc, deeper=_BODY)
    return [head, *indented(lines)]
