"""run-tests beside what else there is: ports, homes, scripts, interrupts, a junit.xml, a table."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kinode_nb import aio
from kinode_nb.portal import FakeNet, InterruptedWait, Node, Results
from kinode_nb.process_lib import Our
from kinode_nb.types import BlockingCallError, TestsFailedError, UsageError
from tests.portal.packages_under_test import Written


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.chdir(tmp_path)
    return Written(tmp_path)


@pytest.fixture
def net() -> Iterator[FakeNet]:
    with FakeNet() as net:
        yield net


def three(written: Written) -> Path:
    written.test("fine_test", "pass")
    written.test("bad_test", "assert nodes == []")
    written.test("odd_test", "1 / 0")
    return written.toml("fine_test", "bad_test", "odd_test", nodes=2)


def test_results_are_a_table_a_summary_and_an_error(written: Written, net: FakeNet):
    results = net.run_tests(three(written))
    frame = results.frame
    assert list(frame.columns) == [
        *("test", "package", "nodes", "status", "seconds", "file", "line", "reason", "tests_file")
    ]
    assert frame["status"].tolist() == ["passed", "failed", "crashed"]
    assert frame["line"].isna().tolist() == [True, False, False]
    assert [str(frame[each].dtype) for each in ("status", "seconds", "line")] == [
        "category",
        "float64",
        "Int64",
    ]
    assert frame["nodes"][0] == "n0.dev, n1.dev"
    assert not results
    assert repr(results) == "<Results 1 passed, 1 failed, 1 crashed>"
    summary = results.summary()
    assert "FAILED   bad_test" in summary
    assert "bad_test/pkg/bad_test.py:6: assert nodes == []" in summary
    assert summary.endswith("1 passed, 1 failed, 1 crashed")
    assert "<table" in results._repr_html_()
    with pytest.raises(TestsFailedError) as raised:
        results.raise_if_failed()
    (line,) = raised.value._render_traceback_()
    assert line.startswith(
        "TestsFailedError: 1 passed, 1 failed, 1 crashed; bad_test failed (bad_test/pkg/"
        "bad_test.py:6): assert nodes == []"
    )
    assert raised.value.rows == results.rows
    assert raised.value.results is results
    assert list(Results([], results.began).frame.columns) == list(frame.columns)
    Results([], results.began).raise_if_failed()


def test_a_junit_xml_is_written(written: Written, net: FakeNet, tmp_path: Path):
    net.run_tests(three(written), junit=tmp_path / "junit.xml")
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert [case.get("name") for case in root.iter("testcase")] == [
        "fine_test",
        "bad_test",
        "odd_test",
    ]


def test_a_junit_xml_that_cannot_be_written_is_told_before_a_test_runs(
    written: Written, net: FakeNet, tmp_path: Path
):
    written.test("x_test", "import pathlib\npathlib.Path('ran').touch()")
    path = written.toml("x_test")
    for junit in (tmp_path / "nowhere" / "junit.xml", tmp_path):
        with pytest.raises(UsageError, match=r"cannot be written: (it is a|there is no) folder"):
            net.run_tests(path, junit=junit)
    assert not (tmp_path / "ran").exists()


def test_results_whose_junit_xml_can_no_longer_be_written_are_shown(
    written: Written, net: FakeNet, tmp_path: Path
):
    written.test("x_test", "import pathlib\npathlib.Path('junit.xml').mkdir()")
    with pytest.raises(UsageError, match="cannot be written") as raised:
        net.run_tests(written.toml("x_test"), junit=tmp_path / "junit.xml")
    assert "passed   x_test" in str(raised.value)


def test_the_notebooks_nodes_are_left_alone(written: Written, net: FakeNet):
    node = net.boot("n0.dev")
    written.test("x_test", "assert our.node == 'n0.dev'")
    assert net.run_tests(written.toml("x_test"))
    assert net.node_names() == ["n0.dev"]
    assert node.status == "running"


def test_nothing_is_written_into_the_packages(written: Written, net: FakeNet, tmp_path: Path):
    written.package("some", {"some.py": "async def init(our):\n    await our.receive()\n"})
    written.test("x_test", "pass")
    path = written.toml("x_test", setup_packages=[{"path": "some", "run": True}])
    before = sorted(tmp_path.rglob("*"))
    assert net.run_tests(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_port_that_is_in_use_is_replaced_with_a_note(written: Written, net: FakeNet):
    written.test("x_test", "pass")
    path = written.toml("x_test")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        path.write_text(path.read_text().replace("port = 48080", f"port = {port}"))
        assert net.run_tests(path)
    (note,) = net.take_notes()
    assert f"port {port} is in use: n0.dev listens on " in note


def test_what_is_not_there_is_noted(written: Written, net: FakeNet):
    written.test("x_test", "pass")
    path = written.toml("x_test")
    path.write_text(path.read_text() + 'rpc = "wss://x"\n')
    net.run_tests(path)
    assert "ignored: rpc" in net.take_notes()[0]


def test_homes_are_gone_unless_they_persist(written: Written, net: FakeNet, tmp_path: Path):
    written.test("x_test", "our.set_state(b'x')")
    assert net.run_tests(written.toml("x_test"))
    assert not (tmp_path / "home").exists()
    assert net.run_tests(written.toml("x_test", persist_home=True))
    old = tmp_path / "home" / "0" / "vfs" / "tester:sys" / "tests" / "old"
    old.mkdir()
    own = tmp_path / "home" / "0" / "mine.txt"
    own.write_text("mine")
    assert net.run_tests(written.toml("x_test", persist_home=True))
    assert (old.parent / "x_test" / "x_test.py").is_file()
    assert not old.exists()  # kit wipes kernel, kv, sqlite and vfs before it boots a node
    assert own.is_file()


def test_a_home_in_use_is_an_error(written: Written, net: FakeNet, tmp_path: Path):
    written.test("x_test", "pass")
    kept = tmp_path / "home" / "0" / "vfs" / "mine"
    net.boot("other.dev", home=tmp_path / "home" / "0")
    kept.mkdir(parents=True)
    (row,) = net.run_tests(written.toml("x_test", persist_home=True)).rows
    assert row.status == "error"
    assert "is the home of a node that is running" in row.reason
    assert kept.is_dir()


def test_scripts_run_beside_and_after_the_tests(written: Written, net: FakeNet, tmp_path: Path):
    written.test(
        "x_test",
        """
        from pathlib import Path

        async def begun():
            return Path("pid").is_file() and Path("pid").read_text().strip()

        await tester.until(begun)
        assert nodes == []
        """,
    )
    (tmp_path / "setup.sh").write_text('echo "ready $1"; sleep 1000 & echo $! > pid; wait')
    (tmp_path / "after.sh").write_text("kill -0 $(cat pid) && echo still there; exit 3")
    (tmp_path / "last.sh").write_text("echo fine")
    path = written.toml(
        "x_test",
        setup_scripts=["bash setup.sh now"],
        test_scripts=["bash after.sh", "bash last.sh"],
    )
    failed, after, last = net.run_tests(path).rows
    assert (failed.status, failed.reason[:15]) == ("failed", "assert nodes ==")
    assert failed.output.endswith("ready now")
    assert (after.test, after.status) == ("bash after.sh", "failed")
    assert (after.reason, after.output) == ("it ended with exit code 3", "still there")
    assert (last.status, last.output) == ("passed", "fine")
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_test_script_has_the_time_of_a_test(written: Written, net: FakeNet):
    path = written.toml(timeout=1, test_scripts=["echo begun; sleep 1000"])
    (row,) = net.run_tests(path).rows
    assert (row.status, row.reason, row.output) == ("hung", "it has not ended within 1 s", "begun")


def test_what_a_script_leaves_running_ends_with_it(written: Written, net: FakeNet, tmp_path: Path):
    scripts = ["sleep 1000 & echo $! > pid", "sleep 1000 & echo $! > other; exit 3"]
    first, second = net.run_tests(written.toml(timeout=60, test_scripts=scripts)).rows
    assert (first.status, second.status) == ("passed", "failed")
    for name in ("pid", "other"):
        assert is_gone(int((tmp_path / name).read_text()))


def test_an_interrupt_ends_a_script_and_what_it_began(
    written: Written, net: FakeNet, tmp_path: Path
):
    written.test("x_test", "pass")
    script = f"sleep 1000 & echo $! > pid; kill -INT {os.getpid()}; wait"
    path = written.toml("x_test", timeout=60, test_scripts=[script])
    with pytest.raises(InterruptedWait, match=r"before that: x_test passed\)"):
        net.run_tests(path)
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_setup_script_that_fails_is_noted(written: Written, net: FakeNet, tmp_path: Path):
    written.test(
        "x_test",
        """
        from pathlib import Path

        async def ended():
            pid = Path("pid").is_file() and Path("pid").read_text().strip()
            stat = Path(f"/proc/{pid}/stat")
            return pid and (not stat.is_file() or ") Z " in stat.read_text())

        await tester.until(ended)
        """,
    )
    scripts = ["echo no such thing; echo $$ > pid; exit 3", "sleep 1000"]
    assert net.run_tests(written.toml("x_test", setup_scripts=scripts))
    (note,) = net.take_notes()
    assert note.endswith(
        "tests.toml: setup_scripts: echo no such thing; echo $$ > pid; exit 3 "
        "ended with exit code 3: no such thing"
    )


def test_a_setup_script_that_cannot_be_started_ends_those_before_it(
    written: Written, net: FakeNet, tmp_path: Path
):
    written.test("x_test", "pass")
    scripts = ["echo $$ > pid; sleep 1000", "true \0"]
    (row,) = net.run_tests(written.toml("x_test", setup_scripts=scripts)).rows
    assert row.status == "error"
    assert "cannot be started: embedded null byte" in row.reason
    pid = tmp_path / "pid"
    assert not pid.exists() or is_gone(int(pid.read_text()))
    script = f"true {'x' * 300}"
    assert net.run_tests(written.toml("x_test", setup_scripts=[script], test_scripts=[script]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dependency_package_paths", ["nowhere"]),
        ("setup_packages", [{"path": "nowhere", "run": True}]),
        ("test_package_paths", ["nowhere"]),
    ],
)
def test_a_path_that_is_wrong_is_told_with_its_table_and_field(
    written: Written, net: FakeNet, field: str, value: object
):
    written.test("x_test", "pass")
    (row,) = net.run_tests(written.toml("x_test", **{field: value})).rows
    assert row.status == "error"
    assert row.reason == f"tests.toml: [[tests]] 1, {field}: there is no folder nowhere"


def is_gone(pid: int) -> bool:
    """Wait for the end of a machine process that was told to end; False when it lives on."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 30)[0])
    finally:
        os.close(process)


