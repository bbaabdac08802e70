"""The parser: WIT text -> `tree.Document`.

It reads what the component model has, but for resources, streams and futures, which are refused:
none of them can be part of a message. Feature gates (``@since``, ``@unstable``, ``@deprecated``)
are read and change nothing.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from kinode_nb.types.errors import UsageError
from kinode_nb.wit import tree
from kinode_nb.wit.definitions import (
    read_definition,
    read_interface,
    read_renamed,
    read_signature,
    read_use,
)
from kinode_nb.wit.reader import Path, Reader, check_distinct

_DEFINITIONS = ("record", "variant", "enum", "flags", "type", "resource")


# The texts of a package are read by several, and again for every node and every test.
@lru_cache(maxsize=128)
def parse(text: str) -> tree.Document:
    """Return what the WIT text says; raises WitSyntaxError."""
    if not isinstance(text, str):
        raise UsageError(f"parse takes WIT text, not {text!r}")
    read = Reader(text)
    found = _Found()
    read.gates()
    if read.at("package"):
        package = _package(read)
        if read.at("{"):
            _nested(read, found, package)
        else:
            read.expect(";")
            found.package = package
    while read.token.kind != "end":
        read.gates()
        if read.at("package"):
            _nested(read, found, _package(read))
        else:
            _item(read, found, found.package, "'interface', 'world', 'use' or 'package'")
    check_distinct("interface", found.interfaces)
    check_distinct("world", found.worlds)
    interfaces = [_unaliased(interface, found.aliases) for interface in found.interfaces]
    return tree.Document(tuple(interfaces), tuple(found.worlds), found.package)


class _Found:
    """What a text has, as far as it was read."""

    def __init__(self) -> None:
        self.package = ""
        self.interfaces: list[tree.Interface] = []
        self.worlds: list[tree.World] = []
        self.aliases: dict[str, Path] = {}
        """Interfaces by the names that this text alone gives them."""


def _package(read: Reader) -> str:
    read.expect("package")
    path = read.path("the package's name")
    return f"{path.package}:{path.name.text}" if path.package else path.name.text


def _nested(read: Reader, found: _Found, package: str) -> None:
    """Read the interfaces and worlds of a package inside the text."""
    read.expect("{")
    while not read.take("}"):
        read.gates()
        _item(read, found, package, "'interface', 'world', 'use' or '}'")


def _item(read: Reader, found: _Found, package: str, expected: str) -> None:
    if read.at("interface"):
        doc, name = read.next().doc, read.name("the interface's name")
        found.interfaces.append(read_interface(read, name, doc, package))
    elif read.at("world"):
        found.worlds.append(_world(read))
    elif read.at("use"):
        read.next()
        path = read.path("the name of an interface")
        name = read.name("its new name") if read.take("as") else path.name
        read.expect(";")
        found.aliases[name.text] = path
    else:
        raise read.failure(expected)


def _unaliased(interface: tree.Interface, aliases: dict[str, Path]) -> tree.Interface:
    types: list[tree.TypeDefinition] = []
    for each in interface.types:
        if isinstance(each, tree.Use) and not each.package and each.interface in aliases:
            path = aliases[each.interface]
            replaced = {"interface": path.name.text, "package": path.package}
            types.append(msgspec.structs.replace(each, **replaced))
        else:
            types.append(each)
    return msgspec.structs.replace(interface, types=tuple(types))


def _world(read: Reader) -> tree.World:
    doc = read.expect("world").doc
    name = read.name("the world's name")
    items: list[tree.WorldItem] = []
    types: list[tree.TypeDefinition] = []
    read.expect("{")
    while not read.take("}"):
        read.gates()
        if read.at("use"):
            types.extend(read_use(read))
        elif any(map(read.at, _DEFINITIONS)):
            types.append(read_definition(read))
        else:
            items.append(_world_item(read))
    check_distinct("name", types)
    return tree.World(name.text, tuple(items), name.at, doc, tuple(types))


def _world_item(read: Reader) -> tree.WorldItem:
    if not any(map(read.at, ("import", "export", "include"))):
        raise read.failure("'import', 'export', 'include', 'use', a type or '}'")
    verb = read.next()
    path = read.path("the name of an interface, a function or a world")
    name, package = path.name, path.package
    if verb.text != "include" and read.take(":"):
        if read.take("interface"):
            inside = read_interface(read, name, verb.doc)
            return tree.WorldItem(verb.text, name.text, interface=inside)
        return tree.WorldItem(verb.text, name.text, read_signature(read, name, verb.doc))
    if verb.text == "include" and read.take("with"):
        read.between("{", "}", lambda: read_renamed(read))
        read.take(";")
    else:
        read.expect(";")
    return tree.WorldItem(verb.text, name.text, package=package)
