"""Generated modules: what stands in them, and what a process that imports one gets."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from kinode_nb import wit
from kinode_nb.process_lib import Address
from kinode_nb.wit import Err, Ok, WitSyntaxError, generate
from kinode_nb.wit.generating import standard_source

WORKER = """
/// Moves files.
interface file-worker {
    use standard.{address, request as kinode-request};
    use shelf.{label as tag};

    /// What one may ask.
    variant request {
        /// Get one.
        download(download-request),
        none,
    }
    variant response { download(result<_, string>), %type(tag) }
    record download-request {
        /// which
        name: string,
        target: address,
        bytes: list<u8>,
        other: list<u8>,
        %type: option<mood>,
        size: option<option<u64>>,
    }
    enum mood { none, very-good }
    flags rights { read, write }
    type again = request;
    type names = list<tuple<string, f32>>;
    type maybe = option<u8>;
    type sent = kinode-request;

    /// Begin.
    start-download: func(name: string, our: address, is-requestor: bool) -> result<_, string>;
    %import: func(this-name-is-long: list<option<u8>>, that-name-is-longer: result<u8, mood>);
}
world file-v0 { import file-worker; include process-v1; }
"""
SHELF = "interface shelf { record label { text: string } }"
API = {"file-worker.wit": WORKER, "shelf:example.os-v0.wit": SHELF}
IMPLEMENTATION = """
from kinode_nb.wit import Err, Ok
async def start_download(our, name, our_, is_requestor):
    return Ok() if is_requestor else Err(f"{our}: {name}")
async def import_(our, this_name_is_long, that_name_is_longer):
    assert that_name_is_longer
"""


def write_package(root: Path, texts: dict[str, str], implementations: dict[str, str]) -> Path:
    package = root / "some_package"
    (package / "api").mkdir(parents=True)
    (package / "__init__.py").touch()
    sources = {f"{name}.py": source for name, source in implementations.items()}
    for name, source in sources.items():
        (package / name).write_text(source, encoding="utf-8")
    for name, source in (texts | generate(texts, implementations)).items():
        (package / "api" / name).write_text(source, encoding="utf-8")
    return package


@pytest.fixture(name="api")
def api_(tmp_path, monkeypatch):
    """Return a function that writes a package, and imports one of its API's modules."""
    monkeypatch.syspath_prepend(tmp_path)

    def load(module, texts=API, implementations=None):
        write_package(tmp_path, texts, implementations or {})
        return importlib.import_module(f"some_package.api.{module}")

    yield load
    for name in [name for name in sys.modules if name.split(".")[0] == "some_package"]:
        del sys.modules[name]


def test_each_interface_is_a_module_and_the_folder_a_package():
    assert list(generate(API)) == ["__init__.py", "file_worker.py", "shelf.py"]
    assert generate({"a.wit": "world w { include process-v1; }"}).keys() == {"__init__.py"}


def test_the_same_texts_give_the_same_source():
    assert generate(dict(reversed(API.items()))) == generate(API)


def test_a_module_says_what_it_was_made_of():
    source = generate(API)["file_worker.py"]
    assert source.startswith(
        '"""The types of ``interface file-worker``, generated from file-worker.wit.\n\n'
        "Moves files.\n\nThe build writes this anew: change the WIT instead.\n"
    )
    assert '"""What one may ask."""' in source
    assert '"""which"""' in source


@pytest.mark.parametrize(
    "doc",
    [r"a \d+ and \N{x} and \x", '"""', "\\" + '"' * 3, "ends in \\", 'ends in "', "''' \\u12"],
)
def test_a_comment_is_a_docstring_as_it_stands(api, doc):
    odd = api("odd", {"odd.wit": f"/// {doc}\ninterface odd {{ }}"})
    assert odd.__doc__.splitlines()[2].strip() == doc


def test_the_classes_are_those_of_wit_load(api):
    worker = api("file_worker")
    loaded = wit.load(Path(worker.__file__).parent, "file-worker")
    assert worker.Request is worker.Again is loaded.Request
    assert worker.Request is wit.load(API, "file-worker").Request
    assert worker.Tag is importlib.import_module("some_package.api.shelf").Label
    assert worker.Address is Address
    assert set(worker.__all__) == {
        *(
            "Address",
            "Again",
            "DownloadRequest",
            "KinodeRequest",
            "Maybe",
            "Mood",
            "Names",
            "Request",
        ),
        *("Response", "Rights", "Sent", "Tag"),
    }


def test_messages_are_made_matched_and_read(api):
    worker = api("file_worker")
    download = worker.DownloadRequest("a", Address.parse("a.os@b:c:d"), b"x", b"", None)
    body = wit.encode(worker.Request.Download(download))
    match wit.decode(worker.Request, body):
        case worker.Request.Download(worker.DownloadRequest(name=name)):
            assert name == "a"
        case _:
            pytest.fail("no case")
    both = wit.decode_any((worker.Response, worker.Request), b'"None"')
    assert both == worker.Request.None_()
    assert wit.decode(worker.Names, b'[["a",1]]') == [("a", 1.0)]


