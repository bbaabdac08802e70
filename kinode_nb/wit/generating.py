"""Python source from WIT: a module for each interface, with types that checkers understand.

A module has two halves. Type checkers read classes, written out; a running process gets those that
`wit.load` makes of the WIT beside the module, which are the same for all who load equal text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain

from kinode_nb.wit import tree
from kinode_nb.wit.annotations import BUILT_IN_TYPES, Annotations, class_name
from kinode_nb.wit.classes_source import type_source
from kinode_nb.wit.layout import WIDTH, alias, bracketed, docstring, imported, indented, listed
from kinode_nb.wit.linking import Linker
from kinode_nb.wit.model import parse_all, standard_types
from kinode_nb.wit.names import python_name, snake
from kinode_nb.wit.standard import OWN_CLASSES, standard_text
from kinode_nb.wit.syntax import parse

# What the source itself calls by these names; a function of one of them gets a _.
_TAKEN = BUILT_IN_TYPES | {
    *("annotations", "enum", "msgspec", "pathlib", "process_lib", "typing", "wit")
}

_PACKAGE = "__init__.py"
# WIT's comments and names are as they are, and so is the way from api/ to what is beside it.
_NOTES = "# ruff: noqa: D205, D400, D403, D415, E501, I001, N801, N818, RUF100, TID252"


def module_name(interface: str) -> str:
    """Return the name of the module that an interface becomes: ``file_transfer_worker``."""
    return python_name(snake(interface))


def implementation_name(interface: str) -> str:
    """Return the name of the module with an interface's functions: ``file_transfer_worker_api``."""
    return f"{module_name(interface)}_api"


def generate(texts: Mapping[str, str], implementations: Collection[str] = ()) -> dict[str, str]:
    """Return the source of a module for each interface by its file's name, ``__init__.py`` too.

    ``texts`` are all WIT texts of an API, by the names of their files. ``implementations`` are the
    modules beside the API's folder: where ``file_transfer_worker_api`` is one, the functions of
    that interface are in its module, and call it. The same texts give the same source. Raises
    WitSyntaxError.
    """
    documents = parse_all(texts)
    linker = Linker(documents, standard_types)
    sources = {}
    for file, document in documents.items():
        for interface in document.interfaces:
            linker.check(interface)
            module = _Module(file, interface, linker, implementations)
            sources[f"{module_name(interface.name)}.py"] = "\n".join([*module.lines(), ""])
    return {_PACKAGE: '"""The APIs that this package speaks, generated from WIT."""\n', **sources}


def standard_source() -> str:
    """Return the source of `kinode_nb.wit.standard_types`."""
    document = parse(standard_text())
    linker = Linker({"": document}, dict)
    module = _Standard("kinode.wit", document.interfaces[0], linker, ())
    return "\n".join([*module.lines(), ""])


