"""Which scripts a node's terminal knows, and which of them a mistyped line may have meant."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from kinode_nb.kit.packages import built_in
from kinode_nb.types import AddressError, ProcessId, nearest
from kinode_nb.types.programs import program_name
from kinode_nb.types.scripts import find_script, read_scripts, script_names

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


def hint(line: str, said: str, aliases: Mapping[str, ProcessId], home: Path, node: str) -> str:
    """Return what may help with a line of which the terminal has said this; may be empty."""
    if not said.startswith(_REFUSED):
        return ""
    head = line.partition(" ")[0]
    name = head.replace("_", "-")
    process = aliases.get(head) or aliases.get(name)
    meant = name if process is None else str(process)
    scripts = scripts_of(home)
    stands = "" if process is None else f". {head} stands for {meant}"
    if meant in scripts:
        return stands + _what_cannot_run(ProcessId.parse(meant), home)
    if missing := _package_to_start(meant, scripts):
        return f"{stands}. %kinode start {missing} -n {node} starts its package"
    near = nearest(meant, [each for each in (*aliases, *scripts) if each not in (head, meant)])
    return f"{stands}.{near}" if near else stands


def _what_cannot_run(script: ProcessId, home: Path) -> str:
    """Return what is wrong with the file of a script that its package names; may be empty."""
    place = f"{script.package_id}/pkg"
    drive = home / "vfs" / place
    found = find_script(read_scripts((drive / "scripts.json").read_bytes()), script.process_name)
    if found is None:
        return ""
    file = found[0]
    there = program_name(file, lambda name: (drive / name).is_file())
    if there is None:
        return f". There is no {Path(file).stem}.py in /{place}"
    return f". {there} in /{place} is Wasm: only Python (.py) runs here" if there == file else ""


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
