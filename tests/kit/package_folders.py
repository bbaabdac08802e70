"""Packages' folders, as an author writes them: small, whole, and each part can be another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROPERTIES: dict[str, Any] = {
    "package_name": "words",
    "publisher": "me.os",
    "current_version": "0.1.0",
    "mirrors": [],
    "code_hashes": {"0.1.0": ""},
    "wit_version": 1,
    "dependencies": [],
}
ENTRY: dict[str, Any] = {
    "process_name": "words",
    "process_wasm_path": "/words.wasm",
    "on_exit": "Restart",
    "request_networking": False,
    "request_capabilities": ["vfs:distro:sys"],
    "grant_capabilities": [],
    "public": True,
}
SCRIPT: dict[str, Any] = {"root": False, "public": False, "request_networking": False}
PROCESS = "async def init(our):\n    async for message in our:\n        pass\n"
WIT = """interface words {
    variant request { count(string) }
    variant response { count(u64) }
    count-words: func(text: string) -> result<u64, string>;
}
world words-me-dot-os-v0 { export words; include process-v1; }
"""


def package(folder: Path, files: dict[str, str | None] | None = None, **changed: Any) -> Path:
    """Write a package's folder; ``files`` by their paths (None: not there) go over the usual.

    ``properties``, ``entry``, ``manifest`` and ``scripts`` change what the JSON files say.
    """
    entry = {
        key: value for key, value in {**ENTRY, **changed.get("entry", {})}.items() if value != ...
    }
    properties = {**PROPERTIES, **changed.get("properties", {})}
    properties = {key: value for key, value in properties.items() if value != ...}
    texts: dict[str, str | None] = {
        "metadata.json": json.dumps({"name": "words", "properties": properties}, indent=2),
        "pkg/manifest.json": json.dumps(changed.get("manifest", [entry])),
        "pkg/words.py": PROCESS,
        **(files or {}),
    }
    if "scripts" in changed:
        texts["pkg/scripts.json"] = json.dumps(changed["scripts"])
    for name, text in texts.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def exporter(folder: Path, **properties: Any) -> Path:
    """Write a package that exports a worker: a process that others spawn, and what it imports."""
    return package(
        folder,
        {
            "api/words.wit": WIT,
            "pkg/words_worker.py": "from .words_counting import count\n" + PROCESS,
            "pkg/words_counting.py": "def count(text):\n    return len(text.split())\n",
            "pkg/words_api.py": "async def count_words(our, text):\n    return None\n",
        },
        properties=properties,
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def importer(folder: Path) -> Path:
    text = "from .api.words import count_words\n" + PROCESS
    return package(
        folder,
        {"pkg/words.py": None, "pkg/reader.py": text},
        properties={"package_name": "reader", "dependencies": ["words:me.os"]},
        entry={"process_name": "reader", "process_wasm_path": "/reader.py"},
    )
