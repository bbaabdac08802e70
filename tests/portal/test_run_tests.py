"""run-tests: whatever a test package does, its row says what came of it, and where."""

from __future__ import annotations

import gc
import textwrap
from pathlib import Path

import pytest

from kinode_nb.kit.new import new
from kinode_nb.portal import Results, run_tests
from kinode_nb.types.test_rows import TestRow
from tests.portal.packages_under_test import Written, body


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.chdir(tmp_path)
    return Written(tmp_path)


def only(results: Results) -> TestRow:
    (row,) = results.rows
    return row


def test_a_test_that_passes(written: Written):
    written.test("fine_test", "assert nodes == ['n0.dev', 'n1.dev']")
    results = run_tests(written.toml("fine_test", nodes=2))
    row = only(results)
    assert results.passed
    assert (row.tests_file, row.test, row.package) == (
        "tests.toml",
        "fine_test",
        "fine-test:template.os",
    )
    assert (row.nodes, row.status, row.reason) == (("n0.dev", "n1.dev"), "passed", "")


def test_an_assert_that_does_not_hold_is_told_with_its_place_in_the_source(written: Written):
    written.test(
        "sums_test",
        """
        total = 1 + 1
        print("added")
        assert total == 3
        """,
    )
    row = only(run_tests(written.toml("sums_test")))
    assert (row.status, row.file, row.line) == ("failed", "sums_test/pkg/sums_test.py", 8)
    assert row.reason == "assert total == 3 (with total = 2)"
    assert 'sums_test/pkg/sums_test.py", line 8' in row.traceback
    assert "n0.dev tester:sys: added" in row.output
    assert "tester:tester:sys ended" not in row.output


LONG = 1000  # seconds: who waits for their end waits for pytest's
INIT = "\nasync def init(our):\n    await our.receive()\n"
CRASHES = {
    "raises": ({"x_test.py": f"from json import loads\nloads('{{}}}}')\n{INIT}"}, "x_test.py", 2),
    "in init": ({"x_test.py": f"{INIT}    print(1 / 0)\n"}, "x_test.py", 4),
    "import": ({"x_test.py": f"import kinode_nb\nimport nowhere\n{INIT}"}, "x_test.py", 2),
    "of a sibling": (
        {"x_test.py": f"from .inner import x\n{INIT}", "inner.py": "\n\nx = 1 / 0\n"},
        "inner.py",
        3,
    ),
    "syntax": ({"x_test.py": "x = 1\ndef f(:\n"}, "x_test.py", 2),
    "exit": ({"x_test.py": f"import sys\n{INIT}    sys.exit(3)\n"}, "x_test.py", 5),
}


@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_is_told_with_its_place_long_before_the_time_is_over(written: Written, crash: str):
    files, file, line = CRASHES[crash]
    written.package("x_test", files)
    row = only(run_tests(written.toml("x_test", timeout=LONG)))
    assert (row.status, row.file, row.line) == ("crashed", f"x_test/pkg/{file}", line)
    assert f'x_test/pkg/{file}", line {line}' in row.traceback
    assert row.reason


def test_another_error_in_a_test_is_a_crash_of_it(written: Written):
    written.test("x_test", "our.nothing\n")
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.line) == ("crashed", 6)
    assert row.reason == "AttributeError: 'Our' object has no attribute 'nothing'"


def test_a_test_that_returns_without_an_answer_has_crashed(written: Written):
    written.package("x_test", {"x_test.py": "async def init(our):\n    await our.receive()\n"})
    row = only(run_tests(written.toml("x_test", timeout=LONG)))
    assert (row.status, row.reason) == ("crashed", "it returned without an answer to the Run")


def test_a_test_that_hangs_is_told_with_the_line_where_it_waits(written: Written):
    written.test("x_test", "print('begin')\nawait our.receive()  # for ever")
    written.test("y_test", "pass")
    hung, fine = run_tests(written.toml("x_test", "y_test", timeout=1)).rows
    assert (hung.status, hung.file, hung.line) == ("hung", "x_test/pkg/x_test.py", 7)
    assert hung.reason.endswith("it waits in: await our.receive()  # for ever")
    assert hung.seconds >= 1
    assert fine.status == "passed"


