"""`new`: a package's folder, made from a template; the templates are the built-in packages.

So what a person gets is what the tests of this repository run. A copy has names of its own:
wherever a template's name stands as a name (of a package, a process, an interface, a file), the
new one takes its place, spelled as Kinode (``my-chat``) or as Python (``my_chat``) has it there.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import msgspec

from kinode_nb import wit
from kinode_nb.kit.packages import BUILT_IN
from kinode_nb.types import PackageError, PackageId, UsageError, nearest
from kinode_nb.types.manifests import read_metadata
from kinode_nb.wit.names import python_name

TEMPLATES = ("blank", "chat", "chat-with-file-transfer", "echo", "fibonacci", "file-transfer")
"""Those of kit, and the importer of its recipe."""
LANGUAGES = ("python", "rust", "javascript")
PUBLISHER = "template.os"
_RESERVED = frozenset({"api", "test"})
"""Names that kit refuses: they are those of a package's own folders."""
_KINODES = frozenset({"kernel", "standard", "tester"})
"""Names that mean something of Kinode's own to every node, or in every test's WIT."""
_FEATURES = "pkg/features.py"
_BUILT = frozenset({"__pycache__", "features.py", "api.zip", "target"})
"""What `build` and Python make, and what is no part of a template."""


class NewOptions(TypedDict, total=False):
    """What `new` takes besides the folder."""

    package: str | None
    publisher: str
    template: str
    language: str
    ui: bool


def new(
    directory: str | os.PathLike[str],
    *,
    package: str | None = None,
    publisher: str = PUBLISHER,
    template: str = "chat",
    language: str = "python",
    ui: bool = False,
) -> Path:
    """Make a package's folder from a template, or fill an empty one, and return it.

    ``package`` is the package's name, by default the folder's; ``_`` in it becomes ``-``. Raises
    UsageError, PackageError and AddressError; then nothing was made.
    """
    folder = Path(directory).expanduser()
    _check_template(template, language, ui=ui)
    if os.path.lexists(folder) and not _is_empty(folder):
        raise UsageError(
            f"{folder} is there already: new makes a folder, or fills an empty one; give another"
        )
    id_ = PackageId(_name(folder, package), publisher).check()
    files = _renamed(template, id_)
    _check_wit(files, id_.package_name)
    _write(folder, files)
    return folder


def _is_empty(folder: Path) -> bool:
    """Return whether nothing is in a folder but what is hidden, such as ``.git``."""
    return folder.is_dir() and all(each.name.startswith(".") for each in folder.iterdir())


def _check_template(template: str, language: str, *, ui: bool) -> None:
    if language != "python":
        hint = nearest(language, LANGUAGES) or f" There are {', '.join(LANGUAGES)}."
        if language in LANGUAGES:
            hint = " kit itself makes those of the other languages."
        raise UsageError(f"there are no templates in {language!r} here: take python.{hint}")
    if template.replace("_", "-") not in TEMPLATES:
        hint = nearest(template, TEMPLATES) or f" There are {', '.join(TEMPLATES)}."
        raise UsageError(f"there is no template {template!r}.{hint}")
    if ui:
        raise UsageError(
            f"the template {template} has no user interface here: leave --ui away. A process serves"
            " pages by http-server:distro:sys, process_lib.http helps with it"
        )


def _name(folder: Path, package: str | None) -> str:
    """Return the name of the new package; raises UsageError."""
    name = (folder.absolute().name if package is None else package).replace("_", "-")
    if name in _RESERVED:
        raise UsageError(
            f"a package cannot be called {name!r}: a folder of that name is part of every package"
        )
    if name in _KINODES:
        raise UsageError(f"a package cannot be called {name!r}: Kinode has one of that name itself")
    return name


def _renamed(template: str, id_: PackageId) -> dict[str, bytes]:
    """Return the new package's files by their paths; raises UsageError when two are one."""
    old = BUILT_IN / template.replace("-", "_")
    texts = {path: (old / path).read_text(encoding="utf-8") for path in _paths(old)}
    imported = frozenset(read_metadata(old).properties.dependencies)
    if id_.package_name in {each.partition(":")[0] for each in imported}:
        raise UsageError(
            f"a package made from {template} cannot be called {id_.package_name!r}: it depends on "
            "another of that name"
        )
    names = _Names(template.replace("_", "-"), id_, _type_names(texts), imported)
    files: dict[str, bytes] = {}
    for path, text in texts.items():
        renamed = names.in_path(path)
        if renamed in files or renamed == _FEATURES:
            raise UsageError(
                f"a package made from {template} cannot be called {id_.package_name!r}: it has "
                f"another file {renamed}"
            )
        files[renamed] = names.in_text(text, is_python=path.endswith(".py")).encode()
    return files


