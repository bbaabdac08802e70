"""``tests.toml``: which tests run on which nodes, as kit's ``run-tests`` reads it.

Fields, and which of them are required, are those of kit's ``src/run_tests/types.rs``; only
``always_print_node_output`` may be left out, since older files lack it. Paths are relative to the
folder of the file, and may begin with ``~/``.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from kinode_nb.types import AddressError, UsageError, check_node_name, nearest

NAME = "tests.toml"

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Runtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which runtime kit fetches or compiles; a fake node here has its own."""

    fetch_version: str | None = msgspec.field(name="FetchVersion", default=None)
    repo_path: str | None = msgspec.field(name="RepoPath", default=None)


class SetupPackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package that is there before the tests, and started on every node where it is to run."""

    path: str
    run: bool


class TestNode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fake node of a test."""

    __test__ = False  # pytest: no test class

    port: Port
    home: str
    fake_node_name: str
    password: str | None = None
    rpc: str | None = None
    runtime_verbosity: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0

    @property
    def name(self) -> str:
        """The node's name: one without a dot gets ``.dev``, as in kit."""
        return self.fake_node_name if "." in self.fake_node_name else f"{self.fake_node_name}.dev"


class TestGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``[[tests]]``: test packages that run one after the other on the same nodes."""

    __test__ = False  # pytest: no test class

    dependency_package_paths: list[str]
    setup_packages: list[SetupPackage]
    setup_scripts: list[str]
    test_package_paths: list[str]
    test_scripts: list[str]
    timeout_secs: Annotated[int, msgspec.Meta(ge=1)]
    fakechain_router: Port
    nodes: Annotated[list[TestNode], msgspec.Meta(min_length=1)]


class TestsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole ``tests.toml``."""

    runtime: Runtime
    runtime_build_release: bool
    persist_home: bool
    always_print_node_output: bool = False
    tests: list[TestGroup]

    def notes(self) -> list[str]:
        """Return what the file asks for that is not there: no runtime is fetched, and no chain."""
        nodes = [node for group in self.tests for node in group.nodes]
        asked = {
            "runtime RepoPath": self.runtime.repo_path is not None,
            "runtime_build_release": self.runtime_build_release,
            "rpc": any(node.rpc for node in nodes),
        }
        if not (ignored := [name for name, is_asked in asked.items() if is_asked]):
            return []
        return [f"ignored: {', '.join(ignored)} (fake nodes here are Python, and have no chain)"]


_EXAMPLES = {
    "runtime": 'runtime = { FetchVersion = "latest" }',
    "runtime_build_release": "runtime_build_release = false",
    "persist_home": "persist_home = false",
    "always_print_node_output": "always_print_node_output = false",
    "tests": "[[tests]]",
    "dependency_package_paths": 'dependency_package_paths = [".."]',
    "setup_packages": 'setup_packages = [{ path = "..", run = true }]',
    "setup_scripts": "setup_scripts = []",
    "test_package_paths": 'test_package_paths = ["chat_test"]',
    "test_scripts": "test_scripts = []",
    "timeout_secs": "timeout_secs = 5",
    "fakechain_router": "fakechain_router = 8545",
    "nodes": "[[tests.nodes]]",
    "path": 'path = ".."',
    "run": "run = true",
    "port": "port = 8080",
    "home": 'home = "home/first"',
    "fake_node_name": 'fake_node_name = "first.dev"',
    "password": 'password = "secret"',
    "rpc": 'rpc = "wss://…"',
    "runtime_verbosity": "runtime_verbosity = 0",
}
"""What to write, by field."""


def find(path: Path) -> Path:
    """Return the tests.toml that a path means: itself, or that of a folder or of its ``test``.

    Raises UsageError.
    """
    if path.is_file():
        return path
    for found in (path / NAME, path / "test" / NAME):
        if found.is_file():
            return found
    if path.is_dir():
        raise UsageError(f"there is no {NAME} in {path} or in {path / 'test'}")
    raise UsageError(f"there is no file or folder {path}")


def read(path: Path) -> TestsFile:
    """Read a tests.toml; raises UsageError, which names the file, the table and the field."""
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    try:
        file = msgspec.convert(parsed, TestsFile)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {_explained(str(error))}") from None
    _check_runtime(path, file.runtime)
    if not any(group.test_package_paths or group.test_scripts for group in file.tests):
        raise UsageError(
            f"{path} names no test: write {_EXAMPLES['test_package_paths']} into its [[tests]]"
        )
    for number, group in enumerate(file.tests, 1):
        _check_nodes(f"{path}: [[tests]] {number}", group.nodes)
    return file


def place(folder: Path, written: str) -> Path:
    """Return what a path in a tests.toml of a folder means."""
    return (folder / Path(written).expanduser()).resolve()


def _check_runtime(path: Path, runtime: Runtime) -> None:
    if (runtime.fetch_version is None) == (runtime.repo_path is None):
        raise UsageError(
            f"{path}: runtime is either FetchVersion or RepoPath: write {_EXAMPLES['runtime']}"
        )


def _check_nodes(where: str, nodes: list[TestNode]) -> None:
    for number, node in enumerate(nodes, 1):
        at = f"{where}, [[tests.nodes]] {number}"
        try:
            check_node_name(node.name)
        except AddressError as error:
            raise UsageError(f"{at}: fake_node_name: {error}") from None
        for field in ("name", "port", "home"):
            earlier = [getattr(each, field) for each in nodes[: number - 1]]
            if getattr(node, field) in earlier:
                shown = "fake_node_name" if field == "name" else field
                raise UsageError(
                    f"{at}: {shown}: {getattr(node, field)} is that of another node, and each "
                    "needs its own"
                )


def _explained(said: str) -> str:
    """Return msgspec's complaint with the table's and the field's name, and what to write."""
    problem, _, at = said.partition(" - at `$")
    table, field = _table(at.removesuffix("`"))
    missing = re.search("missing required field `(.+)`", problem)
    unknown = re.search("unknown field `(.+)`", problem)
    if missing is not None:
        return f"{table}{missing[1]} is missing: write {_EXAMPLES.get(missing[1], missing[1])}"
    if unknown is not None:
        hint = nearest(unknown[1], _EXAMPLES)
        return f"{table}{field + ': ' if field else ''}there is no field {unknown[1]!r}.{hint}"
    problem = problem[0].lower() + problem[1:]
    return f"{table}{field}: {problem}: write {_EXAMPLES.get(field, 'another value')}"


def _table(at: str) -> tuple[str, str]:
    """Return the table and the field that a path such as ``.tests[0].nodes[1].port`` names."""
    tables = ""
    match = re.match(r"\.tests\[(\d+)\]", at)
    if match is not None:
        tables, at = f"[[tests]] {int(match[1]) + 1}, ", at[match.end() :]
        match = re.match(r"\.nodes\[(\d+)\]", at)
        if match is not None:
            tables += f"[[tests.nodes]] {int(match[1]) + 1}, "
            at = at[match.end() :]
    return tables, re.sub(r"\[.*", "", at.rpartition(".")[2])
