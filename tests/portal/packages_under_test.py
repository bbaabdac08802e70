"""Writes small packages with tests of their own, for run-tests to run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HEAD = "from kinode_nb.process_lib import Our, tester\n\n\n@tester.test\n"


def body(text: str) -> str:
    """Return a test process that does this."""
    lines = textwrap.indent(textwrap.dedent(text).strip(), "    ")
    return f"{HEAD}async def init(our: Our, nodes: list[str]) -> None:\n{lines}\n"


class Written:
    """A folder of packages with a tests.toml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def package(self, name: str, files: Mapping[str, str], **entry: Any) -> Path:
        """Write a package whose process is ``<name>.py``; ``entry`` changes its manifest."""
        folder = self.folder / name
        (folder / "pkg").mkdir(parents=True)
        (folder / "api").mkdir()
        properties = {
            "package_name": name.replace("_", "-"),
            "publisher": "template.os",
            "current_version": "0.1.0",
            "mirrors": [],
            "code_hashes": {},
            "wit_version": 1,
            "dependencies": [],
        }
        (folder / "metadata.json").write_text(json.dumps({"properties": properties}))
        manifest = {
            "process_name": name.replace("_", "-"),
            "process_wasm_path": f"/{name}.wasm",
            "on_exit": "None",
            "request_networking": True,
            "request_capabilities": [],
            "grant_capabilities": [],
            "public": False,
        } | entry
        (folder / "pkg" / "manifest.json").write_text(json.dumps([manifest]))
        for file, text in files.items():
            (folder / "pkg" / file).parent.mkdir(exist_ok=True)
            (folder / "pkg" / file).write_text(textwrap.dedent(text))
        return folder

    def test(self, name: str, text: str, **entry: Any) -> Path:
        """Write a test package that does this."""
        return self.package(name, {f"{name}.py": body(text)}, **entry)

    def toml(self, *tests: str, nodes: int = 1, timeout: int = 5, **fields: Any) -> Path:
        """Write a tests.toml that runs these test packages."""
        whole = {"persist_home": False, "always_print_node_output": False}
        group = {
            "dependency_package_paths": [],
            "setup_packages": [],
            "setup_scripts": [],
            "test_package_paths": list(tests),
            "test_scripts": [],
            "timeout_secs": timeout,
            "fakechain_router": 8545,
        }
        for key, value in fields.items():
            (whole if key in whole else group)[key] = value
        lines = ['runtime = { FetchVersion = "latest" }', "runtime_build_release = false"]
        lines += [f"{key} = {_toml(value)}" for key, value in whole.items()]
        lines += ["[[tests]]", *(f"{key} = {_toml(value)}" for key, value in group.items())]
        for number in range(nodes):
            lines += [
                "[[tests.nodes]]",
                f"port = {48080 + number}",
                f'home = "home/{number}"',
                f'fake_node_name = "n{number}.dev"',
                "runtime_verbosity = 1",
            ]
        path = self.folder / "tests.toml"
        path.write_text("\n".join(lines) + "\n")
        return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
