"""The results of tests as a ``junit.xml``, which CI services read.

A suite is a ``tests.toml``; a case is a test package or a script. What failed is a ``failure``;
what crashed, hung or could not be run is an ``error``. Elements and attributes are those of
Jenkins' schema (jenkins-junit.xsd), which pytest follows too.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from xml.etree import ElementTree as ET

from kinode_nb.types.test_rows import TestRow

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def junit(rows: Sequence[TestRow], when: datetime) -> bytes:
    """Return the XML of these results; ``when`` is the time at which they began."""
    whole = {name: count for name, count in _counts(rows).items() if name != "skipped"}
    root = ET.Element("testsuites", whole)
    for name, group in groupby(rows, attrgetter("tests_file")):
        suite_rows = list(group)
        attributes = {
            "name": _clean(name),
            **_counts(suite_rows),
            "timestamp": when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
            "hostname": "localhost",
        }
        suite = ET.SubElement(root, "testsuite", attributes)
        for row in suite_rows:
            _add_case(suite, row)
    ET.indent(root)
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _counts(rows: Sequence[TestRow]) -> dict[str, str]:
    kinds = [_kind(row) for row in rows]
    return {
        "tests": str(len(rows)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": f"{sum(row.seconds for row in rows):.3f}",
    }


def _kind(row: TestRow) -> str:
    kinds = {"passed": "", "failed": "failure", "skipped": "skipped"}
    return kinds.get(row.status, "error")


def _add_case(suite: ET.Element, row: TestRow) -> None:
    attributes = {
        "classname": _clean(row.package or row.tests_file),
        "name": _clean(row.test),
        "time": f"{row.seconds:.3f}",
    }
    case = ET.SubElement(suite, "testcase", attributes)
    kind = _kind(row)
    if kind == "skipped":
        ET.SubElement(case, kind, {"message": _clean(row.reason)})
    elif kind:
        said = ET.SubElement(case, kind, {"message": _clean(row.reason), "type": row.status})
        said.text = _clean("\n".join(filter(None, (row.place, row.traceback or row.reason))))
    if row.output:
        ET.SubElement(case, "system-out").text = _clean(row.output)


def _clean(text: str) -> str:
    return _NO_XML.sub("�", text)