def test_a_test_that_never_yields_is_ended_and_told_with_its_line(written: Written):
    written.test("x_test", "while True:\n    pass")
    written.test("y_test", "pass")
    hung, fine = run_tests(written.toml("x_test", "y_test", timeout=1)).rows
    assert (hung.status, hung.file) == ("hung", "x_test/pkg/x_test.py")
    assert hung.line in (6, 7)
    assert "has not yielded for" in hung.reason
    assert fine.status == "passed"


def test_a_setup_package_that_never_yields_is_told_too(written: Written):
    written.package("busy", {"busy.py": "async def init(our):\n    while True:\n        pass\n"})
    written.test("x_test", "pass")
    setup = [{"path": "busy", "run": True}]
    row = only(run_tests(written.toml("x_test", timeout=1, setup_packages=setup)))
    assert row.status == "error"
    assert "busy:busy:template.os" in row.reason
    assert "line 3 of busy.py" in row.reason or "line 2 of busy.py" in row.reason


def test_an_answer_that_makes_no_sense(written: Written):
    written.package(
        "x_test",
        {
            "x_test.py": """
            async def init(our):
                await our.receive()
                await our.send_response({"Walk": None})
            """
        },
    )
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.file, row.line) == ("crashed", "x_test/pkg/x_test.py", 2)
    assert row.reason.startswith("its answer makes no sense")


def test_an_answer_by_hand_without_a_reason(written: Written):
    written.package(
        "x_test",
        {
            "x_test.py": """
            async def init(our):
                await our.receive()
                where = {"test": "x", "file": "x_test.py", "line": 3, "column": 1}
                await our.send_response({"Run": {"Err": where}})
            """
        },
    )
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.file, row.line) == ("failed", "x_test/pkg/x_test.py", 3)


def test_capabilities_that_are_not_to_be_had(written: Written):
    written.test(
        "x_test",
        "await our.send_and_await_response('eth:distro:sys', b'', 1)",
        request_capabilities=["eth:distro:sys"],
    )
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.line) == ("crashed", 6)
    assert "tester: x_test requests" in row.output


def test_capabilities_that_make_no_sense(written: Written):
    written.test("x_test", "pass", grant_capabilities=["nonsense"])
    row = only(run_tests(written.toml("x_test")))
    assert row.status == "error"
    assert "it could not be spawned" in row.reason


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "metadata.json").unlink(), "metadata.json is missing"),
        (lambda folder: (folder / "pkg" / "x_test.py").rename(folder / "y.py"), "x_test.wasm is"),
        (lambda folder: (folder / "pkg" / "manifest.json").write_text("[]"), "names 0 processes"),
    ],
)
def test_a_test_that_cannot_be_built_is_an_error_and_the_others_run(
    written: Written, break_it, said: str
):
    break_it(written.test("x_test", "pass"))
    written.test("y_test", "pass")
    broken, fine = run_tests(written.toml("x_test", "y_test", "x_test")).rows[:2]
    assert (broken.status, fine.status) == ("error", "passed")
    assert said in broken.reason


def test_a_process_that_is_not_called_as_its_folder(written: Written):
    written.package("x_test", {"main.py": INIT}, process_wasm_path="/main.wasm")
    row = only(run_tests(written.toml("x_test")))
    assert row.status == "error"
    assert "write /x_test.wasm" in row.reason