def test_functions_are_those_of_the_module_beside(api):
    worker = api("file_worker", implementations={"file_worker_api": IMPLEMENTATION})
    start = worker.start_download
    assert start.__doc__ == "Begin."
    here = Address.parse("a.os@b:c:d")
    assert asyncio.run(start("our", "x", here, is_requestor=True)) == Ok()
    assert asyncio.run(start("our", "x", here, is_requestor=False)) == Err("our: x")
    assert asyncio.run(worker.import_("our", [None], Ok(1))) is None


def test_names_that_python_uses_itself_are_out_of_each_others_way(api):
    text = (
        "interface odd { record r { self: u8, bytes: list<u8>, %type: u8, other: list<u8> }"
        " variant none { ok(r), none } wit: func(our: u8, self: r) -> result<u8>; }"
    )
    implementation = "async def wit_(our, our_, self):\n    return our, our_, self"
    odd = api("odd", {"odd.wit": text}, {"odd_api": implementation})
    value = odd.R(1, b"x", 2, b"y")
    assert wit.decode(odd.None_, wit.encode(odd.None_.Ok(value))) == odd.None_.Ok(value)
    assert asyncio.run(odd.wit_("a", 2, value)) == ("a", 2, value)


def test_without_that_module_there_are_none(api):
    assert not hasattr(api("file_worker"), "start_download")
    assert "import_" not in generate(API, {"shelf_api"})["file_worker.py"]


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        (
            {"a.wit": "interface a { use b.{x}; }", "b.wit": "interface b {\n}"},
            "a.wit, line 1, column 22: interface 'b' has no type 'x'.",
        ),
        (
            {"a.wit": "interface a {\n  type = x;\n}"},
            "a.wit, line 2, column 8: expected the type's",
        ),
        (
            {"a.wit": "interface a { }", "b.wit": "\ninterface a { }"},
            "b.wit, line 2, column 11: the interface 'a' is in a.wit as well",
        ),
        (
            {"a.wit": "interface a { f: func(x: strin) -> string; }"},
            "a.wit, line 1, column 26: interface 'a' has no type 'strin'.",
        ),
        ({"a.wit": "interface a { use c.{x}; }"}, "interface 'c' is not in these files"),
    ],
    ids=range(5),
)
def test_errors_name_file_line_and_column(texts, error):
    with pytest.raises(WitSyntaxError) as caught:
        generate(texts)
    assert error in str(caught.value)


def test_the_source_for_standard_is_current():
    there = Path(wit.__file__).parent / "standard_types.py"
    assert there.read_text(encoding="utf-8") == standard_source()


USER = """
from typing import Any, assert_type

from kinode_nb import wit
from kinode_nb.process_lib import Address, Our
from some_package.api.file_worker import (
    DownloadRequest, Maybe, Mood, Names, Request, Response, Tag, start_download
)

def right(our: Our, body: bytes) -> Request:
    request = wit.decode(Request, body)
    assert_type(request, Request)
    assert_type(wit.decode_any((Request, Response), body), Request | Response)
    assert_type(wit.decode(Names, body), list[tuple[str, float]])
    assert_type(wit.decode(Maybe, body), Any)
    match request:
        case Request.Download(download):
            assert_type(download, DownloadRequest)
            assert_type(download.target, Address)
            assert_type(download.bytes, bytes)
            assert_type(download.type_, Mood | None)
        case Request.None_():
            pass
    match wit.decode(Response, body):
        case Response.Download(wit.Err(reason)):
            assert_type(reason, str)
        case Response.Type(Tag(text)):
            assert_type(text, str)
    Response.Download(wit.Ok())
    Response.Type(Tag("x"))
    return Request.Download(DownloadRequest("a", our.address, b"", b"", Mood.VeryGood))

async def begin(our: Our) -> wit.Ok[None] | wit.Err[str]:
    return await start_download(our, "a", our.address, True)

async def wrong(our: Our, download: DownloadRequest) -> str:
    DownloadRequest("a", "b", b"", b"", None)  # arg-type
    DownloadRequest("a", our.address, b"")  # call-arg
    Request.Download("a")  # arg-type
    Request.None_(3)  # call-arg
    Response.Download(wit.Err(3))  # arg-type
    download.nme  # attr-defined
    download.name = "b"  # misc
    Request.Dwnload(download)  # attr-defined
    Mood.Bad  # attr-defined
    await start_download(our, 3, our.address, True)  # arg-type
    return await start_download(our, "a", our.address, True)  # return-value
"""
TYPED = """
from kinode_nb.process_lib import Address, Our
from kinode_nb.wit import Err, Ok
from .api.file_worker import Mood

async def start_download(
    our: Our, name: str, our_: Address, is_requestor: bool
) -> Ok[None] | Err[str]:
    return Ok()

async def import_(our: Our, this: list[int | None], that: Ok[int] | Err[Mood]) -> None:
    pass
"""


