"""What `build` generates: Python for each WIT interface, and the features of the build."""

import re
from collections.abc import Iterable, Mapping

from kinode_nb import wit
from kinode_nb.types import KinodeError, UsageError

API = "api/"
_FEATURE = re.compile(r"[\w-]+\Z", re.ASCII)
FEATURES = "features.py"
_HEAD = (
    '"""The features that this build was made with; generated, and written anew by each build."""'
)


def checked_features(names: Iterable[str]) -> frozenset[str]:
    """Return the features of a build, also from text with commas; UsageError for odd names."""
    listed = names.split(",") if isinstance(names, str) else names
    found = frozenset(each for each in listed if each)
    for each in found:
        if not _FEATURE.match(str(each)):
            raise UsageError(f"a feature is a word of letters, digits, - and _, not {each!r}")
    return found


def features(names: Iterable[str]) -> bytes:
    """Return the source of ``features.py``: ``build --features test`` makes it hold ``test``."""
    listed = ", ".join(f'"{name}"' for name in sorted(set(names)))
    value = f"frozenset({{{listed}}})" if listed else "frozenset()"
    return f"{_HEAD}\n\nFEATURES: frozenset[str] = {value}\n".encode()


def is_features(source: bytes) -> bool:
    """Tell whether a ``features.py`` was written by a build, and not by a person."""
    return source.startswith(_HEAD.encode())


def modules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the modules for the WIT of a ``pkg`` folder, by their paths in it; WitError.

    A function of an interface is called in ``<interface>_api.py``, where that is in the folder.
    """
    texts = {
        name.removeprefix(API): text.decode()
        for name, text in files.items()
        if name.startswith(API) and name.endswith(".wit")
    }
    implementations = {
        name.removesuffix(".py") for name in files if "/" not in name and name.endswith("_api.py")
    }
    made = wit.generate(texts, implementations)
    return {f"{API}{name}": source.encode() for name, source in made.items()}


def missing(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the modules for the WIT of an installed package, as far as it is understood."""
    try:
        return modules(files)
    except (KinodeError, UnicodeDecodeError):
        return {}
