"""A group's packages, built before anything boots, as kit does it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kinode_nb.fake_net.run_tests.sources import shown
from kinode_nb.kit import packages, tests_toml
from kinode_nb.kit.packages import Package
from kinode_nb.kit.spellings import meant
from kinode_nb.kit.tests_toml import TestGroup
from kinode_nb.process_lib.places import Place, place_of
from kinode_nb.process_lib.reasons import reason as reason_of
from kinode_nb.process_lib.reasons import story
from kinode_nb.types import KinodeError, PackageError


class TestPackage(msgspec.Struct, frozen=True):
    """A test package of a group: built, or with what is wrong with it."""

    __test__ = False  # pytest: no test class

    written: str
    """Its path in the tests.toml."""
    folder: Path
    package: Package | None = None
    problem: str = ""
    place: Place = Place()
    """Where Python could not read it on."""
    traceback: str = ""

    @property
    def name(self) -> str:
        """The folder's name, which is the test's."""
        return self.folder.name

    @property
    def id(self) -> str:
        """The package's id; "" where it could not be read."""
        return "" if self.package is None else str(self.package.id)


class Built(msgspec.Struct, frozen=True):
    """All packages of a group."""

    setup: list[tuple[Package, bool]]
    """Each with whether it is to run."""
    tests: list[TestPackage]
    folders: dict[str, Path]
    """Where the sources of packages lie, by id."""
    notes: list[str]
    """What a person should know."""


def build(group: TestGroup, folder: Path, where: str) -> Built:
    """Build a group's packages; raises KinodeError for one that is no test.

    ``where`` names the group to a person: the tests.toml and the table.
    """
    notes: list[str] = []
    dependencies = [
        _folder(folder, each, f"{where}, dependency_package_paths", notes)
        for each in group.dependency_package_paths
    ]
    for path in dependencies:
        _build(path, dependencies)
    setup = [
        (_folder(folder, each.path, f"{where}, setup_packages", notes), each.run)
        for each in group.setup_packages
    ]
    built = [(_build(path, dependencies), run) for path, run in setup]
    tests: list[TestPackage] = []
    for written in group.test_package_paths:
        at = meant(tests_toml.place(folder, written), f"{where}, test_package_paths", notes)
        tests.append(_test(written, at, f"{where}, test_package_paths", dependencies, tests))
    folders = {str(package.id): path for (path, _), (package, _) in zip(setup, built, strict=True)}
    return Built(built, tests, folders, notes)


def _folder(folder: Path, written: str, where: str, notes: list[str]) -> Path:
    """Return the folder that a path in a tests.toml means; raises PackageError."""
    path = meant(tests_toml.place(folder, written), where, notes)
    _check_there(path, where)
    return path


def _check_there(path: Path, where: str) -> None:
    if not path.exists():
        raise PackageError(f"{where}: there is no folder {shown(path)}")


def _build(folder: Path, dependencies: Sequence[Path]) -> Package:
    return packages.find(folder, features={"test"}, dependencies=dependencies)


def _test(
    written: str,
    folder: Path,
    where: str,
    dependencies: Sequence[Path],
    others: Iterable[TestPackage],
) -> TestPackage:
    """Build a test package; what is wrong with it is kept, since other tests can run."""
    try:
        _check_there(folder, where)
        if any(each.name == folder.name for each in others):
            raise PackageError(f"{written}: another test's folder is called {folder.name} too")
        package = _build(folder, dependencies)
        _check(package, folder)
    except KinodeError as error:
        cause = error.__context__
        if not isinstance(cause, SyntaxError):
            return TestPackage(written, folder, problem=str(error))
        place = msgspec.structs.replace(place_of(cause, ""), file=shown(Path(cause.filename or "")))
        return TestPackage(written, folder, None, reason_of(cause), place, story(cause))
    return TestPackage(written, folder, package)


def _check(package: Package, folder: Path) -> None:
    """Raise PackageError for what tester could not run."""
    manifest = folder / "pkg" / "manifest.json"
    if len(package.manifest) != 1:
        raise PackageError(
            f"{manifest} names {len(package.manifest)} processes: a test package has exactly one"
        )
    (entry,) = package.manifest
    path = entry.process_wasm_path.lstrip("/")
    stem = path.rpartition(".")[0]
    if stem.replace("-", "_") != folder.name.replace("-", "_"):
        raise PackageError(
            f"{manifest}: process_wasm_path is {entry.process_wasm_path}, and tester looks for the "
            f"folder's name: write /{folder.name}.wasm, and call the file "
            f"{folder.name.replace('-', '_')}.py"
        )


def capabilities(tests: Iterable[TestPackage]) -> bytes:
    """Return ``capabilities.json``: what each test's manifest requests and grants."""
    wishes: dict[str, dict[str, list[Any]]] = {}
    for test in tests:
        if test.package is not None:
            (entry,) = test.package.manifest
            wishes[test.name] = {
                "request_capabilities": entry.request_capabilities,
                "grant_capabilities": entry.grant_capabilities,
            }
    return msgspec.json.encode(wishes)
