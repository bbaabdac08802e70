"""The modules of a package: private to its node, to its version, and to each process."""

from __future__ import annotations

import importlib
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.hosts import sources
from kinode_nb.hosts.python import PythonHost
from kinode_nb.hosts.trees import Tree
from kinode_nb.types import Address, OnExit
from tests.runtime.lab import Lab, in_lab

PACKAGE = "t:os"
COUNTER = {
    "counter.py": "count = 0\ndef up():\n    global count\n    count += 1\n    return count",
    "main.py": """
        from . import counter
        async def init(our):
            async for _ in our:
                await our.send_response(str(counter.up()).encode())
    """,
}


def installed(tmp_path: Path, files: dict[str, str], package: str = PACKAGE) -> Path:
    """Put a package in place of what was there; returns its ``pkg`` drive."""
    drive = tmp_path / "vfs" / package / "pkg"
    shutil.rmtree(drive, ignore_errors=True)
    for name, text in files.items():
        (drive / name).parent.mkdir(parents=True, exist_ok=True)
        (drive / name).write_text(textwrap.dedent(text))
    return drive


def host(lab: Lab, tmp_path: Path) -> PythonHost:
    lab.files.python = PythonHost(tmp_path / "vfs")
    return lab.files.python


def said(lab: Lab, process: str = "main:t:os") -> list[str]:
    """Return what a process of a.dev printed."""
    source = Address.parse(f"a.dev@{process}")
    return [each.body for each in lab.events("print") if each.source == source]


def told(lab: Lab) -> str:
    """Return how a process ended, as its node's terminal shows it."""
    (story,) = (each for each in lab.prints() if "ended with error" in each)
    return story


def trees() -> list[str]:
    return [name for name in list(sys.modules) if name.startswith("_kinode_")]


async def run(lab: Lab, drive: Path, file: str = "main.py", name: str = "main") -> None:
    lab.start(f"a.dev@{name}:t:os", drive / file)
    await lab.idle()


# ------------------------------------------------------------------------------- what is found


@pytest.mark.parametrize("init", [{}, {"api/__init__.py": "WORD = 'of the package'"}])
@in_lab
async def test_subfolders_with_and_without_an_init(lab: Lab, tmp_path: Path, init: dict[str, str]):
    host(lab, tmp_path)
    files = {
        "worker_api.py": "def f(): return 'from the implementation'",
        "api/worker.py": "def g():\n    from ..worker_api import f\n    return f()",
        "api/deep/er.py": "from ..worker import g\nfrom ... import worker_api",
        "main.py": """
            from . import api
            from .api import worker
            from .api.deep.er import g
            async def init(our):
                print(worker.g(), g is worker.g, getattr(api, "WORD", "none"))
        """,
    }
    await run(lab, installed(tmp_path, files | init))
    word = "of the package" if init else "none"
    assert said(lab) == [f"from the implementation True {word}"]


