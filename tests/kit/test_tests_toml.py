"""tests.toml is read as kit reads it, and what is wrong with it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb.kit import tests_toml
from kinode_nb.types import UsageError

KITS = """\
runtime = { FetchVersion = "latest" }
persist_home = false
runtime_build_release = false

[[tests]]
dependency_package_paths = [".."]
setup_packages = [{ path = "..", run = true }]
setup_scripts = []
test_package_paths = ["chat-test"]
test_scripts = []
timeout_secs = 5
fakechain_router = 8545

[[tests.nodes]]
port = 8080
home = "home/first"
fake_node_name = "first"
runtime_verbosity = 2

[[tests.nodes]]
port = 8081
home = "home/second"
fake_node_name = "second.dev"
password = "secret"
rpc = "wss://somewhere"
"""
"""The fields of the file in kit's chat template."""


def written(folder: Path, text: str = KITS) -> Path:
    path = folder / "tests.toml"
    path.write_text(text)
    return path


def test_kits_own_file(tmp_path: Path):
    file = tests_toml.read(written(tmp_path))
    assert file.runtime.fetch_version == "latest"
    flags = file.persist_home, file.runtime_build_release, file.always_print_node_output
    assert flags == (False, False, False)
    (group,) = file.tests
    assert (group.dependency_package_paths, group.test_package_paths) == ([".."], ["chat-test"])
    assert [(each.path, each.run) for each in group.setup_packages] == [("..", True)]
    assert group.timeout_secs == 5
    first, second = group.nodes
    assert (first.name, first.port, first.home) == ("first.dev", 8080, "home/first")
    assert (first.runtime_verbosity, second.runtime_verbosity) == (2, 0)
    assert (first.password, second.password) == (None, "secret")
    assert file.notes() == ["ignored: rpc (fake nodes here are Python, and have no chain)"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("persist_home = false", ""), "persist_home is missing: write persist_home = false"),
        (
            ("persist_home = false", 'persist_home = "no"'),
            "persist_home: expected `bool`, got `str`: write persist_home = false",
        ),
        (
            ("persist_home = false", "persist_homes = false"),
            "there is no field 'persist_homes'. Did you mean 'persist_home'?",
        ),
        (
            ("timeout_secs = 5", ""),
            "[[tests]] 1, timeout_secs is missing: write timeout_secs = 5",
        ),
        (
            ("timeout_secs = 5", "timeout_secs = 0"),
            "[[tests]] 1, timeout_secs: expected `int` >= 1: write timeout_secs = 5",
        ),
        (
            ("port = 8081", "port = 80810"),
            "[[tests]] 1, [[tests.nodes]] 2, port: expected `int` <= 65535: write port = 8080",
        ),
        (
            ("port = 8081", ""),
            "[[tests]] 1, [[tests.nodes]] 2, port is missing: write port = 8080",
        ),
        (
            ("port = 8081", "port = 8080"),
            "[[tests]] 1, [[tests.nodes]] 2: port: 8080 is that of another node",
        ),
        (
            ('"home/second"', '"home/first"'),
            "[[tests]] 1, [[tests.nodes]] 2: home: home/first is that of another node",
        ),
        (
            ('"second.dev"', '"First!"'),
            "[[tests]] 1, [[tests.nodes]] 2: fake_node_name: Node (First!.dev) can only contain",
        ),
        (
            ('path = ".."', "path = 1"),
            "[[tests]] 1, path: expected `str`, got `int`: write path",
        ),
        (
            ('"chat-test"', "1"),
            "[[tests]] 1, test_package_paths: expected `str`, got `int`: write test_package_paths",
        ),
        (
            ("FetchVersion", "RepoPaths"),
            "runtime: there is no field 'RepoPaths'.",
        ),
        (
            ('{ FetchVersion = "latest" }', "{}"),
            'runtime is either FetchVersion or RepoPath: write runtime = { FetchVersion = "latest"',
        ),
        (("[[tests.nodes]]", "[[tests.nodes"), "cannot be read: "),
    ],
)
def test_what_is_wrong_is_told_with_file_table_and_field(
    change: tuple[str, str], said: str, tmp_path: Path
):
    path = written(tmp_path, KITS.replace(*change))
    with pytest.raises(UsageError) as raised:
        tests_toml.read(path)
    assert str(raised.value).startswith(f"{path}")
    assert said in str(raised.value)


def test_a_group_without_nodes(tmp_path: Path):
    with pytest.raises(UsageError, match=r"\[\[tests\]\] 1, nodes is missing: write \[\[tests"):
        tests_toml.read(written(tmp_path, KITS.partition("[[tests.nodes]]")[0]))


def test_a_file_or_a_folder_or_its_test(tmp_path: Path):
    with pytest.raises(UsageError, match=r"there is no tests\.toml in"):
        tests_toml.find(tmp_path)
    (tmp_path / "test").mkdir()
    inner = written(tmp_path / "test")
    assert tests_toml.find(tmp_path) == inner
    outer = written(tmp_path)
    assert tests_toml.find(tmp_path) == outer
    assert tests_toml.find(inner) == inner
    with pytest.raises(UsageError, match="there is no file or folder"):
        tests_toml.find(tmp_path / "nowhere")


def test_paths_are_the_files_and_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert tests_toml.place(tmp_path / "test", "..") == tmp_path
    assert tests_toml.place(tmp_path, "~/chat") == tmp_path / "me" / "chat"
