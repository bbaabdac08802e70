"""Packages started on nodes: all of them, or none."""

from collections.abc import Iterable

from kinode_nb.fake_net.begun_package import BegunPackage
from kinode_nb.fake_net.node import Node
from kinode_nb.kit.packages import Package
from kinode_nb.types import KinodeError, PackageError

_Begun = tuple[Node, BegunPackage]


async def start(packages: Iterable[Package], on: list[Node]) -> list[str]:
    """Start packages on nodes; returns what the person should know of those that were there.

    Raises KinodeError when one cannot start, or an error ends it before its first message. Then
    each node runs what it ran before; where that cannot be, the error says so.
    """
    begun: list[_Begun] = []
    notes: list[str] = []
    failing: _Begun | None = None
    try:
        for package in packages:
            for node in on:
                one, note = node.installations.begin(package)
                begun += [(node, one)] if one is not None else []
                notes += [note] if note else []
        for failing in begun:
            node, one = failing
            await one.attended(node.kernel)
    except KinodeError as error:
        if not begun:
            raise
        raise PackageError(_told(error, failing, _undone(begun), begun)) from None
    finally:  # also when the person waits no longer: what was begun goes on
        for node, one in begun:
            node.installations.keep(one)
    return notes


def _undone(begun: list[_Begun]) -> list[str]:
    """Take back what was begun; returns where that could not be, and why."""
    failed = []
    for node, one in reversed(begun):
        try:
            node.installations.undo(one)
        except PackageError as error:
            failed.append(f"On {node.name} {one.id} is gone: {error}.")
    return failed


def _told(error: KinodeError, failing: _Begun | None, left: list[str], begun: list[_Begun]) -> str:
    """Return why nothing was started, and what became of what had been begun."""
    told = [str(error) if str(error).endswith(("?", ".")) else f"{error}."]
    if failing is not None and failing[1].runs_again and not left:
        told.append("The older one runs again.")
    others: dict[str, list[str]] = {}
    for node, one in begun:
        if failing is None or (node, one.id) != (failing[0], failing[1].id):
            others.setdefault(one.id.package_name, []).append(node.name)
    if others:
        each = ", ".join(f"{name} on {' and '.join(where)}" for name, where in others.items())
        told.append(f"What else had begun is as it was before: {each}.")
    told += left
    if failing is not None:
        told.append(f"%kinode terminal -n {failing[0].name} tells the whole story")
    return " ".join(told)
