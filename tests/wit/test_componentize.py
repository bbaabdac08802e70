"""The component model's own tool reads the same WIT, and sees the same types in it as we do.

componentize-py writes Python bindings of a world; they are put beside the source that `generate`
makes of the same files.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib.util
import inspect
import shutil
import subprocess
import sys
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kinode_nb import wit
from kinode_nb.wit import Variant, generate, parse
from kinode_nb.wit.standard import standard_text

TOOL = shutil.which("componentize-py", path=str(Path(sys.executable).parent)) or shutil.which(
    "componentize-py"
)
pytestmark = pytest.mark.skipif(
    TOOL is None, reason="componentize-py is not there for this system: it is in the test extra"
)
PACKAGES = Path(wit.__file__).parent.parent / "packages"
SMALL = """
interface small {
    use standard.{address, capability, on-exit, message, send-error};
    variant v { none, some(option<u8>), both(tuple<f32, char>), %type(result<list<u8>, e>) }
    record r {
        a: bool, b: s8, c: u64, d: list<string>, %from: option<list<v>>, class: result<_, e>,
        held: list<capability>, ends: on-exit, got: result<message, send-error>, where: address,
    }
    enum e { none, two-words, x86 }
    flags f { read, write-it }
    type names = list<tuple<string, e>>;
    type self-made = r;
    nothing: func();
    %import: func(a: names, b: option<r>, is-c: f64) -> result<v, string>;
    fails: func() -> result<_, e>;
    count: func(of: list<u8>) -> u32;
}
world small-v0 { import small; include process-v1; }
"""
SETS = {
    "kinode": {"kinode.wit": standard_text()},
    "small": {"small.wit": SMALL},
    **{
        folder.name: {file.name: file.read_text() for file in (folder / "api").glob("*.wit")}
        for folder in sorted(PACKAGES.iterdir())
        if (folder / "api").is_dir()
    },
}
SETS["chat_with_file_transfer"] |= SETS["chat"] | SETS["file_transfer"]


def bindings(folder: Path, texts: dict[str, str]) -> Path:
    """Return where the tool's modules are, one for each interface of the texts' last world."""
    (folder / "wit").mkdir()
    for name, text in ({"kinode.wit": standard_text()} | texts).items():
        (folder / "wit" / name).write_text(text, encoding="utf-8")
    merged = [world.name for name in texts for world in parse(texts[name]).worlds]
    # Not every interface is in a package's world: this one has them all.
    everything = [each.name for name in texts for each in parse(texts[name]).interfaces]
    imports = " ".join(f"import {name};" for name in everything)
    (folder / "wit" / "all.wit").write_text(f"world all-of-it {{ {imports} }}", encoding="utf-8")
    worlds = [part for world in dict.fromkeys([*merged, "all-of-it"]) for part in ("-w", world)]
    command = [str(TOOL), "-d", str(folder / "wit"), *worlds, "--world-module", "theirs"]
    done = subprocess.run(
        [*command, "bindings", str(folder / "bindings")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "bindings"


@pytest.fixture(name="modules", params=SETS, scope="module")
def modules_(request, tmp_path_factory):
    """Return pairs of modules by interface: the tool's, and ours as a type checker reads it."""
    texts = SETS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    there = bindings(folder, texts)
    before, sys.path[:0] = list(sys.path), [str(there)]
    try:
        yield pairs(folder, texts)
    finally:
        sys.path[:] = before
        for name in [n for n in sys.modules if n.split(".")[0] in {"theirs", "ours"}]:
            del sys.modules[name]
        for name in [n for n in sys.modules if n.startswith("componentize_py")]:
            del sys.modules[name]


def pairs(folder: Path, texts: dict[str, str]) -> dict[str, tuple[Any, Any]]:
    names = [interface.name for text in texts.values() for interface in parse(text).interfaces]
    snakes = [name.replace("-", "_") for name in names]
    (folder / "ours").mkdir()
    sources = generate(texts, [f"{name}_api" for name in snakes])
    for name, source in sources.items():
        checked = source.replace("typing.TYPE_CHECKING", "True")
        (folder / "ours" / name).write_text(checked, encoding="utf-8")
    sys.path.insert(0, str(folder))
    found = {}
    for name in snakes:
        theirs = importlib.import_module(f"theirs.imports.{name}")
        found[name] = (theirs, resolved(importlib.import_module(f"ours.{name}")))
    return found


def resolved(module: types.ModuleType) -> types.ModuleType:
    """Give a module's aliases, which a type checker reads as text, the types that they mean."""
    names = vars(module)
    for name in names.get("__annotations__", ()):
        while isinstance(names[name], str):
            names[name] = eval(names[name], names)
    return module


