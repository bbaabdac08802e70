"""The files of an ``api.zip``, which may be somebody else's, before they become an importer's own.

An importer has them in its ``pkg``, where a name can do more than hold bytes: an ``__init__.py``
runs by itself, compiled code goes before a module of its name, and ``api`` is what a build writes.
"""

from collections.abc import Mapping

from kinode_nb.kit import generated
from kinode_nb.types import PackageError

_COMPILED = (".so", ".pyd", ".pyc")
_RUN_BY_THEMSELVES = {"__init__.py", "__main__.py"}


def flat(files: Mapping[str, bytes], whose: str) -> dict[str, bytes]:
    """Return the files by their names alone; raises PackageError for two of one name.

    ``whose`` names the API in the error.
    """
    found: dict[str, bytes] = {}
    for path, content in files.items():
        name = path.rpartition("/")[2]
        if found.setdefault(name, content) != content:
            raise PackageError(f"{whose} has two files called {name!r}: an API has no folders")
    return found


def check(name: str, content: bytes, whose: str) -> None:
    """Raise PackageError for a file that cannot be part of an API."""
    fault = _fault(name)
    if fault:
        raise PackageError(f"{whose} has a file called {name!r}, {fault}: it has to be taken out")
    if name.endswith(".wit"):
        try:
            content.decode()
        except UnicodeDecodeError as error:
            raise PackageError(f"{whose}: {name} is no UTF-8 text, at byte {error.start}") from None


def _fault(name: str) -> str:
    if not name.isprintable():
        return "which no file of a package is"
    if name.startswith("."):
        return "which is hidden"
    if name in _RUN_BY_THEMSELVES:
        return "which would run in each package that depends on it"
    if name.endswith(_COMPILED):
        return "which is compiled code"
    if name in {generated.API.rstrip("/"), "__pycache__"}:
        return "which is the name of a folder"
    return ""
