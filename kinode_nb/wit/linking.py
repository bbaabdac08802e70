"""The linker: a tree's names are looked up, and its types become shapes with classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

import msgspec

from kinode_nb.types.errors import nearest
from kinode_nb.wit import compound, named, tree, values
from kinode_nb.wit.errors import WitSyntaxError
from kinode_nb.wit.names import json_field, python_name, upper_camel
from kinode_nb.wit.scalars import SCALARS
from kinode_nb.wit.shape import Shape, keep_shape, shape_of
from kinode_nb.wit.standard import OWN_CLASSES

# As in the parser: each level is a few of Python's stack frames, here and in the codec.
_DEEPEST = 64


class Linker:
    """The shapes of all types in the documents of one package."""

    def __init__(
        self,
        documents: Mapping[str, tree.Document],
        standard: Callable[[], Mapping[str, Shape]],
    ) -> None:
        """``documents`` are by the names of their files, for errors: ``""`` is no file.

        ``standard`` gives the types of Kinode's ``interface standard``, once one is used.
        """
        self._files = _homes(documents)
        self._definitions = {
            interface.name: {definition.name: definition for definition in interface.types}
            for document in documents.values()
            for interface in document.interfaces
        }
        self._packages = {
            interface.name: interface.package
            for document in documents.values()
            for interface in document.interfaces
        }
        self._standard = standard
        self._shapes: dict[tuple[str, str], Shape] = {}
        self._open: set[tuple[str, str]] = set()

    def named(self, interface: str, wanted: tree.Named) -> Shape:
        """Return the shape of a type by its name inside an interface; raises WitSyntaxError."""
        key = (interface, wanted.name)
        if key in self._shapes:
            return self._shapes[key]
        definition = self._definitions[interface].get(wanted.name)
        if definition is None:
            hint = nearest(wanted.name, self._definitions[interface])
            problem = f"interface {interface!r} has no type {wanted.name!r}.{hint}"
            raise WitSyntaxError(problem, *wanted.at)
        try:
            return self._once(key, definition)
        except WitSyntaxError as error:
            raise error.in_file(self._files[interface]) from None

    def check(self, interface: tree.Interface) -> None:
        """Look up all that an interface's types and functions name; raises WitSyntaxError."""
        for definition in interface.types:
            self.named(interface.name, tree.Named(definition.name, definition.at))
        try:
            for function in interface.functions:
                for parameter in function.parameters:
                    self.shape(interface.name, parameter.type)
                if function.result is not None:
                    self.shape(interface.name, function.result)
        except WitSyntaxError as error:
            raise error.in_file(self._files[interface.name]) from None

    def _once(self, key: tuple[str, str], definition: tree.TypeDefinition) -> Shape:
        if key in self._open:
            raise WitSyntaxError(f"the type {definition.name!r} contains itself", *definition.at)
        if len(self._open) == _DEEPEST:
            raise WitSyntaxError(f"types are nested deeper than {_DEEPEST}", *definition.at)
        self._open.add(key)
        shape = self._shapes[key] = self._defined(key[0], definition)
        self._open.discard(key)
        return shape

    def _defined(self, interface: str, definition: tree.TypeDefinition) -> Shape:
        match definition:
            case tree.Record():
                return self._record(interface, definition)
            case tree.Variant():
                return self._variant(interface, definition)
            case tree.Enum(name=name, cases=cases, doc=doc):
                cls = values.enum_class(name, _module(interface), doc, [c.name for c in cases])
                return keep_shape(named.enum(name, cls))
            case tree.Flags(name=name, cases=cases, doc=doc):
                kind = values.flags_class(name, _module(interface), doc, [c.name for c in cases])
                return keep_shape(named.flags(name, kind))
            case tree.Alias(name=name, target=target):
                return self._alias(interface, name, target)
            case tree.Use():
                return self._used(definition)
            case _:
                assert_never(definition)

    def _record(self, interface: str, definition: tree.Record) -> Shape:
        fields = [(f.name, self.shape(interface, f.type)) for f in definition.fields]
        for field, (_, shape) in zip(definition.fields, fields, strict=True):
            _refuse_flags(shape, field)
        specs = [values.FieldSpec(name, s.python, s.optional) for name, s in fields]
        cls = _own_class(definition.name, specs) if interface == "standard" else None
        if cls is not None and (known := shape_of(cls)) is not None:
            return known
        is_own = cls is not None
        if cls is None:
            cls = values.record_class(definition.name, _module(interface), definition.doc, specs)
        return keep_shape(named.record(definition.name, cls, fields), foreign=is_own)

    def _variant(self, interface: str, definition: tree.Variant) -> Shape:
        cls = values.variant_class(definition.name, _module(interface), definition.doc)
        cases = {}
        for case in definition.cases:
            carried = None if case.type is None else self.shape(interface, case.type)
            _refuse_flags(carried, case)
            annotation = None if carried is None else carried.python
            kind = values.case_class(cls, case.name, case.doc, annotation)
            cases[upper_camel(case.name)] = (kind, carried)
        return keep_shape(named.variant(definition.name, cls, cases))

    def _alias(self, interface: str, name: str, target: tree.Type) -> Shape:
        shape = self.shape(interface, target)
        # Scalars and types with names stay themselves: a list of an alias of u8 is bytes too.
        if isinstance(target, tree.Primitive | tree.Named):
            return shape
        return msgspec.structs.replace(shape, wit=name)

    def _used(self, use: tree.Use) -> Shape:
        if use.interface in self._definitions:
            self._check_package(use)
            return self.named(use.interface, tree.Named(use.original, use.at))
        if use.interface != "standard":
            hint = nearest(use.interface, [*self._definitions, "standard"])
            where = "these files" if any(self._files.values()) else "this text"
            problem = f"interface {use.interface!r} is not in {where}: put it there as well.{hint}"
            raise WitSyntaxError(problem, *use.at)
        standard = self._standard()
        if use.original not in standard:
            hint = nearest(use.original, standard)
            problem = f"Kinode's interface 'standard' has no type {use.original!r}.{hint}"
            raise WitSyntaxError(problem, *use.at)
        return standard[use.original]

    def _check_package(self, use: tree.Use) -> None:
        declared = self._packages[use.interface]
        if use.package and declared and use.package != declared:
            problem = f"interface {use.interface!r} is of the package {declared}"
            raise WitSyntaxError(f"{problem}, not {use.package}", *use.at)

    def shape(self, interface: str, written: tree.Type) -> Shape:
        """Return the shape of a type as written inside an interface; raises WitSyntaxError."""
        match written:
            case tree.Primitive(name=name):
                return SCALARS[name]
            case tree.Named():
                return self.named(interface, written)
            case tree.ListOf(item=item):
                return compound.list_of(self.shape(interface, item))
            case tree.OptionOf(item=item):
                return compound.option_of(self.shape(interface, item))
            case tree.TupleOf(items=items):
                return compound.tuple_of(tuple(self.shape(interface, item) for item in items))
            case tree.ResultOf(ok=ok, err=err):
                return compound.result_of(
                    None if ok is None else self.shape(interface, ok),
                    None if err is None else self.shape(interface, err),
                )
            case _:
                assert_never(written)


