"""Packages: from a folder to running processes on a node.

A package is a folder with ``metadata.json``, ``api/*.wit``, ``pkg/manifest.json`` and Python
processes in ``pkg``. Its API's own files, and those that its dependencies include in theirs, are
copied into the installed ``pkg``: so kit lets an imported worker travel (kit ``build``).
"""

import hashlib
import shutil
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import msgspec

from kinode_nb import wit
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.types import (
    Address,
    Capability,
    OnExit,
    PackageError,
    PackageId,
    ProcessId,
    nearest,
)
from kinode_nb.types.capabilities import drive, messaging, networking
from kinode_nb.types.manifests import ManifestEntry, Metadata, read_manifest, read_metadata
from kinode_nb.types.programs import program_name

BUILT_IN = Path(__file__).parent.parent / "packages"


class Package(msgspec.Struct, frozen=True):
    """A package, ready to be installed."""

    id: PackageId
    metadata: Metadata
    manifest: tuple[ManifestEntry, ...]
    files: dict[str, bytes]
    """By their path below the installed ``pkg`` folder."""
    interfaces: frozenset[str]
    """The WIT interfaces that its own world imports or exports: what it can be asked for."""
    source: str
    digest: str


def built_in() -> dict[str, Path]:
    """Return the folders of the built-in packages, by package name."""
    return {
        folder.name.replace("_", "-"): folder
        for folder in sorted(BUILT_IN.iterdir())
        if (folder / "metadata.json").is_file()
    }


def find(name: str) -> Package:
    """Return a built-in package by name, or the package in a folder; raises PackageError."""
    bare = name.partition(":")[0].replace("_", "-")
    known = built_in()
    if bare in known:
        return _read_built_in(known[bare])
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _read(folder.resolve())
    if folder.suffix == ".zip" and folder.is_file():
        return _read_zip(folder)
    raise PackageError(
        f"there is no package {name!r}.{nearest(bare, known)} Built in are "
        f"{', '.join(known)}; or give a package's folder or zip"
    )


def _read_zip(path: Path) -> Package:
    """Return the package whose folder, or its contents, were zipped; raises PackageError."""
    with tempfile.TemporaryDirectory() as unpacked:
        root = Path(unpacked)
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(root)  # which lets no name lead out
        except (zipfile.BadZipFile, OSError, RuntimeError) as error:
            raise PackageError(f"{path} cannot be unpacked: {error}") from None
        inside = list(root.iterdir())
        if len(inside) == 1 and inside[0].is_dir():
            root = inside[0]
        if not (root / "metadata.json").is_file():
            raise PackageError(f"{path} holds no package: metadata.json is missing in it")
        return _read(root, str(path))


@lru_cache(maxsize=16)
def _read_built_in(folder: Path) -> Package:
    return _read(folder, "built in")


def _read(folder: Path, source: str = "") -> Package:
    metadata = read_metadata(folder)
    manifest = read_manifest(folder)
    files = _contents(folder / "pkg", "") | _contents(folder / "api", "api/", "*.wit")
    own = [text for name, text in files.items() if name.startswith("api/")]
    for dependency in metadata.properties.dependencies:
        files = _exported(folder, dependency) | files
    for entry in manifest:
        if program_name(entry.process_wasm_path.lstrip("/"), files.__contains__) is None:
            raise PackageError(
                f"{folder}: the manifest's {entry.process_wasm_path} is missing in pkg/"
            )
    return Package(
        id=metadata.package_id,
        metadata=metadata,
        manifest=tuple(manifest),
        files=files,
        interfaces=frozenset(_interfaces(own)),
        source=source or str(folder),
        digest=_digest(files),
    )


def _contents(folder: Path, prefix: str, pattern: str = "*") -> dict[str, bytes]:
    return {
        prefix + path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _exported(folder: Path, dependency: str) -> dict[str, bytes]:
    """Return what a dependency's API brings along: its WIT, and the files that it includes."""
    name = dependency.partition(":")[0]
    places = [folder.parent / name, folder.parent / name.replace("-", "_"), built_in().get(name)]
    found = next((place for place in places if place and (place / "metadata.json").is_file()), None)
    if found is None:
        raise PackageError(
            f"{folder.name} depends on {dependency}, which is neither built in nor beside it"
        )
    if read_metadata(found).package_id != PackageId.parse(dependency):
        raise PackageError(f"{found} is not the {dependency} that {folder.name} depends on")
    files = _contents(found / "api", "api/", "*.wit")
    for included in read_metadata(found).properties.api_includes:
        path = found / included
        if not path.is_file():
            raise PackageError(f"{dependency} includes {included} in its API, but has no such file")
        files[path.relative_to(found / "pkg").as_posix()] = path.read_bytes()
    return files


def _interfaces(texts: list[bytes]) -> set[str]:
    return {
        item.name
        for text in texts
        for world in wit.parse(text.decode()).worlds
        for item in world.items
        if item.verb in ("import", "export")
    }


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def unpack(package: Package, home: Path) -> None:
    """Write a package's ``pkg`` drive anew; its other drives stay."""
    folder = home / "vfs" / str(package.id)
    fresh = folder / ".pkg"
    shutil.rmtree(fresh, ignore_errors=True)
    for name, content in package.files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    shutil.rmtree(folder / "pkg", ignore_errors=True)
    fresh.rename(folder / "pkg")
    older = folder.with_name(str(package.id).replace("-", "_"))
    if older != folder and not older.is_symlink() and not older.exists():
        # Kinode's older documentation spells packages with underscores
        older.symlink_to(folder.name, target_is_directory=True)


def start(package: Package, kernel: Kernel, lifecycle: Lifecycle, home: Path) -> list[Process]:
    """Start a package's processes as app-store does: kill old, initialise, grant, then run."""
    owner = msgspec.structs.astuple(package.id)
    ids = [ProcessId(entry.process_name, *owner) for entry in package.manifest]
    for id_ in ids:
        if id_ in kernel.processes:
            lifecycle.kill(kernel.processes[id_])
    started = [
        lifecycle.initialize(
            id_,
            _program(home / "vfs" / str(package.id) / "pkg", entry),
            on_exit=OnExit.from_json(entry.on_exit),
            public=entry.public,
            capabilities=_requested(entry, kernel.node, package.id),
        )
        for id_, entry in zip(ids, package.manifest, strict=True)
    ]
    for process, entry in zip(started, package.manifest, strict=True):
        _grant(process, entry, lifecycle)
        lifecycle.run(process)
    return started


def _program(folder: Path, entry: ManifestEntry) -> Path:
    path = entry.process_wasm_path.lstrip("/")
    return folder / (program_name(path, lambda name: (folder / name).is_file()) or path)


def _requested(entry: ManifestEntry, node: str, package: PackageId) -> list[Capability]:
    held = [drive(node, kind, package, "pkg") for kind in ("read", "write")]
    if entry.request_networking:
        held.append(networking(node))
    for wanted in entry.request_capabilities:
        if isinstance(wanted, str):
            held.append(messaging(Address(node, ProcessId.parse(wanted))))
        else:
            issuer = Address(node, ProcessId.parse(wanted["process"]))
            held.append(Capability.make(issuer, wanted["params"]))
    return held


def _grant(process: Process, entry: ManifestEntry, lifecycle: Lifecycle) -> None:
    for granted in entry.grant_capabilities:
        if isinstance(granted, str):
            holder, capability = ProcessId.parse(granted), messaging(process.address)
        else:
            holder = ProcessId.parse(granted["process"])
            capability = Capability.make(process.address, granted["params"])
        lifecycle.grant(holder, capability)
