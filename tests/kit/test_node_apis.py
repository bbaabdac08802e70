"""The APIs of what every node has need no folder and no running node."""

from __future__ import annotations

from pathlib import Path

from kinode_nb.kit import packages, zips
from kinode_nb.kit.node_apis import node_api
from kinode_nb.types import PackageId
from tests.portal.packages_under_test import Written

TESTER = PackageId("tester", "sys")


def test_only_packages_of_the_node_have_one():
    assert list(zips.contents(node_api(TESTER) or b"")) == ["tester.wit"]
    assert node_api(PackageId("tester", "me.os")) is None
    assert node_api(PackageId("echo", "sys")) is None


def test_a_package_that_depends_on_the_tester_gets_its_messages(tmp_path: Path):
    folder = Written(tmp_path).test("x_test", "pass")
    metadata = folder / "metadata.json"
    metadata.write_text(
        metadata.read_text().replace('"dependencies": []', '"dependencies": ["tester:sys"]')
    )
    files = packages.find(folder).files
    assert "api/tester.wit" in files
    assert b"class RunRequest" in files["api/tester.py"]
