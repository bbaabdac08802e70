"""The fixtures, used as the author of a package uses them: in runs of pytest of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kinode_nb.kit.new import TEMPLATES, new
from kinode_nb.kit.packages import BUILT_IN
from kinode_nb.portal import FakeNet, Node

ROOT = Path(__file__).resolve().parents[1]
NAME = "kinode_nb.pytest_plugin"


@pytest.fixture
def author(pytester: pytest.Pytester, kinode_net: FakeNet) -> pytest.Pytester:
    """Return a folder to run pytest in, here: it takes away again what such a run imported first.

    So all that a net imports late is imported before.
    """
    kinode_net.boot(port="none")
    kinode_net.start("chat")
    kinode_net.log()
    return pytester


def run(author: pytest.Pytester, *args: str) -> pytest.RunResult:
    return author.runpytest_inprocess("-p", NAME, "-p", "no:randomly", "-W", "error", *args)


def written(home: Path, name: str, process: str) -> None:
    """Write a package with one public process."""
    (home / "pkg").mkdir(parents=True)
    (home / "metadata.json").write_text(
        '{"name":"","description":"","image":"","external_url":"","animation_url":"",'
        f'"properties":{{"package_name":"{name}","current_version":"0.1.0",'
        '"publisher":"template.os","mirrors":[],"code_hashes":{},"dependencies":[]}}'
    )
    (home / "pkg" / "manifest.json").write_text(
        f'[{{"process_name":"{name}","process_wasm_path":"/{name}.wasm","on_exit":"None",'
        '"request_networking":false,"request_capabilities":[],"grant_capabilities":[],'
        '"public":true}]'
    )
    (home / "pkg" / f"{name}.py").write_text(process)


# ---------------------------------------------------------------- a net for each test


def test_a_net_begins_with_no_nodes(kinode_net: FakeNet):
    assert kinode_net.node_names() == []


def test_a_node_is_booted_where_there_is_none(kinode_node: Node, kinode_net: FakeNet):
    assert kinode_net.node_names() == [kinode_node.name] == ["fake.dev"]
    assert kinode_node.port is None


@pytest.mark.kinode(packages=["chat"], nodes=2)
def test_nodes_with_packages(kinode_net: FakeNet, kinode_node: Node):
    assert kinode_net.node_names() == ["fake.dev", "fake2.dev"]
    kinode_node.send("fake2.dev", "hello")
    assert list(kinode_net.node("fake2.dev").history("fake.dev")["content"]) == ["hello"]


@pytest.mark.kinode(packages=["echo"])
def test_a_package_has_a_node_to_run_on(kinode_net: FakeNet):
    assert kinode_net.installed_packages() == ["echo"]


@pytest.mark.kinode(nodes=["alice.os", "bob.os"], http=True)
def test_named_nodes_that_listen(kinode_net: FakeNet, kinode_node: Node):
    assert kinode_net.node_names() == ["alice.os", "bob.os"]
    assert kinode_node.name == "alice.os"
    assert kinode_node.port != kinode_net.node("bob.os").port is not None


@pytest.mark.kinode(http=True)
def test_a_node_that_is_booted_late_has_the_options_too(kinode_node: Node):
    assert kinode_node.port is not None


@pytest.mark.kinode(nodes=2)
class TestOptionsOfAClass:
    @pytest.mark.kinode(packages=["echo"])
    def test_meet_those_of_its_tests(self, kinode_net: FakeNet):
        assert len(kinode_net.node_names()) == 2
        assert kinode_net.installed_packages() == ["echo"]

    @pytest.mark.kinode(nodes=1)
    @pytest.mark.parametrize("kinode_net", [{"nodes": 3}], indirect=True)
    def test_and_a_parameter_goes_before_all(self, kinode_net: FakeNet):
        assert len(kinode_net.node_names()) == 3


@pytest.mark.kinode(seed=7)
def test_a_seed_repeats_ids(kinode_node: Node):
    async def init(our):
        await our.receive()

    with FakeNet(7) as same, FakeNet(8) as other:
        mine, again, others = (
            node.spawn(init).process
            for node in (kinode_node, same.boot(port="none"), other.boot(port="none"))
        )
    assert mine == again != others


def test_nothing_of_one_test_is_in_the_next(author: pytest.Pytester):
    author.makepyfile(
        """
        import threading
        import pytest
        from kinode_nb.pytest_plugin import _made

        seen = []

        @pytest.mark.parametrize("_", range(2))
        @pytest.mark.kinode(packages=["chat"], nodes=2)
        def test_fresh(kinode_net, kinode_node, _):
            assert len(kinode_node.history("fake2.dev")) == 0
            kinode_node.send("fake2.dev", "hello")
            seen.append((kinode_net, kinode_node.home))

        def test_gone(request):
            assert len(seen) == 2
            assert not any(_made in item.stash for item in request.session.items)
            assert not any(home.exists() or home.parent.exists() for _, home in seen)
            assert not any(net.portal._thread.is_alive() for net, _ in seen)
        """
    )
    run(author).assert_outcomes(passed=3)


def test_a_package_is_found_from_wherever_pytest_was_started(author: pytest.Pytester):
    for name in ("mine", "chat"):
        written(author.path / name, name, "async def init(our):\n    await our.receive()\n")
    (author.path / "below").mkdir()
    author.makepyfile(
        """
        import pathlib
        import pytest

        @pytest.mark.parametrize(
            "kinode_net", [{"packages": [each]} for each in ("mine", pathlib.Path("mine"))],
            indirect=True,
        )
        def test_it(kinode_net):
            assert kinode_net.installed_packages() == ["mine"]

        @pytest.mark.kinode(packages=["chat", "echo"])
        def test_a_folder_goes_before_a_built_in_package_as_everywhere(kinode_net):
            sources = dict(kinode_net.packages()[["package", "source"]].itertuples(index=False))
            assert sources["echo:template.os"] == "built in"
            folder = pathlib.Path(__file__).parent / "chat"
            assert sources["chat:template.os"] == str(folder)
        """
    )
    author.makeini("[pytest]")
    os.chdir(author.path / "below")
    run(author, "--rootdir", str(author.path), str(author.path)).assert_outcomes(passed=3)


HELLO = """
import pytest

