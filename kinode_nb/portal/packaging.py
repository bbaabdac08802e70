"""What a person does with packages' folders beside a net: find, build, look at an API."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from kinode_nb.kit.installed_apis import InstalledApis, first_of
from kinode_nb.portal import words
from kinode_nb.types import PackageError, PackageId
from kinode_nb.types.capabilities import APP_STORE

if TYPE_CHECKING:
    from kinode_nb.kit.building import BuildOptions, Built
    from kinode_nb.kit.packages import Package
    from kinode_nb.portal.net import FakeNet
    from kinode_nb.portal.node import Node

FetchApi = Callable[[PackageId], bytes | None]


def found(net: "FakeNet", names: Iterable[str], node: str | None) -> "list[Package]":
    """Return packages by name, folder or zip (none given: the working folder); PackageError.

    What they depend on and lies in no folder is asked of a node. Nothing runs while they are read.
    """
    from kinode_nb.kit import packages

    names = tuple(names) or (".",)
    words.files(names)
    fetch, tell = fetcher(net, node, None), net.core.notes.append
    return [packages.find(name, fetch_api=fetch, tell=tell) for name in names]


def build(
    net: "FakeNet",
    folder: str | os.PathLike[str],
    node: str | None,
    download_from: str | None,
    options: "BuildOptions",
) -> "Built":
    """Build the package in a folder; see `kinode_nb.kit.building.build`."""
    from kinode_nb.kit.building import build

    words.files((folder,))
    return build(os.fspath(folder), fetch_api=fetcher(net, node, download_from), **options)


def fetcher(net: "FakeNet", node: str | None, download_from: str | None) -> FetchApi | None:
    """Return what asks the acting node, then another, for an API; None while no node runs."""
    current = net.current
    asked = []
    if node is not None or (current is not None and current.status == "running"):
        asked.append(installed(net.node(node)))
    if download_from is not None:
        asked.append(installed(net.node(download_from)))
    return first_of(asked) if asked else None


def installed(node: "Node") -> InstalledApis:
    """Return the APIs on a node; each is asked for by a message."""

    def ask(body: object) -> tuple[Any, bytes | None]:
        answer = node.request(APP_STORE, body)
        return answer.json(), None if answer.blob is None else answer.blob.bytes

    return InstalledApis(ask, node.name)


def texts(net: "FakeNet", node: "Node", package: str, download_from: str | None) -> dict[str, str]:
    """Return the WIT of a package on a node, else on another one; raises PackageError."""
    asked = installed(node)
    try:
        return asked.texts(package)
    except PackageError:
        if download_from is None:
            raise
    return installed(net.node(download_from)).texts(package)
