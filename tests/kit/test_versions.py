"""semver, as far as ``current_version`` needs it."""

from __future__ import annotations

import itertools

import pytest

from kinode_nb.kit.versions import current_version
from kinode_nb.types import PackageError
from kinode_nb.types.manifests import Properties

# Section 11 of semver 2.0, and what its sentences say of build metadata.
ORDERED = """1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11
1.0.0-rc.1 1.0.0 1.0.1 1.2.0 1.10.0 2.0.0 10.0.0""".split()  # noqa: SIM905 - an order is a line


def properties(current: str, *listed: str) -> Properties:
    return Properties(
        package_name="p",
        publisher="me.os",
        current_version=current,
        mirrors=[],
        code_hashes=dict.fromkeys(listed, ""),
    )


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(ORDERED)))
def test_the_newest_is_the_current_one(lower: str, higher: str) -> None:
    assert current_version(properties(lower, higher, lower), "m") == higher
    assert current_version(properties(higher, lower, higher), "m") == higher
    with pytest.raises(PackageError, match="newer than"):
        current_version(properties(higher, lower), "m")


@pytest.mark.parametrize(
    "version", ["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0+", "1.0.٣"]
)
def test_what_is_no_semver(version: str) -> None:
    with pytest.raises(PackageError, match=r"m: properties\.current_version is .* no semver"):
        current_version(properties(version, "1.0.0"), "m")


def test_build_metadata_does_not_count() -> None:
    assert current_version(properties("1.0.0+one", "1.0.0+other"), "m") == "1.0.0+one"