@pytest.mark.kinode(packages=["."])
def test_it(kinode_net):
    assert kinode_net.installed_packages() == ["tally"]
"""


@pytest.mark.parametrize(
    ("start", "given"),
    [
        (".", []),
        (".", ["tally/test/test_tally.py"]),
        ("tally", []),
        ("tally", ["test"]),
        ("tally/test", ["test_tally.py"]),
        ("below", ["../tally/test/test_tally.py"]),
    ],
)
def test_a_tests_own_package_is_a_dot_from_wherever_pytest_was_started(
    author: pytest.Pytester, start: str, given: list[str]
):
    new(author.path / "tally", template="echo")
    (author.path / "tally" / "test" / "test_tally.py").write_text(HELLO)
    (author.path / "below").mkdir()
    os.chdir(author.path / start)
    run(author, *given).assert_outcomes(passed=1)


@pytest.mark.parametrize("start", [".", "mine", "mine/test"])
def test_code_of_packages_is_no_test_and_an_authors_tests_beside_it_are(
    author: pytest.Pytester, start: str
):
    for template in TEMPLATES:
        new(author.path / template, template=template)
    new(author.path / "mine", template="echo")
    (author.path / "mine" / "test" / "test_x.py").write_text("def test_x(): ...\n")
    (author.path / "mine" / "test" / "mine_test" / "x_test.py").write_text("def test_y(): ...\n")
    os.chdir(author.path / start)
    run(author).assert_outcomes(passed=2)


def test_a_folder_that_is_called_pkg_and_is_no_packages_is_collected(author: pytest.Pytester):
    for name in ("pkg", "other/pkg"):
        (author.path / name).mkdir(parents=True)
        (author.path / name / f"test_{len(name)}.py").write_text("def test_x(): ...\n")
    (author.path / "pkg" / "manifest.json").write_text("[]")
    (author.path / "other" / "metadata.json").write_text("{}")
    run(author).assert_outcomes(passed=2)


COROUTINES = """
import asyncio, inspect

