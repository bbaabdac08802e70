"""`tester`, with which tests of packages are written.

They lie in files of their own: pytest would rewrite the asserts of this one.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from kinode_nb.process_lib import Our, SendError, tester
from kinode_nb.process_lib.places import place_of
from kinode_nb.types import BodyError, ProcessId, Response
from tests.runtime.lab import Lab, in_lab

MAIN = "a.dev@tester:tester:sys"
CHILD = "a.dev@1:tester:sys"
RUN = {
    "Run": {"input_node_names": ["a.dev", "b.dev"], "test_names": ["one"], "test_timeout": 5},
}

PASSES = """
    assert nodes == ["a.dev", "b.dev"]
"""
COMES_TRUE = """
    async def look():
        nodes.append("c.dev")
        return nodes[4:]

    assert await tester.until(look) == ["c.dev"]
"""
ASSERTS = """
    def check(found):
        assert found == ["c.dev"]  # here

    check(nodes)
"""
ASSERTS_IN_LINES = """
    assert (  # here
        len(nodes)
        == 3
    )
"""
ASSERTS_OF_A_MESSAGE = """
    answer = Response(our.address, our.address, 1, b'"Ack"', False, None, (), -1, None, 0, 0, 0)
    assert answer.json() == "Nack"  # here
"""
SAYS_WHY = """
    assert not nodes, f"there are {len(nodes)}"  # here
"""
FAILS = """
    tester.fail("as it was to")  # here
"""
RAISES = """
    json.loads("{}}")  # here
"""
RAISES_IN_A_GROUP = """
    async def inside():
        raise ValueError("inside")  # here

    async with asyncio.TaskGroup() as group:
        group.create_task(inside())
"""
NEVER_COMES_TRUE = """
    async def look():
        assert len(nodes) == 3
        return True

    await tester.until(look, 2)  # here
"""


def written(folder: Path, body: str) -> Path:
    """Write a test with this body."""
    path = folder / "some_test.py"
    imports = "import asyncio, json\nfrom kinode_nb.process_lib import Our, Response, tester\n"
    path.write_text(
        f"{imports}@tester.test\nasync def init(our: Our, nodes: list[str]) -> None:{body}"
    )
    return path


def line_of(path: Path) -> int:
    """Return the line that ends with the mark."""
    lines = path.read_text().splitlines()
    (number,) = (at for at, line in enumerate(lines, 1) if line.endswith("# here"))
    return number


async def answer(lab: Lab, path: Path, body: object = RUN) -> Response:
    lab.start(CHILD, path)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response(CHILD, body, timeout=60)

    return await lab.play(MAIN, main)


@pytest.mark.parametrize("body", [PASSES, COMES_TRUE])
@in_lab
async def test_a_test_that_returns_has_passed(lab: Lab, body: str, tmp_path: Path):
    response = await answer(lab, written(tmp_path, body))
    assert (response.body, response.metadata) == (b'{"Run":{"Ok":null}}', None)


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (
            ASSERTS,
            "failed",
            "assert found == [\"c.dev\"]  # here (with found = ['a.dev', 'b.dev'])",
        ),
        (
            ASSERTS_OF_A_MESSAGE,
            "failed",
            """assert answer.json() == "Nack"  # here (with answer = Response b'"Ack"')""",
        ),
        (SAYS_WHY, "failed", "AssertionError: there are 2"),
        (FAILS, "failed", "as it was to"),
        (
            RAISES,
            "crashed",
            "JSONDecodeError: Extra data: line 1 column 3 (char 2)",
        ),
        (
            RAISES_IN_A_GROUP,
            "crashed",
            "ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",
        ),
        (
            NEVER_COMES_TRUE,
            "failed",
            "assert len(nodes) == 3 (with nodes = ['a.dev', 'b.dev']), in 2 s",
        ),
    ],
)
@in_lab
async def test_what_goes_wrong_is_answered_with_its_place(
    lab: Lab, body: str, status: str, why: str, tmp_path: Path
):
    path = written(tmp_path, body)
    response = await answer(lab, path)
    failure = response.json()["Run"]["Err"]
    assert failure["column"] > 0
    assert failure == {
        "test": "some_test",
        "file": "some_test.py",
        "line": line_of(path),
        "column": failure["column"],
    }
    report = json.loads(response.metadata or "")
    assert (report["status"], report["reason"]) == (status, why)
    assert report["traceback"] in lab.prints()
    assert f'some_test.py", line {line_of(path)}' in report["traceback"]
    assert "process_lib/tester.py" not in report["traceback"]


@in_lab
async def test_an_assert_over_several_lines_is_told_on_one(lab: Lab, tmp_path: Path):
    response = await answer(lab, written(tmp_path, ASSERTS_IN_LINES))
    report = json.loads(response.metadata or "")
    assert "\n" not in report["reason"]
    assert report["reason"].startswith(("assert ( ", "len(nodes)"))
    assert report["reason"].endswith("(with nodes = ['a.dev', 'b.dev'])")


@in_lab
async def test_what_other_nodes_send_is_no_run(lab: Lab, tmp_path: Path):
    lab.boot("b.dev")

    async def foreign(our: Our) -> None:
        await our.send_request(CHILD, RUN)

    lab.add(CHILD)  # it does not run yet: what is sent to it waits
    await lab.play("b.dev@main:t:os", foreign)
    await lab.idle()
    child = lab.kernels["a.dev"].processes[ProcessId.parse("1:tester:sys")]
    child.program = written(tmp_path, PASSES)
    lab.lifecycles["a.dev"].run(child)

    async def main(our: Our) -> Response:
        return await our.send_and_await_response(CHILD, RUN)

    assert (await lab.play(MAIN, main)).body == tester.OK


@in_lab
async def test_a_first_request_that_is_no_run_ends_the_test(lab: Lab, tmp_path: Path):
    with pytest.raises(SendError):
        await answer(lab, written(tmp_path, PASSES), {"Walk": None})
    error = lab.ended[ProcessId.parse("1:tester:sys")]
    assert isinstance(error, BodyError)
    assert "the body is no Run" in str(error)


def test_a_syntax_error_is_where_python_could_not_read_on(tmp_path: Path):
    bad = tmp_path / "pkg" / "bad.py"
    bad.parent.mkdir()
    bad.write_text(
        textwrap.dedent("""\
        x = 1
        def f(:
    """)
    )
    with pytest.raises(SyntaxError) as raised:
        compile(bad.read_text(), str(bad), "exec")
    place = place_of(raised.value, str(tmp_path / "pkg"))
    assert (place.file, place.line) == ("bad.py", 2)