def _paths(old: Path) -> Iterator[str]:
    """Yield the files of a template, but for what is made by building it."""
    for path in sorted(old.rglob("*")):
        parts = path.relative_to(old).parts
        generated = ("pkg", "api") in pairwise(parts)
        # the folder of a built-in package is a Python package too, and need not be elsewhere
        left = generated or parts == ("__init__.py",) or _BUILT.intersection(parts)
        if path.is_file() and not left:
            yield "/".join(parts)


def _type_names(texts: Mapping[str, str]) -> frozenset[str]:
    """Return what the template's WIT calls its types: these names stay."""
    return frozenset(
        each.name
        for path, text in texts.items()
        if path.endswith(".wit")
        for interface in wit.parse(text).interfaces
        for each in interface.types
    )


class _Names(msgspec.Struct, frozen=True):
    """The names of a template, and what takes their place."""

    template: str
    id: PackageId
    kept: frozenset[str]
    """What looks like one of its names, and is none."""
    imported: frozenset[str]
    """What it depends on: these packages have their own names and publishers."""

    def in_path(self, path: str) -> str:
        """Return the path of a file, renamed."""
        folders, slash, name = path.rpartition("/")
        spell = self._kebab if name.endswith(".wit") else self._snake
        pattern = self._pattern()
        return pattern.sub(self._snake, folders) + slash + pattern.sub(spell, name)

    def in_text(self, text: str, *, is_python: bool) -> str:
        """Return a file's text, renamed."""

        def renamed(found: re.Match[str]) -> str:
            start, end = found.span()
            before, after = text[:start][-1:], text[end : end + 3]
            if found[0].replace("_", "-") in self.kept:
                return found[0]
            if is_python and (after[:1] == "(" or before == after[:1] == '"'):
                return found[0]  # a function, or a word of a protocol
            if is_python and before == ".":  # a module's name in an import
                return python_name(self._snake(found))
            if "_" in found[0] or after == ".py":
                return self._snake(found)
            return self._kebab(found)

        text = text.replace(_spelled(PUBLISHER), _spelled(self.id.publisher_node))
        text = self._pattern().sub(renamed, text)
        return re.sub(rf"(?:[\w-]+:)?{re.escape(PUBLISHER)}", self._published, text)

    def _published(self, found: re.Match[str]) -> str:
        """Return what a publisher, with the package before it or alone, becomes."""
        if found[0] in self.imported:
            return found[0]
        return found[0].replace(PUBLISHER, self.id.publisher_node)

    def _kebab(self, found: re.Match[str]) -> str:
        return self.id.package_name + found["rest"]

    def _snake(self, found: re.Match[str]) -> str:
        return self._kebab(found).replace("-", "_")

    def _pattern(self) -> re.Pattern[str]:
        name = self.template.replace("-", "[-_]")
        return re.compile(rf"(?<![\w-]){name}(?P<rest>(?:[-_][a-z0-9]+)*)(?![\w])")


def _spelled(publisher: str) -> str:
    """Return a publisher as the name of a world has it: ``template-dot-os``."""
    words = re.findall(r"[a-z0-9]+|\.", publisher)
    return "-".join("dot" if word == "." else re.sub(r"^(?=\d)", "n", word) for word in words)


def _check_wit(files: Mapping[str, bytes], name: str) -> None:
    """Raise UsageError for a name that Kinode allows and WIT does not."""
    for path, content in files.items():
        if path.endswith(".wit"):
            try:
                wit.parse(content.decode())
            except wit.WitError as error:
                raise UsageError(
                    f"a package with an API cannot be called {name!r}, for WIT has no such names: "
                    "words of a-z and 0-9 that each begin with a letter, a single - between them, "
                    f"and none of its keywords ({error})"
                ) from None


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, or none; raises PackageError."""
    is_there = folder.is_dir()
    around = folder if is_there else folder.parent
    beside = around.absolute() / f".new-{os.urandom(8).hex()}"
    made = [each for each in (beside, *beside.parents) if not each.exists()][-1]
    try:
        for path, content in files.items():
            file = beside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if is_there:  # it may be the working folder, which a rename would take away
            for each in beside.iterdir():
                each.rename(folder / each.name)
            beside.rmdir()
        else:
            beside.rename(folder)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise PackageError(f"{folder} cannot be made: {error.strerror}") from None