def pytest_pyfunc_call(pyfuncitem):  # as pytest-asyncio and anyio do
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
"""


def test_the_pages_tests_pass_as_written(author: pytest.Pytester):
    page = (ROOT / "docs" / "testing-packages.md").read_text(encoding="utf-8")
    blocks = [
        block
        for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        if "kinode_net" in block
    ]
    assert len(blocks) >= 2
    for folder in ("api", "pkg"):
        shutil.copytree(BUILT_IN / "chat" / folder, author.path / folder)
    shutil.copy(BUILT_IN / "chat" / "metadata.json", author.path)
    author.makeini("[pytest]")
    author.makeconftest(COROUTINES)
    author.makepyfile("\n".join(["import pytest", *blocks]))
    run(author, str(author.path)).assert_outcomes(passed=len(blocks))


def test_in_an_event_loop_a_net_is_used_through_aio(author: pytest.Pytester):
    author.makeconftest(COROUTINES)
    author.makepyfile(
        """
        import asyncio
        import pytest
        from kinode_nb import aio

        @pytest.mark.kinode(packages=["echo"], nodes=2)
        async def test_it(kinode_net):
            net = aio.FakeNet.of(kinode_net)
            here, there = net.node("fake.dev"), net.node("fake2.dev")
            answers = await asyncio.gather(
                *(here.request("fake2.dev@echo:echo:template.os", n) for n in range(3))
            )
            assert len(answers) == 3
            assert here.name == "fake.dev" and there == net.node("fake2.dev")
            assert "fake2.dev" in await here.hi(there.name, "hello")
        """
    )
    run(author).assert_outcomes(passed=1)


# ------------------------------------------------------------------- what a failure says


def test_a_failed_test_shows_what_its_nodes_printed_and_sent(author: pytest.Pytester):
    author.makepyfile(
        """
        import pytest

        @pytest.mark.kinode(nodes=2)
        def test_it(kinode_net, kinode_node):
            async def angry(our):
                print("I have begun")
                raise ValueError("no soup for you")

            async def calm(our):
                await our.receive()
                await our.send_response({"Soup": "cold"})

            kinode_node.spawn(angry, name="angry")
            kinode_node.spawn(calm, name="calm", public=True)
            answer = kinode_node.request("calm:notebook:template.os", "soup")
            assert answer.json() == {"Soup": "hot"}

        @pytest.mark.kinode(nodes=1)
        def test_that_passes(kinode_net, kinode_node):
            async def quiet(our):
                print("unseen")

            kinode_node.spawn(quiet)
        """
    )
    result = run(author)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines_random(
        [
            "*- Terminal of fake.dev -*",
            "*I have begun*",
            "*angry:notebook:template.os ended with error:*",
            '*test_a_failed_test_shows*.py", line 7, in angry*',
            "ValueError: no soup for you",
            "*- Last messages -*",
            '* request *notebook:distro:sys → *calm:notebook:template.os (answered): "soup"',
            '* response *calm:notebook:* → *notebook:distro:sys (delivered): {"Soup":"cold"}',
        ]
    )
    result.stdout.no_fnmatch_line("*Terminal of fake2.dev*")
    result.stdout.no_fnmatch_line("*unseen*")


def test_a_package_that_does_not_start_is_a_line_and_its_terminal(author: pytest.Pytester):
    written(author.path / "broken", "broken", "async def init(our):\n    1 / 0\n")
    author.makepyfile(
        """
        import pytest

        @pytest.mark.kinode(packages=["./broken"])
        def test_it(kinode_net): ...

        @pytest.mark.kinode(packages=["chatt"])
        def test_a_name_that_is_none(kinode_net): ...
        """
    )
    result = run(author)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines_random(
        [
            "PackageError: broken:broken:template.os ended as it started: ZeroDivisionError: *",
            "*- Terminal of fake.dev -*",
            '*broken.py", line 2, in init*',
            "PackageError: there is no package 'chatt'. Did you mean 'chat'?*",
        ]
    )
    result.stdout.no_fnmatch_line("*portal*")  # nor any other file of ours


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("node=2", "kinode_net has no option 'node'. Did you mean 'nodes'?"),
        ("zzz=2", "There are packages, nodes, seed, http, verbosity."),
        ("'chat'", "write packages=['chat']"),
        ("packages='chat'", "write packages=['chat']"),
        ("nodes='fake.dev'", "nodes is how many, or a list of names, not 'fake.dev'"),
        ("packages=5", "packages is a list of folders, zips and names, not 5"),
        ("packages=[5]", "packages is a list of folders, zips and names, not [5]"),
        ("packages=['.']", "there is no package '.': no metadata.json, nor a zip, at /"),
        ("packages=['no/such.zip']", "/no/such.zip"),
        ("seed='x'", "seed is a whole number, not 'x'"),
        ("http='yes'", "http is True or False, not 'yes'"),
        ("nodes=['a.os', 'a.os']", "nodes has 'a.os' twice"),
        ("nodes=[5]", "nodes is how many, or a list of names, not [5]"),
        ("nodes=2.0", "nodes is how many, or a list of names, not 2.0"),
        ("nodes=-1", "nodes is how many, or a list of names, not -1"),
        ("nodes=['no name.dev']", "no name.dev"),
        ("nodes=1, verbosity=9", "verbosity is 0, 1, 2 or 3, not 9"),
    ],
)
def test_a_mistake_is_one_line(author: pytest.Pytester, given: str, said: str):
    author.makepyfile(
        f"""
        import pytest

        @pytest.mark.kinode({given})
        def test_it(kinode_net): ...
        """
    )
    result = run(author)
    result.assert_outcomes(errors=1)
    told = result.stdout.str()
    assert said in told
    assert told.partition("short test summary")[0].count("Error: ") == 1
    assert "Traceback" not in told
    assert "During handling" not in told
    assert "def kinode_net" not in told


# -------------------------------------------------------------------- how it is loaded


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment with what pip would leave there, but for the code itself."""
    folder = tmp_path_factory.mktemp("installed")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["pytest11"]
    about = folder / "site" / f"{project['name']}-{project['version']}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (about / "entry_points.txt").write_text(
        "[pytest11]\n" + "".join(f"{name} = {module}\n" for name, module in points.items())
    )
    (about / "RECORD").write_text("kinode_nb/__init__.py,,\nkinode_nb/pytest_plugin.py,,\n")
    paths = [str(about.parent), str(ROOT)]
    environment = {name: text for name, text in os.environ.items() if name != "PYTEST_ADDOPTS"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, for all of these runs
    return environment | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }


