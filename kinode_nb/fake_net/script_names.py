"""Which scripts a node's terminal knows, and which of them a mistyped line may have meant."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from kinode_nb.fake_net.packages import built_in
from kinode_nb.types import AddressError, ProcessId, nearest
from kinode_nb.types.scripts import read_scripts, script_names

_REFUSED = "error calling script: "


def scripts_of(home: Path) -> list[str]:
    """Return the process ids of all scripts of the installed packages, as they are typed."""
    found = []
    for manifest in sorted(home.glob("vfs/*:*/pkg/scripts.json")):
        package = manifest.parent.parent
        if package.is_symlink():
            continue
        try:
            names = script_names(read_scripts(manifest.read_bytes()))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        found += [f"{name}:{package.name}" for name in names]
    return found


def hint(line: str, said: str, known: Sequence[str], node: str) -> str:
    """Return what may help with a line of which the terminal has said this; may be empty."""
    if not said.startswith(_REFUSED):
        return ""
    head = line.partition(" ")[0].replace("_", "-")
    if missing := _package_to_start(head, known):
        return f". %kinode start {missing} -n {node} starts its package"
    near = nearest(head, known)
    return f".{near}" if near else ""


def _package_to_start(head: str, known: Iterable[str]) -> str:
    """Return the built-in package that a script belongs to which nobody has started."""
    try:
        process = ProcessId.parse(head)
    except AddressError:
        return ""
    folder = built_in().get(process.package_name)
    started = any(name.endswith(f":{process.package_id}") for name in known)
    if folder is None or started or process.publisher_node != "template.os":
        return ""
    return process.package_name