def flagged_by_mypy(root: Path, module: Path) -> list[str]:
    """Return the lines in which mypy finds fault with a module in or beside ``some_package``."""
    if find_spec("mypy") is None:
        pytest.skip("mypy comes with the check extra")
    config = root / "mypy.ini"
    config.write_text(
        f"[mypy]\nstrict = True\nmypy_path = {Path(wit.__file__).parent.parent.parent}:{root}\n"
        "[mypy-ipywidgets.*,nest_asyncio2.*,pyarrow.*]\n"
        "ignore_missing_imports = True\n",  # as in pyproject.toml
        encoding="utf-8",
    )
    arguments = ["--config-file", config, "--cache-dir", root / "cache", module]
    # in a machine process of its own: what it holds in memory would stay to the end of the run
    command = [sys.executable, "-m", "mypy", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [line for line in done.stdout.splitlines() if ": error: " in line]


def test_mypy_passes_right_use_and_flags_wrong_use(tmp_path):
    write_package(tmp_path, API, {"file_worker_api": TYPED})
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")
    flagged = flagged_by_mypy(tmp_path, tmp_path / "user.py")
    expected = {
        f"{number}:{line.partition('# ')[2]}"
        for number, line in enumerate(USER.splitlines(), start=1)
        if "  # " in line
    }
    places = {f"{line.split(':')[1]}:{line.split('[')[-1][:-1]}" for line in flagged}
    assert places == expected, flagged


TAKEN = (
    *("annotations", "bool", "bytes", "enum", "float", "int", "list", "msgspec", "object", "our"),
    *("pathlib", "process-lib", "property", "str", "tuple", "type", "typing", "wit"),
)


def test_names_of_what_the_source_uses_are_out_of_its_way(tmp_path):
    every = "tuple<list<u8>, list<string>, f32, bool, u8>"
    functions = [f"%{name}: func(%{name}: u8, b: {every}) -> result<{every}>;" for name in TAKEN]
    fields = [f"%{name}: {every}" for name in TAKEN]
    cases = [f"%{name}({every})" for name in TAKEN]
    types = [f"type %{name} = {every};" for name in TAKEN]
    text = (
        f"interface calls {{ {' '.join(functions)} }} interface types {{ {' '.join(types)} }}"
        f" interface more {{ record r {{ {', '.join(fields)} }} variant v {{ {', '.join(cases)} }}"
        f" enum e {{ {', '.join(f'%{name}' for name in TAKEN)} }} }}"
    )
    write_package(tmp_path, {"names.wit": text}, {"calls_api": ""})
    (tmp_path / "user.py").write_text("from some_package.api import calls, more, types\n")
    flagged = flagged_by_mypy(tmp_path, tmp_path / "user.py")
    unwritten = ("[attr-defined]", "[no-any-return]")  # the implementation
    assert [line for line in flagged if not line.endswith(unwritten)] == []


LONG = """
interface long {
    record a-rather-long-name-of-a-type { x: u8 }
    type pair = tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type>;
    type t = result<a-rather-long-name-of-a-type,
        tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type>>;
    record r {
        first: tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type,
            a-rather-long-name-of-a-type, u8>,
        /// A doc comment that is so long that it would not fit on a line of the module made of it
        second: option<tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type,
            a-rather-long-name-of-a-type>>,
    }
    variant v {
        a(result<a-rather-long-name-of-a-type,
            tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type>>),
        a-case-whose-name-is-so-long-that-its-line-becomes-longer-than-what-fits,
    }
    f: func(
        a: tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type,
            a-rather-long-name-of-a-type, u8>,
    ) -> result<a-rather-long-name-of-a-type,
        tuple<a-rather-long-name-of-a-type, a-rather-long-name-of-a-type>>;
    g: func() -> result<pair, tuple<a-rather-long-name-of-a-type, pair, pair, pair, pair, pair>>;
    h: func(a: u8, b: a-rather-long-name-of-a-type, c: option<a-rather-long-name-of-a-type>);
}
interface calls { f: func(a: u8) -> result<_, string>; }
"""


def test_it_stands_as_the_formatter_leaves_it(tmp_path):
    ruff = shutil.which("ruff", path=Path(sys.executable).parent) or shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff comes with the check extra")
    implementations = dict.fromkeys(["file_worker_api", "long_api", "calls_api"], "")
    write_package(tmp_path, API | {"long.wit": LONG}, implementations)
    command = [ruff, "format", "--diff", "--isolated", "--line-length=100", "--no-cache"]
    done = subprocess.run(
        [*command, str(tmp_path / "some_package" / "api")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
