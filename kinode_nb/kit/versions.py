"""Versions in ``metadata.json``: semver, and which of them is the current one (kit ``build``)."""

import re

from kinode_nb.types import PackageError
from kinode_nb.types.manifests import Properties

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\Z",
    re.ASCII,
)
_Key = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def current_version(properties: Properties, where: str) -> str:
    """Return what ``current_version`` has to be: the newest version of ``code_hashes``.

    ``where`` names the file. Raises PackageError for what is no semver, for code_hashes without
    one, and for a current_version that is newer than all of them.
    """
    given = _key(properties.current_version)
    if given is None:
        raise PackageError(
            f"{where}: properties.current_version is {properties.current_version!r}, which is no "
            'semver; write "0.1.0"'
        )
    listed = {key: version for version in properties.code_hashes if (key := _key(version))}
    if not listed:
        raise PackageError(
            f"{where}: properties.code_hashes lists no version; write "
            f'{{"{properties.current_version}": ""}}'
        )
    newest = max(listed)
    if given > newest:
        raise PackageError(
            f"{where}: properties.current_version is {properties.current_version}, newer than "
            f"{listed[newest]}, the newest of code_hashes; write "
            f'"{properties.current_version}": "" there as well'
        )
    return properties.current_version if given == newest else listed[newest]


def _key(version: str) -> _Key | None:
    """Return what versions are ordered by (semver 2.0, section 11); None for what is none."""
    found = _SEMVER.match(version)
    if found is None:
        return None
    major, minor, patch = (int(found[number]) for number in (1, 2, 3))
    parts = found[4].split(".") if found[4] else []
    identifiers = tuple((not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts)
    return major, minor, patch, not parts, identifiers