def _homes(documents: Mapping[str, tree.Document]) -> dict[str, str]:
    """Return each interface's file; raises WitSyntaxError for two of one name."""
    homes: dict[str, str] = {}
    for file, document in documents.items():
        for interface in document.interfaces:
            if interface.name in homes:
                problem = f"the interface {interface.name!r} is in {homes[interface.name]} as well"
                raise WitSyntaxError(problem, *interface.at, file)
            homes[interface.name] = file
    return homes


def _refuse_flags(shape: Shape | None, part: tree.Field | tree.Case) -> None:
    """Raise WitSyntaxError for flags in a message, since Kinode's have no JSON."""
    if shape is not None and shape.flags:
        problem = (
            f"{part.name!r} has flags, which have no JSON: make {shape.flags} a list of an enum"
        )
        raise WitSyntaxError(problem, *part.at)


def _own_class(name: str, specs: list[values.FieldSpec]) -> type | None:
    """Return the class of kinode_nb for a record of `standard`, if it has just these fields."""
    cls = OWN_CLASSES.get(name)
    fields = [] if cls is None else [(f.name, f.type) for f in msgspec.structs.fields(cls)]
    written = [(python_name(json_field(spec.name)), spec.python) for spec in specs]
    return cls if fields == written else None


def _module(interface: str) -> str:
    return f"wit.{interface}"
