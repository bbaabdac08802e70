"""What a package can be asked for: the interfaces of its worlds, by name and by their messages.

`%kinode send` looks for a package with the interface ``chat``. One that was made from the template
of that name calls its interface otherwise, and is meant as well. So an interface whose messages
have the JSON of a known one's goes by that one's name too.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from kinode_nb import wit
from kinode_nb.types import KinodeError
from kinode_nb.wit import tree

_KNOWN = (
    "chat/api/chat.wit",
    "file_transfer/api/file-transfer.wit",
    "file_transfer/api/file-transfer-worker.wit",
)
_PACKAGES = Path(__file__).parent.parent / "packages"
_DEEPEST = 8  # types within types
_PLACES = frozenset({"at", "doc"})
_NAMED = (tree.Record, tree.Variant, tree.Enum, tree.Flags)
"""What has a name that is not part of its JSON; those of fields and cases are."""

Form = tuple[object, ...]
"""A type as it stands in JSON: equal for types that are written and read alike."""


def offered(
    own: Iterable[str], others: Iterable[str] = (), *, strict: bool = True
) -> frozenset[str]:
    """Return the interfaces that the worlds of WIT texts import or export.

    ``others`` are the texts of dependencies, in which such an interface may be defined. Raises
    WitError; unless ``strict``, a text that is not understood is passed over.
    """
    documents = [found for text in own if (found := _parsed(text, strict=strict))]
    names = {
        item.name
        for document in documents
        for world in document.worlds
        for item in world.items
        if item.verb in ("import", "export")
    }
    documents += [found for text in others if (found := _parsed(text, strict=False))]
    defined = [each for document in documents for each in document.interfaces]
    meant = (_known_as(each) for each in defined if each.name in names)
    return frozenset(names.union(*meant))


def _parsed(text: str, *, strict: bool) -> tree.Document | None:
    try:
        return wit.parse(text)
    except KinodeError:
        if strict:
            raise
        return None


def _known_as(interface: tree.Interface) -> set[str]:
    """Return the known interfaces whose messages are among an interface's."""
    forms = _messages(interface)
    return {name for name, known in _known().items() if known <= forms}


@cache
def _known() -> dict[str, frozenset[Form]]:
    texts = [(_PACKAGES / path).read_text(encoding="utf-8") for path in _KNOWN]
    interfaces = [each for text in texts for each in wit.parse(text).interfaces]
    return {each.name: _messages(each) for each in interfaces}


def _messages(interface: tree.Interface) -> frozenset[Form]:
    """Return the forms of an interface's variants: what is sent is always one."""
    types = {each.name: each for each in interface.types}
    return frozenset(
        _form(each, types, 0) for each in interface.types if isinstance(each, tree.Variant)
    )


def _form(item: object, types: Mapping[str, tree.TypeDefinition], depth: int) -> Form:
    """Return the form of a type, or of a part of one."""
    if isinstance(item, tree.Named) and item.name in types and depth < _DEEPEST:
        return _form(types[item.name], types, depth + 1)
    if isinstance(item, tree.Alias):
        return _form(item.target, types, depth)
    if isinstance(item, tuple):
        return tuple(_form(each, types, depth) for each in item)
    if isinstance(item, msgspec.Struct):
        passed = _PLACES | {"name"} if isinstance(item, _NAMED) else _PLACES
        parts = [getattr(item, name) for name in item.__struct_fields__ if name not in passed]
        return (type(item).__name__, *(_form(part, types, depth) for part in parts))
    return (item,)