def test_scripts_of_what_could_not_be_set_up_are_skipped(written: Written, net: FakeNet):
    written.test("x_test", "pass")
    setup = [{"path": "nowhere", "run": True}]
    path = written.toml("x_test", setup_packages=setup, test_scripts=["false"])
    test, script = net.run_tests(path).rows
    assert (test.status, script.status) == ("error", "skipped")


def test_an_interrupt_ends_the_tests_and_their_nodes(written: Written, net: FakeNet):
    interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    written.test("x_test", f"{interrupt}await our.receive()")
    path = written.toml("x_test", timeout=60)
    before = threading.active_count()
    with pytest.raises(InterruptedWait, match="the tests have ended"):
        net.run_tests(path)
    assert threading.active_count() == before


def test_a_process_that_cannot_be_ended_leaves_the_rest_undone(written: Written, net: FakeNet):
    written.test("x_test", "import time\ntime.sleep(6)  # Python cannot interrupt it")
    written.test("y_test", "pass")
    before = set(threading.enumerate())
    hung, skipped = net.run_tests(written.toml("x_test", "y_test", timeout=1)).rows
    assert (hung.status, hung.file, hung.line) == ("hung", "x_test/pkg/x_test.py", 7)
    assert (skipped.test, skipped.status) == ("y_test", "skipped")
    for thread in set(threading.enumerate()) - before:
        thread.join()


def test_inside_a_process_it_is_refused(written: Written, net: FakeNet):
    node = net.boot(port="none")
    path = written.toml("x_test")

    async def init(our: Our) -> None:
        try:
            net.run_tests(path)
        except BlockingCallError as error:
            print("refused:", error)

    with node_that_prints(node, "refused: a blocking call inside a process"):
        node.spawn(init)


@contextlib.contextmanager
def node_that_prints(node: Node, text: str) -> Iterator[None]:
    """Wait until a node has printed a text."""
    said = threading.Event()
    node._net.follow(lambda line: said.set() if text in line else None)
    yield
    assert said.wait(30)


def test_it_can_be_awaited(written: Written):
    written.test("x_test", "pass")
    path = written.toml("x_test")

    async def main() -> Results:
        async with aio.FakeNet() as net:
            return await net.run_tests(path)

    assert asyncio.run(main()).passed