class _Module:
    """One interface, about to be written."""

    def __init__(
        self,
        file: str,
        interface: tree.Interface,
        linker: Linker,
        implementations: Collection[str],
    ) -> None:
        self._file = file
        self._interface = interface
        self._annotations = Annotations(linker, interface.name)
        self._implementation = implementation_name(interface.name)
        there = self._implementation in implementations
        self._functions = interface.functions if there else ()
        self._long: dict[str, list[str]] = {}
        """Lines that name the annotations that are too long for a signature."""
        self._types = [class_name(definition.name) for definition in interface.types]

    def lines(self) -> Iterator[str]:
        functions = list(chain.from_iterable(map(self._function, self._functions)))
        checked = self._checked_types()
        yield from self._head()
        yield ""
        yield "from __future__ import annotations"
        yield ""
        yield from self._imports("\n".join([*checked, *functions]))
        yield ""
        names = sorted([*self._types, *map(function_name, self._functions)])
        yield from listed("__all__ = [", [f'"{name}"' for name in names], "]")
        if checked:
            yield ""
            yield "if typing.TYPE_CHECKING:"
            yield from indented(checked)
            if self._types:
                yield ""
                yield "else:"
                yield from indented(self._running_types())
        yield from functions

    def _head(self) -> list[str]:
        name, doc = self._interface.name, self._interface.doc
        text = f"The types of ``interface {name}``, generated from {self._file or 'WIT'}."
        note = "The build writes this anew: change the WIT instead."
        return [*docstring("\n\n".join(filter(None, [text, doc, note]))), _NOTES]

    def _imports(self, source: str) -> Iterator[str]:
        used = [name for name in ("enum", "pathlib", "typing") if name in self._needs(source)]
        yield from (f"import {name}" for name in used)
        if used:
            yield ""
        own = ["process_lib"] if self._functions else []
        own += ["wit"] if self._types or "wit." in source else []
        if own:
            yield f"from kinode_nb import {', '.join(own)}"

    def _needs(self, source: str) -> set[str]:
        needed = {"typing"} if self._types or self._long else set()
        needed |= {"pathlib"} if self._types and "pathlib." in self._loading() else set()
        return needed | ({"enum"} if "(enum." in source else set())

    def _uses(self) -> list[str]:
        found: dict[str, list[str]] = {}
        for use in self._interface.types:
            if isinstance(use, tree.Use):
                old, new = class_name(use.original), class_name(use.name)
                found.setdefault(_home(use), []).append(old if old == new else f"{old} as {new}")
        ordered = sorted(found, key=lambda module: (module.startswith("."), module))
        return [line for module in ordered for line in imported(module, sorted(found[module]))]

    def _checked_types(self) -> list[str]:
        sources = [
            type_source(each, self._annotations)
            for each in self._interface.types
            if not self._is_own(each)
        ]
        structs = any("msgspec." in line for source in sources for line in source)
        blocks = [
            ["import msgspec"] if structs else [],
            self._uses(),
            *sources,
            *self._long.values(),
        ]
        lines = list(chain.from_iterable(["", *block] for block in blocks if block))
        return lines if lines and lines[1].startswith("class ") else lines[1:]

    def _is_own(self, definition: tree.TypeDefinition) -> bool:
        """Say whether kinode_nb has a class of its own for it."""
        return False

    def _running_types(self) -> Iterator[str]:
        yield f"_api = {self._loading()}"
        yield from (f"{name} = _api.{name}" for name in self._types)

    def _loading(self) -> str:
        return f'wit.load(pathlib.Path(__file__).parent, "{self._interface.name}")'

    def _function(self, function: tree.Function) -> Iterator[str]:
        name = function_name(function)
        parameters = [(parameter_name(p.name), p.type) for p in function.parameters]
        written = [f"{each}: {self._short(name, each, type_)}" for each, type_ in parameters]
        result = self._short(name, "returns", function.result)
        opening, closing = f"async def {name}(", f") -> {result}:"
        yield ""
        yield ""
        yield from bracketed(opening, ["our: process_lib.Our", *written], closing)
        yield from docstring(function.doc or f"The function ``{function.name}``.", 4)
        yield f"    from ..{self._implementation} import {name} as _implemented"
        yield ""
        arguments = ["our", *(each for each, _ in parameters)]
        yield from bracketed("return await _implemented(", arguments, ")", 4)

    def _short(self, function: str, part: str, written: tree.Type | None) -> str:
        """Return an annotation that fits on a line of a signature, if need be by another name."""
        annotation = self._annotations.of(written)
        if len(f"    {part}: {annotation},") <= WIDTH:
            return annotation
        name = f"_{function}_{part}"
        self._long[name] = alias(name, annotation, deeper=4)
        return name


class _Standard(_Module):
    """Kinode's ``interface standard``, of which kinode_nb has some classes of its own."""

    def _uses(self) -> list[str]:
        return imported("kinode_nb.types", sorted(map(class_name, OWN_CLASSES)))

    def _is_own(self, definition: tree.TypeDefinition) -> bool:
        return definition.name in OWN_CLASSES

    def _loading(self) -> str:
        return "wit.standard_interface()"


def function_name(function: tree.Function) -> str:
    """Return what a function of an interface is called in Python, by all sides."""
    name = python_name(snake(function.name))
    return f"{name}_" if name in _TAKEN else name


def parameter_name(name: str) -> str:
    """Return what the parameter of a function is called in Python; ``our`` comes before them."""
    snaked = python_name(snake(name))
    return f"{snaked}_" if snaked == "our" else snaked


def _home(use: tree.Use) -> str:
    """Return the module that has the class of a type used from elsewhere."""
    if use.interface != "standard":
        return f".{module_name(use.interface)}"
    is_own = use.original in OWN_CLASSES
    return "kinode_nb.process_lib" if is_own else "kinode_nb.wit.standard_types"
