"""The types of an interface as Python source: the half of a module that type checkers read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from kinode_nb.wit import tree
from kinode_nb.wit.annotations import Annotations, class_name
from kinode_nb.wit.layout import docstring, indented
from kinode_nb.wit.names import json_field, python_name, upper_camel

_NAME = re.compile(r"[A-Za-z_]\w*")


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
            alias = f'{class_name(name)}: typing.TypeAlias = "{annotations.of(target)}"'
            return [alias, *(docstring(doc) if doc else [])]
        case tree.Use():
            return []
        case _:
            assert_never(written)


def _record(record: tree.Record, annotations: Annotations) -> list[str]:
    fields = [(python_name(json_field(f.name)), annotations.of(f.type)) for f in record.fields]
    name = class_name(record.name)
    before, fields = _out_of_the_way(name, fields)
    needed = len(fields)
    while needed and annotations.may_be_left_out(record.fields[needed - 1].type):
        needed -= 1
    lines = docstring(record.doc or f"The record ``{record.name}``.")
    if fields:
        lines.append("")
    for index, (field, written) in enumerate(zip(fields, record.fields, strict=True)):
        default = "" if index < needed else " = None"
        lines.append(f"{field[0]}: {field[1]}{default}")
        if written.doc:
            lines += docstring(written.doc)
    if before:
        before.append("")
    return [*before, f"class {name}(msgspec.Struct, frozen=True):", *indented(lines)]


def _out_of_the_way(
    name: str, fields: list[tuple[str, str]]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Give an annotation a name of its own where a field hides it: ``bytes: bytes``."""
    hidden = {attribute for attribute, _ in fields}
    before, clear = [], []
    for attribute, annotation in fields:
        if hidden.isdisjoint(_NAME.findall(annotation)):
            clear.append((attribute, annotation))
        else:
            alias = f"_{name}_{attribute}"
            before.append(f'{alias}: typing.TypeAlias = "{annotation}"')
            clear.append((attribute, alias))
    return before, clear


def _variant(variant: tree.Variant, annotations: Annotations) -> Iterator[str]:
    # A class cannot derive from the one around it; an alias may name what comes below. The names
    # have an underscore in the middle, so that no type of the interface has them.
    name = class_name(variant.name)
    yield f"class {name}(wit.Variant):"
    yield from indented(docstring(variant.doc or f"The variant ``{variant.name}``."))
    yield ""
    for case in variant.cases:
        yield f'    {class_name(case.name)}: typing.TypeAlias = "_{name}_{upper_camel(case.name)}"'
    for case in variant.cases:
        bare = case.type is None
        bases = name if bare else f"{name}, msgspec.Struct, frozen=True"
        yield ""
        yield f"class _{name}_{upper_camel(case.name)}({bases}):"
        yield from indented(docstring(case.doc or f"The case ``{case.name}``."))
        yield ""
        yield "    __match_args__ = ()" if bare else f"    value: {annotations.of(case.type)}"


def _members(head: str, doc: str, cases: tuple[tree.Case, ...], values: list[str]) -> list[str]:
    lines = [*docstring(doc), ""]
    for case, value in zip(cases, values, strict=True):
        lines.append(f"{class_name(case.name)} = {value}")
        if case.doc:
            lines += docstring(case.doc)
    return [head, *indented(lines)]