@in_lab
async def test_a_program_in_a_subfolder_imports_from_above(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    files = {
        "words.py": "WORD = 'above'",
        "inner/beside.py": "WORD = 'beside'",
        "inner/main.py": """
            from .. import words
            from . import beside
            async def init(our): print(words.WORD, beside.WORD)
        """,
    }
    await run(lab, installed(tmp_path, files), "inner/main.py")
    assert said(lab) == ["above beside"]


@in_lab
async def test_modules_of_ones_own_on_the_path_can_be_imported(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "own_module_of_a_person.py").write_text("WORD = 'my own'")
    monkeypatch.syspath_prepend(tmp_path)
    host(lab, tmp_path)
    text = "from own_module_of_a_person import WORD\nasync def init(our): print(WORD)"
    await run(lab, installed(tmp_path, {"main.py": text}))
    assert said(lab) == ["my own"]


@in_lab
async def test_annotations_as_text_find_their_names_in_every_module(lab: Lab, tmp_path: Path):
    """Dataclasses, msgspec and typing look for a class's module by its name."""
    host(lab, tmp_path)
    text = """
        from __future__ import annotations
        import msgspec
        class Inner(msgspec.Struct):
            x: int
        class Outer(msgspec.Struct):
            inner: Inner
    """
    files = {
        "shapes.py": text,
        "main.py": textwrap.dedent(text)
        + "from . import shapes\n"
        + "async def init(our):\n"
        + "    for each in (Outer, shapes.Outer):\n"
        + '        print(msgspec.json.decode(b\'{"inner":{"x":1}}\', type=each).inner.x)\n',
    }
    await run(lab, installed(tmp_path, files))
    assert said(lab) == ["1", "1"]


@in_lab
async def test_print_in_a_sibling_goes_to_the_terminal_of_whoever_calls(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    host(lab, tmp_path)
    files = {
        "words.py": """
            import asyncio
            async def say(what):
                print(what)
                await asyncio.to_thread(print, what, "from a thread")
                await asyncio.create_task(later(what))
            async def later(what):
                print(what, "from a task", sep=", ")
        """,
        "main.py": "from .words import say\nasync def init(our): await say(str(our.process))",
    }
    drive = installed(tmp_path, files)
    for name in ("one", "two"):
        lab.start(f"a.dev@{name}:t:os", drive / "main.py")
    await lab.until(lambda: len(lab.ended) == 2)
    for process in ("one:t:os", "two:t:os"):
        expected = [process, f"{process} from a thread", f"{process}, from a task"]
        assert said(lab, process) == expected
    assert capsys.readouterr() == ("", "")


# ------------------------------------------------------------------------------- who shares what


async def ask(lab: Lab, *targets: str) -> list[bytes]:
    async def main(our):  # type: ignore[no-untyped-def]
        return [(await our.send_and_await_response(each, b"")).body for each in targets]

    answers: list[bytes] = await lab.play("a.dev@asker:t:os", main)
    return answers


@in_lab
async def test_two_processes_share_no_state_of_a_sibling(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    drive = installed(tmp_path, COUNTER)
    for name in ("one", "two"):
        await run(lab, drive, name=name)
    one, two = "a.dev@one:t:os", "a.dev@two:t:os"
    assert await ask(lab, one, one, two, one) == [b"1", b"2", b"1", b"3"]


@pytest.mark.parametrize(
    "files",
    [
        {"counter.py": "class A:\n    n = 0\ndef up():\n    A.n += 1\n    return A.n"},
        {"counter.py": "def up(seen=[]):\n    seen.append(1)\n    return len(seen)"},
        {"counter.py": "from .deep.er import up", "deep/er.py": COUNTER["counter.py"]},
        {
            "counter.py": """
                def up():
                    from . import store
                    store.n += 1
                    return store.n
            """,
            "store.py": "n = 0",
        },
        {
            "counter.py": """
                from . import ALL
                def up():
                    ALL.append(1)
                    return len(ALL)
            """,
            "__init__.py": "ALL = []",
        },
    ],
    ids=["class", "default", "deep", "from outside", "init"],
)
@in_lab
async def test_state_is_seen_wherever_it_hides(lab: Lab, tmp_path: Path, files: dict[str, str]):
    host(lab, tmp_path)
    drive = installed(tmp_path, COUNTER | files)
    for name in ("one", "two"):
        await run(lab, drive, name=name)
    one, two = "a.dev@one:t:os", "a.dev@two:t:os"
    assert await ask(lab, one, one, two) == [b"1", b"2", b"1"]


SPAWNING = """
    from .side import COUNTED
    SEEN = []

    async def child(our, closed=None):
        SEEN.append(1)
        COUNTED.append(1)
        print(__file__.rpartition("/")[2], len(SEEN), len(COUNTED))

    class Service:
        def __init__(self):
            self.runs = []

        async def __call__(self, our):
            self.runs.append(1)
            await child(our)

        async def begin(self, our):
            self.runs.append(1)
            await child(our)

    async def init(our):
        service = Service()
        for each in (child, service, service.begin):
            await our.spawn(each)
        await our.receive()
        print(SEEN, COUNTED, service.runs)
        await our.send_response(b"")
"""


@in_lab
async def test_what_a_process_spawns_shares_nothing_with_it(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    drive = installed(tmp_path, {"side.py": "COUNTED = []", "main.py": SPAWNING})
    await run(lab, drive)
    told = [each.body for each in lab.events("print") if each.verbosity == 0]
    assert told == ["main.py 1 1"] * 3
    await ask(lab, "a.dev@main:t:os")
    assert said(lab) == ["[] [] []"]


@in_lab
async def test_the_lines_of_what_a_process_spawned_are_those_of_its_file(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    text = """
        async def child(our):
            raise ValueError("on purpose")

        async def init(our):
            await our.spawn(child)
            await our.receive()
    """
    await run(lab, installed(tmp_path, {"main.py": text}))
    assert '"/t:os/pkg/main.py", line 3, in child\n    raise ValueError("on purpose")' in told(lab)


@in_lab
async def test_modules_that_hold_no_state_are_run_once(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    files = {
        "words.py": "class Word: ...",
        "main.py": "from .words import Word\nasync def init(our): print(id(Word))",
    }
    drive = installed(tmp_path, files)
    for name in ("one", "two"):
        await run(lab, drive, name=name)
    assert said(lab, "one:t:os") == said(lab, "two:t:os")


@in_lab
async def test_two_nodes_share_nothing(lab: Lab, tmp_path: Path):
    files = {"words.py": "class Word: ...", "main.py": COUNTER["main.py"], **COUNTER}
    hosts = [PythonHost(tmp_path / node / "vfs") for node in ("one", "two")]
    drives = [installed(tmp_path / node, files) for node in ("one", "two")]
    for name, each, drive in zip(("one", "two"), hosts, drives, strict=True):
        lab.files.python = each
        await run(lab, drive, name=name)
    assert await ask(lab, "a.dev@one:t:os", "a.dev@one:t:os", "a.dev@two:t:os") == [
        b"1",
        b"2",
        b"1",
    ]
    for each in hosts:
        each.close()
    for kernel in lab.kernels.values():
        for process in list(kernel.processes.values()):
            lab.kill(process)
    await lab.idle()
    assert trees() == []


# --------------------------------------------------------------------------------------- versions

LAZY = {
    "late.py": "WORD = 'old'",
    "main.py": """
        async def init(our):
            async for _ in our:
                from .late import WORD
                await our.send_response(WORD.encode())
    """,
}


@in_lab
async def test_a_worker_keeps_its_version_also_for_what_it_imports_later(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    await run(lab, installed(tmp_path, LAZY), name="old")
    drive = installed(tmp_path, LAZY | {"late.py": "WORD = 'new'"})
    await run(lab, drive, name="new")
    shutil.rmtree(drive)
    assert await ask(lab, "a.dev@old:t:os", "a.dev@new:t:os") == [b"old", b"new"]


@in_lab
async def test_a_process_that_restarts_runs_the_code_that_it_began_with(lab: Lab, tmp_path: Path):
    """Kinode begins it again from the bytes in hand (kernel/process.rs)."""
    host(lab, tmp_path)
    text = (
        "from .late import WORD\nasync def init(our):\n    print(WORD)\n    await our.receive()\n"
    )
    drive = installed(tmp_path, {"late.py": "WORD = 'old'", "main.py": text + "    1 / 0"})
    lab.start("a.dev@main:t:os", drive / "main.py", on_exit=OnExit.RESTART)
    await lab.idle()
    installed(tmp_path, {"late.py": "WORD = 'new'", "main.py": text})

    async def nudge(our) -> None:  # type: ignore[no-untyped-def]
        await our.send_request("main:t:os", b"")

    await lab.play("a.dev@nudge:t:os", nudge)
    await lab.until(lambda: len(said(lab)) == 2)
    assert said(lab) == ["old", "old"]


@in_lab
async def test_a_sibling_that_was_edited_in_place_counts_for_the_next_process(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sources, "_GLANCE", 0)
    host(lab, tmp_path)
    drive = installed(tmp_path, LAZY)
    await run(lab, drive, name="old")
    (drive / "late.py").write_text("WORD = 'edited'")
    await run(lab, drive, name="new")
    assert await ask(lab, "a.dev@old:t:os", "a.dev@new:t:os") == [b"old", b"edited"]


@in_lab
async def test_nothing_is_left_of_a_version_that_nobody_runs(lab: Lab, tmp_path: Path):
    python = host(lab, tmp_path)
    for text in ("WORD = 'shared'", "WORD = ['each its own']"):
        drive = installed(tmp_path, {"late.py": text, "main.py": LAZY["main.py"]})
        await run(lab, drive, name="main")
        assert await ask(lab, "a.dev@main:t:os") if "shared" in text else True
        assert trees()
        lab.kill(lab.kernels["a.dev"].processes[Address.parse("a.dev@main:t:os").process])
        shutil.rmtree(drive)
        await lab.idle()
    await run(lab, installed(tmp_path, {"main.py": "async def init(our): ..."}))
    python.close()
    assert trees() == []


# ----------------------------------------------------------------------------------------- errors


@in_lab
async def test_a_traceback_shows_vfs_paths_and_the_lines_that_were_run(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    files = {
        "words.py": """
            class WordError(Exception): ...

            def fail():
                raise WordError('no word')
        """,
        "main.py": """
            from .words import fail
            async def init(our):
                await our.receive()
                try:
                    {}["x"]
                except KeyError:
                    fail()
        """,
    }
    drive = installed(tmp_path, files)
    await run(lab, drive)
    (drive / "words.py").write_text("# nothing\n" * 9)

    async def nudge(our) -> None:  # type: ignore[no-untyped-def]
        await our.send_request("main:t:os", b"")

    await lab.play("a.dev@nudge:t:os", nudge)
    await lab.until(lambda: len(lab.ended) == 2)
    story = told(lab)
    assert '  File "/t:os/pkg/main.py", line 8, in init\n    fail()\n' in story
    assert '  File "/t:os/pkg/words.py", line 5, in fail\n    raise WordError(' in story
    assert story.endswith("words.WordError: no word")
    assert str(tmp_path) not in story
    assert "_kinode_" not in story


@pytest.mark.parametrize(
    ("line", "last"),
    [
        (
            "from .api.chatt import Send",
            "ModuleNotFoundError: /t:os/pkg has no module 'api.chatt'. Did you mean 'api.chat'?",
        ),
        (
            "from . import wrods",
            "ImportError: /t:os/pkg has no name 'wrods'. Did you mean 'words'?",
        ),
        (
            "from .api.chat import Sent",
            "ImportError: /t:os/pkg/api/chat.py has no name 'Sent'. Did you mean 'Send'?",
        ),
        (
            "from .api.chat import typin",
            "ImportError: /t:os/pkg/api/chat.py has no name 'typin'.",
        ),
        (
            "from .broken import x",
            "SyntaxError: '(' was never closed (/t:os/pkg/broken.py, line 2)",
        ),
        (
            "import nowhere_to_be_found",
            "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
    ],
)
@in_lab
async def test_an_import_that_fails_says_which_file_and_what_is_near(
    lab: Lab, tmp_path: Path, line: str, last: str
):
    host(lab, tmp_path)
    files = {
        "api/chat.py": "import typing\nclass Send: ...",
        "words.py": "",
        "broken.py": "x = 1\ny = (",
        "main.py": f"{line}\nasync def init(our): ...",
    }
    await run(lab, installed(tmp_path, files))
    story = told(lab)
    assert story.splitlines()[-1] == last
    assert f'  File "/t:os/pkg/main.py", line 1, in <module>\n    {line}\n' in story
    assert str(tmp_path) not in story
    assert "_kinode_" not in story
    assert "importlib" not in story


@in_lab
async def test_two_modules_that_import_each_other_are_told_so(lab: Lab, tmp_path: Path):
    host(lab, tmp_path)
    files = {
        "one.py": "from .two import B\nclass A: ...",
        "two.py": "from .one import A\nclass B: ...",
        "main.py": "from .one import A\nasync def init(our): ...",
    }
    await run(lab, installed(tmp_path, files))
    said_last = told(lab).splitlines()[-1]
    assert said_last == (
        "ImportError: /t:os/pkg/one.py has no name 'A' yet: modules that import each other."
    )


def test_modules_are_unloaded_while_another_thread_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """``sys.modules`` is everybody's, and may grow while it is looked through."""

    class Name(str):
        __slots__ = ()

        def startswith(self, *prefix: Any) -> bool:
            monkeypatch.setitem(sys.modules, f"imported_meanwhile_{len(sys.modules)}", None)
            return super().startswith(*prefix)

    drive = installed(tmp_path, {"side.py": "x = []"})
    tree = Tree(sources.Sources(str(drive), "/t:os/pkg", whole=True))
    importlib.import_module(f"{tree.name}.side")
    monkeypatch.setitem(sys.modules, Name("another"), None)
    tree.close()
    assert not trees()
