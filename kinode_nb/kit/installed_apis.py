"""The APIs of a running node's packages, as app-store gives them: kit's ``view-api``."""

from collections.abc import Callable
from typing import Any

from kinode_nb.kit import zips
from kinode_nb.types import KinodeError, PackageError, PackageId, UsageError, nearest

Ask = Callable[[object], tuple[Any, bytes | None]]
"""Sends ``main:app-store:sys`` a body, as JSON, and returns the Response's JSON and blob."""


class InstalledApis:
    """What one node can be asked for; every method may raise what asking raises."""

    def __init__(self, ask: Ask, node: str) -> None:
        """Ask in this way; ``node`` is what errors call the node."""
        self._ask = ask
        self._node = node

    def ids(self) -> list[str]:
        """Return the ids of the packages that have an API."""
        said, _ = self._ask("Apis")
        try:
            given = [PackageId(**each) for each in said["ApisResponse"]["apis"]]
        except (KeyError, TypeError):
            raise PackageError(f"app-store of {self._node} answered {said!r}") from None
        return sorted(map(str, given))

    def get(self, package: PackageId) -> bytes | None:
        """Return a package's ``api.zip``; None where it has none, or is not installed."""
        id_ = {"package_name": package.package_name, "publisher_node": package.publisher_node}
        said, blob = self._ask({"GetApi": id_})
        return blob if said == {"GetApiResponse": "Success"} else None

    def texts(self, name: str) -> dict[str, str]:
        """Return the WIT of a package, by its files' names; PackageError for what is not there.

        A package's name will do where one of them has it.
        """
        known = self.ids()
        wanted = name.replace("_", "-")
        found = [each for each in known if wanted in (each, each.partition(":")[0])]
        if len(found) > 1:
            raise UsageError(f"{name!r} may be {' or '.join(found)}: write it in full")
        data = self.get(PackageId.parse(found[0])) if found else None
        if data is None:
            names = [*known, *(each.partition(":")[0] for each in known)]
            hint = nearest(wanted, names) or (f" There are {', '.join(known)}." if known else "")
            raise PackageError(f"no package {name!r} with an API is on {self._node}.{hint}")
        files = zips.contents(data, f"the API of {found[0]}")  # to look at, whatever else is in it
        return {
            path.rpartition("/")[2]: content.decode(errors="replace")
            for path, content in files.items()
            if path.endswith(".wit")
        }


def first_of(nodes: list[InstalledApis]) -> Callable[[PackageId], bytes | None]:
    """Return what asks these nodes, one after the other, for an ``api.zip``."""

    def fetch(package: PackageId) -> bytes | None:
        error: KinodeError | None = None
        for node in nodes:
            try:
                data = node.get(package)
            except KinodeError as refused:
                error = error or refused
            else:
                if data is not None:
                    return data
        if error is not None:
            raise error
        return None

    return fetch
