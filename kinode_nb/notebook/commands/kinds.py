"""The kinds of words that verbs take: how each is read, and what Tab offers for it."""

import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinode_nb.types import KinodeError, UsageError

if TYPE_CHECKING:
    from kinode_nb.portal import FakeNet


@dataclass(frozen=True, slots=True)
class Place:
    """Where Tab was pressed: the word so far, and the other words of the line by position."""

    word: str
    others: tuple[str, ...]
    find_net: Callable[[], "FakeNet"]
    verbs: tuple[str, ...] = ()
    node: str | None = None
    """What the line's ``-n`` names."""
    port: int | None = None
    """What its ``-p`` names."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of word. ``read`` gets the word and the name of its flag, for its UsageError."""

    offer: Callable[[Place], Iterable[str]]
    read: Callable[[str, str], object] = lambda word, _: word


def choice(*names: str) -> Kind:
    """Return the kind of a word that is one of these."""

    def read(word: str, name: str) -> str:
        if word.lower() not in names:  # Kinode writes some of them with a capital
            raise UsageError(f"{name} is one of {', '.join(names)}, not {word!r}")
        return word.lower()

    return Kind(lambda _: names, read)


def _number(word: str, name: str) -> int:
    if not word.isascii() or not word.isdigit():
        raise UsageError(f"{name} takes a whole number, not {word!r}")
    return int(word)


def _seconds(word: str, name: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise UsageError(f"{name} takes seconds, such as 15 or 0.5, not {word!r}")
    return int(seconds) if seconds.is_integer() else seconds


def _port(word: str, name: str) -> int | str:
    if word == "none":
        return word
    if not _is_port(word):
        raise UsageError(f"{name} takes a port from 1 to 65535, or none, not {word!r}")
    return int(word)


def _port_number(word: str, name: str) -> int:
    if not _is_port(word):
        raise UsageError(f"{name} takes a port from 1 to 65535, not {word!r}")
    return int(word)


def _is_port(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 6 and 0 < int(word) < 65536  # noqa: PLR2004


def _files_of_the_machine(place: Place) -> list[str]:
    folder, _, start = place.word.rpartition("/")
    shown = f"{folder}/" if "/" in place.word else ""
    try:
        entries = list(os.scandir(Path(shown or ".").expanduser()))
    except OSError:
        return []
    return sorted(
        f"{shown}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if not entry.name.startswith(".") or start.startswith(".")
    )


def _folders_of_the_machine(place: Place) -> list[str]:
    return [name for name in _files_of_the_machine(place) if name.endswith("/")]


def _startable(place: Place) -> list[str]:
    """Offer the built-in packages, and the folders and zips that are, or may lead to, a package."""
    entries = [
        name
        for name in _files_of_the_machine(place)
        if name.endswith(".zip")
        or (name.endswith("/") and ("/" in place.word or _is_package(Path(name).expanduser())))
    ]
    return [*place.find_net().package_names(), *entries]


def _is_package(folder: Path) -> bool:
    return (folder / "metadata.json").is_file()


def _files_or_node(place: Place) -> list[str]:
    """Offer the files of the node that the line names, or of all nodes; then the nodes."""
    net = place.find_net()
    nodes = net.node_names()
    named = next((word for word in reversed(place.others) if word in nodes), None)
    files = [name for name in net.offered_files(named) if name not in place.others]
    may_be_node = named is None and place.others
    return [*files, *(nodes if may_be_node else [])]


def _process_ids(place: Place) -> list[str]:
    """Offer the processes of all nodes, without the nodes' names."""
    names = place.find_net().process_names()
    return sorted({name.rpartition("@")[2] for name in names})


def _process_ids_or_addresses(place: Place) -> list[str]:
    return [*_process_ids(place), *place.find_net().process_names()]


def _killable(place: Place) -> list[str]:
    """Offer what `kill` can end, on the node that it would act on or that the word names."""
    net = place.find_net()
    at = "@" in place.word
    named = place.word.partition("@")[0] if at and place.node is None else place.node
    try:
        node = net.node(None if named == "our" else named, place.port).name
    except KinodeError:
        return []
    names = [name for name in net.process_names() if not name.endswith(":sys")]
    before = f"{place.word.partition('@')[0]}@" if at else ""
    ids = (name.removeprefix(f"{node}@") for name in names if name.startswith(f"{node}@"))
    return sorted(f"{before}{id_}" for id_ in ids)


def _templates(_: Place) -> tuple[str, ...]:
    from kinode_nb.kit.new import TEMPLATES

    return TEMPLATES


def _languages(_: Place) -> tuple[str, ...]:
    from kinode_nb.kit.new import LANGUAGES

    return LANGUAGES


NOTHING = Kind(lambda _: ())
TEXT = Kind(lambda _: ())
NUMBER = Kind(lambda _: (), _number)
SECONDS = Kind(lambda _: (), _seconds)
PORT = Kind(lambda _: ("none",), _port)
PORT_NUMBER = Kind(lambda _: (), _port_number)
NODE = Kind(lambda place: place.find_net().node_names())
PACKAGE = Kind(lambda place: place.find_net().package_names())
PROCESS = Kind(_process_ids_or_addresses)
PROCESS_ID = Kind(_process_ids)
KILLABLE = Kind(_killable)
INSTALLED = Kind(lambda place: place.find_net().installed_packages())
TRANSFER = Kind(lambda place: place.find_net().transfer_ids())
FILE_OF_THE_MACHINE = Kind(_files_of_the_machine)
FOLDER_OF_THE_MACHINE = Kind(_folders_of_the_machine)
STARTABLE = Kind(_startable)
TEMPLATE = Kind(_templates)
LANGUAGE = Kind(_languages)
VERB = Kind(lambda place: place.verbs)
OFFERED_FILE = Kind(_files_or_node)