def test_tests_may_have_modules_and_run_one_after_another(written: Written):
    """kit would stop at the first that fails; here each has a Run of its own.

    The tester would wait for minutes until it starts again for the last of them.
    """
    names = [f"{letter}_test" for letter in "abcdefghijkl"]
    for name in names:
        written.package(
            name,
            {
                f"{name}.py": """
                from kinode_nb.process_lib import tester
                from .inner.names import NAME

                @tester.test
                async def init(our, nodes):
                    assert NAME == "a_test", NAME
                """,
                "inner/names.py": f"NAME = {name!r}\n",
            },
        )
    results = run_tests(written.toml(*names))
    assert [row.status for row in results.rows] == ["passed", *["failed"] * 11]
    assert [row.reason for row in results.rows[1:]] == [
        f"AssertionError: {name}" for name in names[1:]
    ]


def test_a_test_imports_what_is_generated_of_the_apis_that_it_depends_on(written: Written):
    folder = written.package(
        "x_test",
        {
            "x_test.py": """
            from kinode_nb import wit
            from kinode_nb.process_lib import Our
            from .api.tester import Request, Response
            from .features import FEATURES

            async def init(our: Our) -> None:
                message = await our.receive()
                run = wit.decode(Request, message.body).value
                assert run.input_node_names == [our.node]
                assert "test" in FEATURES
                await our.send_response({"Run": {"Ok": None}})
            """
        },
    )
    metadata = folder / "metadata.json"
    text = metadata.read_text().replace('"dependencies": []', '"dependencies": ["tester:sys"]')
    metadata.write_text(text)
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.reason) == ("passed", "")


def test_setup_packages_are_on_every_node(written: Written):
    listing = "{'path': '/tester:sys/setup', 'action': 'ReadDir'}"
    written.test(
        "x_test",
        f"""
        for node in nodes:
            answer = await our.send_and_await_response(f"{{node}}@echo:echo:template.os", "hi")
            assert answer.json() == "Ack"
        listing = (await our.send_and_await_response("vfs:distro:sys", {listing})).json()
        assert [each["path"] for each in listing["ReadDir"]] == ["tester:sys/setup/echo"]
        """,
        grant_capabilities=["echo:echo:template.os"],
    )
    import kinode_nb.packages

    echo = Path(kinode_nb.packages.__file__).parent / "echo"
    setup = [{"path": str(echo), "run": True}]
    row = only(run_tests(written.toml("x_test", nodes=2, setup_packages=setup)))
    assert row.reason == ""
    assert row.status == "passed"


def test_a_setup_package_that_ends_as_it_starts(written: Written):
    written.package("bad", {"bad.py": "async def init(our):\n    raise ValueError('so')\n"})
    written.test("x_test", "pass")
    setup = [{"path": "bad", "run": True}]
    row = only(run_tests(written.toml("x_test", setup_packages=setup)))
    assert row.status == "error"
    assert "ValueError: so" in row.reason


def test_a_test_that_stops_its_node(written: Written):
    written.test("x_test", "await our.send_request('kernel:distro:sys', 'Shutdown')")
    written.test("y_test", "await our.send_request('kernel:distro:sys', 'Shutdown')")
    first, second = run_tests(written.toml("x_test", "y_test", timeout=LONG)).rows
    assert first.status in ("passed", "error")
    assert second.status == "error"
    assert "the tester did not answer: n0.dev was stopped, by or after the test x_test" in (
        second.reason
    )
    gc.collect()  # a log that was left open would warn


def test_a_test_that_ends_the_tester(written: Written):
    written.test(
        "x_test",
        """
        await our.send_request("kernel:distro:sys", {"KillProcess": "tester:tester:sys"})
        await our.receive()
        """,
    )
    written.test("y_test", "pass")
    first, second = run_tests(written.toml("x_test", "y_test", timeout=LONG)).rows
    assert (first.status, first.file, first.line) == ("error", "x_test/pkg/x_test.py", 5)
    assert "tester:tester:sys has ended on n0.dev" in first.reason
    assert second.status == "passed"