def classes(module: Any) -> dict[str, Any]:
    found = {
        name: each
        for name, each in vars(module).items()
        if isinstance(each, type) and each.__module__ == module.__name__ and each.__name__ == name
    }
    return {name: each for name, each in found.items() if not name.startswith("_")}


def plain(name: str) -> str:
    return name.lower().replace("_", "")


def shape(hint: Any) -> object:
    """Return a type as both sides mean it: our classes and theirs by their names."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return union([each for each in arguments if each is not type(None)], arguments)
    if origin is None:
        return hint if hint in BUILTINS else name_of(hint)
    return (origin.__name__, *map(shape, arguments))


BUILTINS = {int, str, bool, float, bytes, type(None)}


def union(members: list[Any], written: tuple[Any, ...]) -> object:
    if len(members) < len(written):
        return ("option", union(members, tuple(members)))
    if len(members) == 1:
        return shape(members[0])
    if {(typing.get_origin(each) or each).__name__ for each in members} == {"Ok", "Err"}:
        sides = {(typing.get_origin(m) or m).__name__: typing.get_args(m) for m in members}
        return ("result", *(shape(each) for side in ("Ok", "Err") for each in sides[side]))
    return plain(members[0].__name__.partition("_")[0])  # a variant is the union of its cases


def name_of(cls: type) -> str:
    return plain(cls.__name__)


def fields(cls: type) -> list[tuple[str, object]]:
    hints = typing.get_type_hints(cls, vars(sys.modules[cls.__module__]))
    if dataclasses.is_dataclass(cls):
        return [(f.name.rstrip("_"), shape(hints[f.name])) for f in dataclasses.fields(cls)]
    names = cls.__struct_fields__ if issubclass(cls, msgspec.Struct) else ()
    return [(name.rstrip("_"), shape(hints[name])) for name in names]


def test_records_have_the_same_fields_in_the_same_order(modules):
    for theirs, ours in modules.values():
        found = {plain(name): each for name, each in classes(theirs).items()}
        records = {n: c for n, c in classes(ours).items() if issubclass(c, msgspec.Struct)}
        for name, record in records.items():
            assert fields(record) == fields(found[plain(name)]), name
        plain_classes = [c for c in found.values() if dataclasses.is_dataclass(c)]
        assert len(records) == sum("_" not in each.__name__ for each in plain_classes)


def test_variants_have_the_same_cases_in_the_same_order(modules):
    for theirs, ours in modules.values():
        variants = {n: c for n, c in classes(ours).items() if issubclass(c, Variant)}
        for name, variant in variants.items():
            union_ = {plain(n): each for n, each in vars(theirs).items()}[plain(name)]
            members = typing.get_args(union_) or (union_,)
            hints = [n for n in vars(variant) if n[0].isupper()]
            cases = [getattr(ours, vars(variant)[each]) for each in hints]
            assert [h.rstrip("_") for h in hints] == [
                member.__name__.partition("_")[2].rstrip("_") for member in members
            ]
            assert [fields(case) for case in cases] == [fields(member) for member in members]


def test_enums_and_flags_have_the_same_members_in_the_same_order(modules):
    for theirs, ours in modules.values():
        for kind in (enum.Flag, enum.Enum):
            found = {n: c for n, c in classes(ours).items() if issubclass(c, kind)}
            for name, cls in found.items():
                members = [plain(member.name) for member in cls]
                assert members == [plain(member.name) for member in getattr(theirs, name)]


def functions_of(module: Any) -> dict[str, Any]:
    found = inspect.getmembers(module, inspect.isfunction)
    return {name: each for name, each in found if each.__module__ == module.__name__}


def test_functions_take_and_return_the_same(modules):
    for theirs, ours in modules.values():
        own, functions = functions_of(ours), functions_of(theirs)
        assert {n.rstrip("_") for n in own} == {n.rstrip("_") for n in functions}
        for name, function in own.items():
            other = functions.get(name) or functions[name.rstrip("_")]
            hints, others = typing.get_type_hints(function), typing.get_type_hints(other)
            result, returned = shape(hints.pop("return")), shape(others.pop("return"))
            del hints["our"]
            assert [shape(each) for each in hints.values()] == [shape(e) for e in others.values()]
            names = [each.removesuffix("_") for each in hints]
            assert names == [each.removesuffix("_") for each in others]
            if isinstance(result, tuple) and result[0] == "result":
                assert "Raises" in (other.__doc__ or "")
                result = result[1]
            assert result == returned, name