def pytest_of_its_own(
    folder: Path, environment: dict[str, str], *args: str
) -> subprocess.Popen[str]:
    off = [word for name in ("cacheprovider", "nbmake") for word in ("-p", f"no:{name}")]  # slow
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-W", "error", *off, *args],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("named", ["", "-p", "conftest"])
def test_installed_it_is_loaded_once_however_it_is_named(
    tmp_path: Path, installed: dict[str, str], named: str
):
    if named == "conftest":
        (tmp_path / "conftest.py").write_text(f"pytest_plugins = [{NAME!r}]\n")
    (tmp_path / "test_it.py").write_text(
        "def test_it(kinode_node, pytestconfig):\n"
        "    names = [name for name, _ in pytestconfig.pluginmanager.list_name_plugin()]\n"
        f"    assert [name for name in names if 'kinode' in name] == [{NAME!r}]\n"
        "    assert kinode_node.name == 'fake.dev'\n"
    )
    process = pytest_of_its_own(tmp_path, installed, *(["-p", NAME] if named == "-p" else []))
    told = process.communicate()[0]
    assert process.returncode == 0, told
    assert "warning" not in told


def test_a_run_without_nets_imports_nothing_of_them(tmp_path: Path, installed: dict[str, str]):
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n"
        "def test_it():\n"
        "    ours = {name for name in sys.modules if name.startswith('kinode_nb')}\n"
        f"    assert ours == {{'kinode_nb', {NAME!r}}}\n"
        "    assert not {'pandas', 'msgspec', 'pyarrow'} & set(sys.modules)\n"
    )
    process = pytest_of_its_own(tmp_path, installed, "-p", "no:hypothesispytest")
    told = process.communicate()[0]
    assert process.returncode == 0, told


PARALLEL = """
import pytest

@pytest.mark.parametrize("n", range(4))
@pytest.mark.kinode(packages=["chat"], nodes=2, http=True)
def test_it(kinode_net, kinode_node, n):
    kinode_node.send("fake2.dev", f"{n}")
    chat = kinode_node.request("chat:chat:template.os", {"History": "fake2.dev"}).json()
    assert [each["content"] for each in chat["History"]] == [f"{n}"]
"""


def test_two_runs_at_once_and_their_workers_do_not_meet(tmp_path: Path, installed: dict[str, str]):
    (tmp_path / "test_it.py").write_text(PARALLEL)
    runs = [pytest_of_its_own(tmp_path, installed, *args) for args in (("-n2",), ())]
    for each in runs:
        told = each.communicate()[0]
        assert each.returncode == 0, told
        assert "4 passed" in told
