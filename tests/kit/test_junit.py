"""The results of tests as XML."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from kinode_nb.kit.junit import junit
from kinode_nb.types.test_rows import TestRow

WHEN = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
ROWS = [
    TestRow(
        tests_file="a/tests.toml", test="one", package="one:t.os", status="passed", seconds=1.5
    ),
    TestRow(
        tests_file="a/tests.toml",
        test="two",
        package="two:t.os",
        status="failed",
        file="two/pkg/two.py",
        line=7,
        reason='x < "y" & \x1b[0m',
        traceback="Traceback\n  a < b",
        output="said \x00\ud800 <so>",
    ),
    TestRow(tests_file="a/tests.toml", test="three", status="hung", reason="it waits", seconds=2),
    TestRow(tests_file="b/tests.toml", test="four", status="skipped", reason="not begun"),
    TestRow(tests_file="b/tests.toml", test="five", status="crashed", reason="ValueError: so"),
    TestRow(tests_file="b/tests.toml", test="six", status="error", reason="not built"),
]


def test_suites_count_what_their_cases_are():
    root = ET.fromstring(junit(ROWS, WHEN))
    assert root.tag == "testsuites"
    assert {**root.attrib} == {
        "tests": "6",
        "failures": "1",
        "errors": "3",
        "time": "3.500",
    }
    first, second = root
    assert (first.tag, first.get("name"), first.get("tests")) == ("testsuite", "a/tests.toml", "3")
    assert (second.get("failures"), second.get("errors"), second.get("skipped")) == ("0", "2", "1")
    assert first.get("timestamp") == "2025-01-02T03:04:05"
    for suite in root:
        kinds = [case[0].tag for case in suite if len(case)]
        assert suite.get("failures") == str(kinds.count("failure"))
        assert suite.get("errors") == str(kinds.count("error"))
        assert suite.get("skipped") == str(kinds.count("skipped"))


def test_a_case_says_what_failed_and_where():
    passed, failed, hung = ET.fromstring(junit(ROWS, WHEN))[0]
    assert {**passed.attrib} == {"classname": "one:t.os", "name": "one", "time": "1.500"}
    assert list(passed) == []
    failure, output = failed
    assert (failure.tag, output.tag) == ("failure", "system-out")
    assert failure.get("type") == "failed"
    assert failure.get("message") == 'x < "y" & �[0m'
    assert failure.text == "two/pkg/two.py:7\nTraceback\n  a < b"
    assert output.text == "said �� <so>"
    assert (hung[0].tag, hung[0].get("type"), hung[0].text) == ("error", "hung", "it waits")
    assert hung.get("classname") == "a/tests.toml"


# What Jenkins' schema allows: attributes, and children in any order.
COUNTS = {"tests", "failures", "errors", "time", "name"}
SCHEMA = {
    "testsuites": (COUNTS | {"disabled"}, {"testsuite"}),
    "testsuite": (
        COUNTS | {"disabled", "skipped", "timestamp", "hostname", "id", "package"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "assertions", "time", "classname", "status"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}


def test_it_keeps_to_the_usual_schema():
    for element in ET.fromstring(junit(ROWS, WHEN)).iter():
        attributes, children = SCHEMA[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
        for count in {"tests", "failures", "errors", "skipped"} & set(element.attrib):
            assert element.attrib[count].isdigit()


def test_no_tests_are_a_document_too():
    assert ET.fromstring(junit([], WHEN)).get("tests") == "0"
