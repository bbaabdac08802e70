"""Interfaces with a name of their own in ``kinode_nb.wit``: what ``%%kinode wit NAME`` makes."""

from __future__ import annotations

import importlib.util
import keyword
import sys
from collections.abc import Mapping
from typing import Any

from kinode_nb.types.errors import nearest
from kinode_nb.wit.errors import WitError
from kinode_nb.wit.model import Interface, interfaces_of
from kinode_nb.wit.names import python_name, snake

_PACKAGE = "kinode_nb.wit"


class Interfaces:
    """Several interfaces of one text: ``wit.files.file_transfer`` is its ``file-transfer``."""

    def __init__(self, name: str, interfaces: Mapping[str, Interface]) -> None:
        """Have each interface as an attribute."""
        self._name = name
        vars(self).update({python_name(snake(each)): interfaces[each] for each in interfaces})

    def __getattr__(self, name: str) -> Any:
        known = [each for each in vars(self) if each != "_name"]
        owner = vars(self).get("_name")
        raise AttributeError(f"{owner} has no interface {name!r}.{nearest(name, known)}")

    def __repr__(self) -> str:
        return f"<interfaces {', '.join(interfaces_in(self))}>"


def define(name: str, text: str) -> Interface | Interfaces:
    """Make ``kinode_nb.wit.NAME`` of WIT text: its interface, or all where there are several.

    A ``-`` in the name is a ``_``. What the name meant before is replaced. Raises WitError for a
    name that cannot be one or is taken, and WitSyntaxError.
    """
    attribute = checked_name(name)
    interfaces = interfaces_of({"": text})
    if not interfaces:
        raise WitError("no interface in this text: write interface NAME { … }")
    made = next(iter(interfaces.values())) if len(interfaces) == 1 else None
    found = made or Interfaces(attribute, interfaces)
    setattr(sys.modules[_PACKAGE], attribute, found)
    return found


def interfaces_in(made: Interface | Interfaces) -> Mapping[str, Interface]:
    """Return what `define` made by the names behind its own: ``""`` for a single interface."""
    if isinstance(made, Interface):
        return {"": made}
    return {name: each for name, each in vars(made).items() if isinstance(each, Interface)}


def checked_name(name: str) -> str:
    """Return a name as Python has it; raises WitError for one that cannot be defined."""
    attribute = name.replace("-", "_")
    if not attribute.isidentifier() or keyword.iskeyword(attribute) or attribute.startswith("_"):
        raise WitError(f"{name!r} cannot be a name here: take letters, digits and _, such as chat")
    if attribute not in defined_names() and _is_taken(attribute):
        raise WitError(f"{_PACKAGE} has a {attribute} of its own: take another name")
    return attribute


def _is_taken(attribute: str) -> bool:
    there = hasattr(sys.modules[_PACKAGE], attribute)
    return there or importlib.util.find_spec(f"{_PACKAGE}.{attribute}") is not None


def defined_names() -> tuple[str, ...]:
    """Return the names that were defined, in alphabetical order."""
    there = vars(sys.modules[_PACKAGE])
    return tuple(sorted(n for n, each in there.items() if isinstance(each, Interface | Interfaces)))
