"""``metadata.json`` and ``pkg/manifest.json``, as kit writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.types import AddressError, PackageError, PackageId
from kinode_nb.types.manifests import read_manifest, read_metadata

METADATA: dict[str, Any] = {
    "name": "chat",
    "properties": {
        "package_name": "chat",
        "publisher": "template.os",
        "current_version": "0.1.0",
        "mirrors": [],
        "code_hashes": {"0.1.0": ""},
        "wit_version": 1,
        "dependencies": [],
    },
    "image": "what is not known is passed over",
}
ENTRY: dict[str, Any] = {
    "process_name": "chat",
    "process_wasm_path": "/chat.wasm",
    "on_exit": "Restart",
    "request_networking": True,
    "request_capabilities": ["vfs:distro:sys", {"process": "p:q:r", "params": {"a": 1}}],
    "grant_capabilities": [],
    "public": False,
}


def package(folder: Path, metadata: Any = METADATA, manifest: Any = (ENTRY,)) -> Path:
    (folder / "pkg").mkdir()
    (folder / "metadata.json").write_text(json.dumps(metadata))
    (folder / "pkg" / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_package_is_read(tmp_path: Path):
    folder = package(tmp_path)
    assert read_metadata(folder).package_id == PackageId("chat", "template.os")
    (entry,) = read_manifest(folder)
    assert entry.process_name == "chat"
    assert entry.request_capabilities == ENTRY["request_capabilities"]


def test_a_folder_that_is_no_package(tmp_path: Path):
    with pytest.raises(PackageError, match="no package"):
        read_metadata(tmp_path)


@pytest.mark.parametrize("field", list(ENTRY))
def test_every_field_of_the_manifest_is_required(tmp_path: Path, field: str):
    entry = {name: value for name, value in ENTRY.items() if name != field}
    with pytest.raises(PackageError, match=field):
        read_manifest(package(tmp_path, manifest=[entry]))


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_a_file_that_is_no_json(tmp_path: Path, text: str):
    folder = package(tmp_path)
    (folder / "metadata.json").write_bytes(text.encode("latin1"))
    with pytest.raises(PackageError, match=r"metadata\.json"):
        read_metadata(folder)


def test_names_that_are_not_kimap_safe(tmp_path: Path):
    with pytest.raises(AddressError) as caught:
        read_manifest(package(tmp_path, manifest=[{**ENTRY, "process_name": "my_chat"}]))
    assert caught.value.kind == "ProcessNameNotKimapSafe"