@pytest.mark.parametrize(
    ("signature", "call"), [("our", "init(our)"), ("our, nodes, more", "init(our, nodes, more)")]
)
def test_a_test_of_other_arguments_is_told_with_its_own_line(
    written: Written, signature: str, call: str
):
    head = "from kinode_nb.process_lib import tester\n\n\n@tester.test\n"
    text = f"{head}async def init({signature}):\n    pass\n"
    written.package("x_test", {"x_test.py": text})
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.file, row.line) == ("crashed", "x_test/pkg/x_test.py", 4)
    assert row.reason.startswith(f"TypeError: {call} is no test: write async def init(our: Our, ")


WITHOUT_A_LINE = {
    "cancelled": ("import asyncio\n\nasync def init(our):\n    raise asyncio.CancelledError\n", 3),
    "returns": ("async def init(our):\n    pass\n", 1),
    "no JSON": (
        "\nasync def init(our):\n    await our.receive()\n    await our.send_response(b'\\xff')\n",
        2,
    ),
    "neither": (
        "\nasync def init(our):\n    await our.receive()\n    await our.send_response('Run')\n",
        2,
    ),
}


@pytest.mark.parametrize("kind", WITHOUT_A_LINE)
def test_an_end_without_a_line_of_its_own_is_told_with_that_of_init(written: Written, kind: str):
    text, line = WITHOUT_A_LINE[kind]
    written.package("x_test", {"x_test.py": text})
    row = only(run_tests(written.toml("x_test", timeout=LONG)))
    assert (row.status, row.file, row.line) == ("crashed", "x_test/pkg/x_test.py", line)


def test_a_file_that_is_not_there_is_named_as_the_test_tells_it(written: Written):
    failure = {"test": "x", "file": "f.rs", "line": 3, "column": 4}
    text = f"""
        async def init(our):
            await our.receive()
            await our.send_response({{"Run": {{"Err": {failure}}}}})
    """
    written.package("x_test", {"x_test.py": text})
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.place) == ("failed", "f.rs:3")


def test_an_answer_that_may_not_reach_the_test_says_what_to_write(written: Written):
    text = """
        async def init(our):
            await our.receive()
            await our.send_response("here")
            await our.receive()
    """
    written.package("some", {"some.py": text}, public=True)
    written.test("x_test", "await our.send_and_await_response('some:some:template.os', 1, 1)")
    setup = [{"path": "some", "run": True}]
    row = only(run_tests(written.toml("x_test", setup_packages=setup)))
    assert row.status == "crashed"
    assert row.reason.endswith(
        "some:some:template.os has answered, but may not message the test: write "
        '"some:some:template.os" into grant_capabilities of x_test/pkg/manifest.json'
    )


def test_frames_of_what_runs_a_test_are_left_out_in_groups_and_causes_too(written: Written):
    written.test(
        "x_test",
        """
        import asyncio
        async def f():
            await our.send_and_await_response("a:b:c.os", 1, timeout=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(f())
        """,
    )
    row = only(run_tests(written.toml("x_test")))
    assert (row.status, row.line) == ("crashed", 8)
    assert "SendError" in row.traceback
    assert "/kinode_nb/" not in row.traceback


def test_a_handle_is_no_value_that_an_assert_tells(written: Written):
    written.test("x_test", "assert our.node == nodes")
    row = only(run_tests(written.toml("x_test")))
    assert row.reason == "assert our.node == nodes (with nodes = ['n0.dev'])"


def test_a_blank_package_can_grow_to_one_that_answers_its_test(written: Written):
    folder = new(written.folder / "some", template="blank")
    process = """
        async def init(our):
            while True:
                await our.receive()
                await our.send_response("here")
    """
    asks = """
        answer = await our.send_and_await_response("some:some:template.os", 1, timeout=5)
        assert answer.json() == "here"
    """
    (folder / "pkg" / "some.py").write_text(textwrap.dedent(process))
    manifest = folder / "pkg" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"public": false', '"public": true'))
    (folder / "test" / "some_test" / "pkg" / "some_test.py").write_text(body(asks))
    row = only(run_tests(folder))
    assert (row.status, row.reason) == ("passed", "")
