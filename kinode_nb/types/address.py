"""Kinode's identifiers: package ids, process ids and addresses.

Grammar and error texts follow ``lib/src/core.rs`` of Kinode 1.0: the structure is checked
first, then the characters ("Kimap-safe": ``a-z 0-9 -``, and dots in node names).
"""

import re
from functools import lru_cache
from typing import Self

import msgspec

from kinode_nb.types.errors import AddressError

_NAME = re.compile(r"[a-z0-9\-]+\Z")
_NODE = re.compile(r"[a-z0-9\-.]+\Z")
# A DNS name ends there, and a home folder and a drive must be able to carry it.
_LONGEST = 253


def check_node_name(node: str) -> str:
    """Return the node name, or raise AddressError when it is not Kimap-safe."""
    shown = node if node.isprintable() else repr(node)[1:-1]  # an error is one line
    if not _NODE.match(node) or len(node) > _LONGEST:
        raise AddressError(
            "NodeNotKimapSafe", f"Node ({shown}) can only contain a-z, 0-9, `-`, `.`{_hint(node)}"
        )
    if not node.strip("."):
        raise AddressError("NodeNotKimapSafe", f"Node ({shown}) must be more than dots")
    return node


def _hint(name: str) -> str:
    if len(name) > _LONGEST:
        return f" and at most {_LONGEST} characters"
    better = re.sub(r"[^a-z0-9\-.]+", "-", name.lower()).strip("-.")
    return f": {better!r} would do" if better and better != name else ""


def _check_name(kind: str, what: str, name: str) -> None:
    if not _NAME.match(name) or len(name) > _LONGEST:
        raise AddressError(
            kind, f"{what} name ({name}) can only contain a-z, 0-9, `-`{_hint(name)}"
        )


def _check_publisher(publisher: str) -> None:
    if not _NODE.match(publisher) or len(publisher) > _LONGEST:
        raise AddressError(
            "PublisherNodeNotKimapSafe",
            f"Publisher ({publisher}) can only contain a-z, 0-9, `-`, `.`{_hint(publisher)}",
        )


def _segments(text: str, count: int, what: str, form: str) -> list[str]:
    parts = text.split(":")
    if len(parts) > count:
        raise AddressError("TooManyColons", f"Too many colons in {what} string {text!r}: {form}")
    if len(parts) < count or not all(parts):
        raise AddressError("MissingField", f"Missing field in {what} string {text!r}: {form}")
    return parts


class PackageId(msgspec.Struct, frozen=True, gc=False, cache_hash=True, order=True):
    """``package:publisher``, such as ``chat:template.os``."""

    package_name: str
    publisher_node: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``package:publisher``; raises AddressError."""
        package, publisher = _segments(text, 2, "PackageId", "write package:publisher")
        return cls(package, publisher).check()

    def check(self) -> Self:
        """Return self when every part is Kimap-safe; raises AddressError."""
        _check_name("PackageNameNotKimapSafe", "Package", self.package_name)
        _check_publisher(self.publisher_node)
        return self

    def __str__(self) -> str:
        """Return Kinode's text form."""
        return f"{self.package_name}:{self.publisher_node}"


class ProcessId(msgspec.Struct, frozen=True, gc=False, cache_hash=True, order=True):
    """``process:package:publisher``, such as ``chat:chat:template.os``."""

    process_name: str
    package_name: str
    publisher_node: str

    @classmethod
    def parse(cls, text: str) -> "ProcessId":
        """Read ``process:package:publisher``; raises AddressError."""
        return _process_id(text)

    def check(self) -> Self:
        """Return self when every part is Kimap-safe; raises AddressError."""
        _check_name("ProcessNameNotKimapSafe", "Process", self.process_name)
        self.package_id.check()
        return self

    @property
    def package_id(self) -> PackageId:
        """The package that the process belongs to."""
        return PackageId(self.package_name, self.publisher_node)

    def __str__(self) -> str:
        """Return Kinode's text form."""
        return f"{self.process_name}:{self.package_name}:{self.publisher_node}"


class Address(msgspec.Struct, frozen=True, gc=False, cache_hash=True, order=True):
    """``node@process:package:publisher``, such as ``fake.dev@chat:chat:template.os``."""

    node: str
    process: ProcessId

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read ``node@process:package:publisher``; ``our`` is a node name too. AddressError."""
        return _address(text)

    @property
    def package_id(self) -> PackageId:
        """The package that the process belongs to."""
        return self.process.package_id

    def __str__(self) -> str:
        """Return Kinode's text form."""
        return f"{self.node}@{self.process}"

    def __repr__(self) -> str:
        """Return Kinode's text form, marked as an address."""
        return f"<Address {self}>"


# Cached so that equal texts are one object: the router's look-ups then compare by identity.
@lru_cache(maxsize=4096)
def _process_id(text: str) -> ProcessId:
    if "@" in text:
        raise AddressError(
            "TooManyAts", f"Too many `@` chars: a ProcessId has none, but {text!r} does"
        )
    parts = _segments(text, 3, "ProcessId", "write process:package:publisher")
    return ProcessId(*parts).check()


@lru_cache(maxsize=4096)
def _address(text: str) -> Address:
    node, at, process = text.partition("@")
    if "@" in process:
        raise AddressError("TooManyAts", f"Too many `@` chars: only one allowed, in {text!r}")
    if not at or not node:
        raise AddressError(
            "MissingNodeId", f"Node ID missing in {text!r}: write node@process:package:publisher"
        )
    return Address(check_node_name(node), _process_id(process))
