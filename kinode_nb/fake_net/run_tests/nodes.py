"""The nodes of a test: booted as its tests.toml says, each with what is to be set up on it."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from kinode_nb.fake_net import starting
from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.kit import tests_toml
from kinode_nb.kit.packages import Package
from kinode_nb.kit.tests_toml import TestNode
from kinode_nb.types import KinodeError, NodeError, PackageError
from kinode_nb.types.capabilities import VFS

_WIPED = ("kernel", "kv", "sqlite", "vfs")
"""What kit removes of a home before it boots a node in it."""


async def boot(net: Net, wanted: TestNode, home: Path | None) -> tuple[Node, str]:
    """Boot a node, in a home of its own unless one is named; returns it, and a note or ``""``.

    A port that is in use is replaced by the next free one. Raises NodeError.
    """
    if home is not None:
        _wipe(home, wanted.name)
    port: int | str | None = wanted.port
    for attempt in (port, _any_port()):
        try:
            node = await net.boot(
                wanted.name,
                port=attempt,
                home=home,
                verbosity=wanted.runtime_verbosity,
                password=wanted.password,
            )
        except NodeError as error:
            if attempt != port or "port" not in str(error):
                raise
        else:
            if node.port == port:
                return node, ""
            where = f"listens on {node.port}" if node.port else "has no HTTP"
            return node, f"port {port} is in use: {wanted.name} {where}"
    raise NodeError(f"{wanted.name} could not be booted")


def _any_port() -> str | None:
    return "none" if "JUPYTERHUB_SERVICE_PREFIX" in os.environ else None


def _wipe(home: Path, node: str) -> None:
    """Remove what an earlier run left in a home that nobody uses now."""
    if not home.is_dir():
        return
    try:
        with FileLock(home / ".lock", blocking=False):
            for name in _WIPED:
                shutil.rmtree(home / name, ignore_errors=True)
    except Timeout:
        raise NodeError(
            f"{home} is the home of a node that is running: choose another for {node}"
        ) from None


async def set_up(node: Node, packages: Iterable[tuple[Package, bool]]) -> None:
    """Put setup packages on a node, and start those that are to run; raises PackageError."""
    for package, is_to_run in packages:
        if is_to_run:
            await starting.start([package], [node])
        await unpack(node, f"/tester:sys/setup/{package.id.package_name}", package)


async def unpack(node: Node, path: str, package: Package) -> None:
    """Write a package's files below a folder of a node's vfs, by a message, as kit does."""
    await _vfs(node, path, "AddZip", package.archive)


async def write(node: Node, path: str, data: bytes) -> None:
    """Write a file of a node's vfs, by a message."""
    await _vfs(node, path, "Write", data)


async def _vfs(node: Node, path: str, action: str, data: bytes) -> None:
    try:
        answer = await node.request(VFS, {"path": path, "action": action}, 15, data)
    except KinodeError as error:
        raise PackageError(f"{path} could not be written on {node.name}: {error}") from None
    if answer.json() != "Ok":
        raise PackageError(f"{path} could not be written on {node.name}: {answer.text()}")


def home_of(folder: Path, node: TestNode) -> Path:
    """Return the home that a tests.toml of a folder names."""
    return tests_toml.place(folder, node.home)
