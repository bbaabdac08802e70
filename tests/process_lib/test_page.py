"""docs/process_lib.md: its Python runs, and nothing that a process may call is missing on it."""

from __future__ import annotations

import inspect
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our, http, kv, sqlite, tester, timer, vfs
from kinode_nb.types import Address, ProcessId
from kinode_nb.types.capabilities import HTTP_SERVER, KV, SQLITE, VFS, messaging, networking

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "process_lib.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = {
    name: block
    for name, text in SECTIONS.items()
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
}
PYTHON = " ".join(re.findall(r"`([^`\n]+)`", PAGE)) + "".join(BLOCKS.values())
FOR_OTHERS = {"tester.read_run", "tester.failed"}  # what answers test processes, and makes them


def functions(module: ModuleType) -> Iterator[str]:
    """Yield ``vfs.rename`` and the like: what is public, and the module's own."""
    last = module.__name__.rpartition(".")[2]
    for name, value in vars(module).items():
        own = getattr(value, "__module__", "") == module.__name__
        if inspect.isfunction(value) and own and not name.startswith("_"):
            yield f"{last}.{name}"


def methods(what: type, instance: str) -> set[str]:
    return {f"{instance}.{name}" for name in dir(what) if not name.startswith("_")}


CALLS = sorted(
    {*methods(Our, "our"), "our.address"}
    | {name for module in (vfs, kv, sqlite, timer, http, tester) for name in functions(module)}
    | methods(vfs.File, "file")
    | methods(vfs.Directory, "directory")
    | methods(kv.Kv, "store")
    | methods(sqlite.Sqlite, "db") - FOR_OTHERS
)


@pytest.mark.parametrize("call", sorted({*CALLS} - FOR_OTHERS))
def test_every_call_is_on_the_page(call: str):
    assert re.search(rf"\b{re.escape(call)}\b", PYTHON), f"{call} is missing in docs/process_lib.md"


def test_the_page_names_nothing_else():
    named = set(re.findall(r"\bawait ((?:our|vfs|kv|sqlite|timer|http|tester)\.\w+)", PYTHON))
    named |= set(re.findall(r"\bawait ((?:file|directory|store|db)\.\w+)", PYTHON))
    assert len(named) > 50
    assert named <= {*CALLS}


def test_every_section_with_code_is_run():
    assert len(BLOCKS) >= 12
    assert len(BLOCKS) == PAGE.count("```python")


@pytest.mark.parametrize("section", BLOCKS)
def test_its_python_runs_as_written(net: FakeNet, tmp_path: Path, section: str):
    node = net.boot(port=None if "http" in section else "none")
    ended = ending_of(net, "page")
    file = tmp_path / "page.py"
    file.write_text(BLOCKS[section], encoding="utf-8")
    node.spawn(file, name="page", public=True, capabilities=rights(node.name))
    if "http" in section:
        assert fetched(node, "/page:notebook:template.os/hello") == b"Hello!"
    assert ended() is None, node.terminal()


def rights(node: str) -> list:
    own = (VFS, KV, SQLITE, HTTP_SERVER)
    return [networking(node), *(messaging(Address(node, each)) for each in own)]


def ending_of(net: FakeNet, name: str):
    """Return what waits for the end of a process of that name, and returns its error."""
    over = threading.Event()
    errors: list[BaseException | None] = []

    def on_end(process, error: BaseException | None) -> None:
        if process.id == ProcessId(name, "notebook", "template.os"):
            errors.append(error)
            over.set()

    def wait() -> BaseException | None:
        assert over.wait(60)
        return errors[0]

    kernel = net.core.node().kernel
    net.portal.do(lambda: kernel.on_end.append(on_end))
    return wait


def fetched(node: Node, path: str) -> bytes:
    while True:  # until the process has bound the path; the test's own time limit ends it
        try:
            with urllib.request.urlopen(node.url(path), timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
