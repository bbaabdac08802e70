"""``%%kinode process`` in IPython's shell: what a person sees who writes processes in cells."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from IPython.core.completer import provisionalcompleter

import kinode_nb
from kinode_nb.portal import Node

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

ID = "counter:notebook:template.os"

COUNTER = """\
%%kinode process counter
import json

async def init(our):
    count = json.loads(our.get_state() or b"0")
    async for message in our:
        count += message.json()
        our.set_state(json.dumps(count).encode())
        await our.send_response(count)
"""
DIVIDER = """\
%%kinode process counter

def divided(number):
    return 12 // number

async def init(our):
    async for message in our:
        await our.send_response(divided(message.json()))
"""


@pytest.fixture
def node(shell: InteractiveShell) -> Node:
    return kinode_nb.fakenet().boot("fake.dev", port="none")


class Cells:
    """Runs cells, and keeps what they print."""

    def __init__(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        self.shell = shell
        self.capsys = capsys

    def run(self, cell: str) -> str:
        self.capsys.readouterr()
        result = self.shell.run_cell(cell)
        said = self.capsys.readouterr().out
        assert result.success, said
        return said

    def fail(self, cell: str) -> str:
        self.capsys.readouterr()
        result = self.shell.run_cell(cell)
        assert isinstance(result.error_in_exec, kinode_nb.KinodeError)
        return self.capsys.readouterr().out


@pytest.fixture
def cells(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Cells:
    return Cells(shell, capsys)


def statuses(node: Node) -> dict[str, str]:
    frame = node.processes()
    return dict(zip(frame["process"], frame["status"], strict=True))


def test_the_cell_is_a_process_and_says_where_it_runs(cells: Cells, node: Node):
    assert cells.run(COUNTER) == f"fake.dev@{ID} runs\n"
    assert [node.request(ID, n).json() for n in (1, 2)] == [1, 3]
    row = node.processes().set_index("process").loc[ID]
    assert (row["public"], row["on_exit"], row["language"]) == (True, "None", "python")
    assert row["capabilities"].splitlines() == [
        f'fake.dev@{ID}("messaging")',
        'fake.dev@kernel:distro:sys("network")',
        'fake.dev@vfs:distro:sys("messaging")',
    ]


@pytest.mark.parametrize("above", ["", "\n", "\n  \n\n"])
@pytest.mark.parametrize(
    "cell",
    [
        "%%kinode process counter\nasync def init(our):\n    1 / 0\n",
        "import kinode_nb\n@kinode_nb.process('counter')\nasync def init(our): 1 / 0\n",
    ],
)
def test_blank_lines_at_the_top_of_a_cell_count(cells: Cells, node: Node, above: str, cell: str):
    said = cells.fail(above + cell)
    line = 3 + above.count("\n")
    assert f'File "<process counter>", line {line}, in init' in said
    source = "1 / 0" if cell.startswith("%") else "async def init(our): 1 / 0"
    assert f"(line {line} of <process counter>: {source})" in said
    assert f"\n    {source}\n" in said


def test_a_cell_in_place_of_a_packages_own_process_says_how_that_comes_back(
    cells: Cells, node: Node
):
    cells.run("%kinode start echo")
    said = cells.run("%%kinode process echo --package echo\n" + COUNTER.partition("\n")[2])
    assert said == (
        "fake.dev@echo:echo:template.os runs (replaced) in place of the package's own, until "
        "%kinode start echo -n fake.dev\n"
    )
    assert cells.run("%kinode start echo -n fake.dev").endswith("in place of a cell's\n")


def test_on_exit_may_be_written_as_kinode_writes_it(cells: Cells, node: Node):
    cells.run(COUNTER.replace("counter\n", "counter --on-exit Restart\n", 1))
    assert node.processes().set_index("process").loc[ID]["on_exit"] == "Restart"


def test_run_again_it_replaces_the_process_and_finds_its_state(cells: Cells, node: Node):
    cells.run(COUNTER)
    node.request(ID, 5)
    assert cells.run(COUNTER.replace("count +=", "count -=")) == f"fake.dev@{ID} runs (replaced)\n"
    assert node.request(ID, 1).json() == 4


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%kinode process counter\nasync def init(our):\n    x = = 1", "line 3: SyntaxError"),
        ("%%kinode process counter\nif x:\n", "line 2: IndentationError"),
        ("%%kinode process counter\nasync def init(our):\n  yield from x", "line 3: SyntaxError"),
        ("%%kinode process counter\nx = 1", "the process has no init: write `async def init"),
        ("%%kinode process counter\nasync def inti(our): ...", "Did you mean 'inti'?"),
        ("%%kinode process counter\n\ndef init(our): ...", "line 3: init is not async"),
        ("%%kinode process counter\nasync def init(): ...", "line 2: init takes one argument"),
        ("%%kinode process counter\nasync def init(our, b): ...", "init takes one argument"),
        ("%%kinode process counter\nclass init: ...", "line 2: init is a class"),
        ("%%kinode process Count!\nasync def init(our): ...", "can only contain a-z, 0-9, `-`"),
        ("%%kinode process kernel\nasync def init(our): ...", "goes to the node's own kernel"),
        ("%%kinode process counter -n fak.dev\nasync def init(our): ...", "Did you mean 'fake"),
        ("%%kinode process counter --package ech\nasync def init(our): ...", "'ech' is not instal"),
        ("%%kinode process counter --with nix\nasync def init(our): ...", "no notebook variable"),
        ("%%kinode process counter --with lok\nasync def init(our): ...", "mean 'lock'?"),
        (
            "%%kinode process counter --with lock\nasync def init(our): ...",
            "lock (lock) cannot be copied",
        ),
        ("%%kinode process counter --with node\nasync def init(our): ...", "give it a name"),
        (
            "%%kinode process -n fake.dev keep\nasync def init(our): ...",
            "process needs NAME: -n took 'keep', so let NAME come first",
        ),
        ("%%kinode proces counter\nasync def init(our): ...", "Did you mean 'process'?"),
        ("%%kinode proces counter --private\nasync def init(our): ...", "Did you mean 'process'?"),
        ("%%kinode counter\nasync def init(our): ...", "cells of other kinds begin with process"),
        ("%%kinode process counter --on-exit x\nasync def init(our): ...", "none, restart"),
        ("%%kinode process counter --publc\nasync def init(our): ...", "no flag --publc"),
        ("%%kinode process\nasync def init(our): ...", "process needs NAME"),
        ("%kinode process counter", "stands at the top of a cell"),
    ],
)
def test_a_mistake_is_one_line_and_the_process_that_runs_goes_on(
    cells: Cells, node: Node, cell: str, said: str
):
    cells.run(COUNTER)
    cells.shell.user_ns |= {"lock": threading.Lock(), "node": node}
    shown = cells.fail(cell)
    assert said in shown
    assert len(shown.strip().splitlines()) == 1
    assert node.request(ID, 7).json() == 7


def test_an_error_is_told_with_the_cells_lines_to_who_asked_and_in_the_log(
    cells: Cells, node: Node
):
    cells.run(DIVIDER)
    cells.shell.user_ns["node"] = node
    said = cells.fail(f"node.request('{ID}', 0, timeout=100_000)")
    gist = "ZeroDivisionError: integer division or modulo by zero (line 4 of <process counter>: "
    assert said.startswith(f"SendError: Timeout: {ID} on fake.dev ended with an error: {gist}")
    printed = node.log(kind="print", grep="ended with error")["body"].item()
    assert printed.splitlines()[1:3] == [
        '  File "<process counter>", line 8, in init',
        "    await our.send_response(divided(message.json()))",
    ]
    assert '  File "<process counter>", line 4, in divided' in printed
    said = cells.fail(f"node.request('{ID}', 0)")
    assert f"there is no process {ID} on fake.dev: it ended with an error: {gist}" in said


@pytest.mark.parametrize(
    "asking",
    [
        f"%kinode inject {ID} 0",
        f"%%kinode\nm our@{ID} 0 -a 90000",
        f"other.request('fake.dev@{ID}', 0, timeout=90_000)",
    ],
)
def test_every_cell_that_waits_for_it_is_told_at_once(cells: Cells, node: Node, asking: str):
    cells.shell.user_ns["other"] = kinode_nb.fakenet().boot("fake2.dev", port="none")
    cells.run(DIVIDER)
    said = cells.fail(asking)
    assert f"{ID} on fake.dev ended with an error: ZeroDivisionError" in said


def test_an_error_before_the_first_message_is_shown_in_the_cell(cells: Cells, node: Node):
    said = cells.fail("%%kinode process counter\nasync def init(our):\n    1 / 0\n")
    assert '  File "<process counter>", line 3, in init\n    1 / 0\n' in said
    assert f"CrashError: fake.dev@{ID} ended with an error as soon as it began: ZeroDiv" in said
    assert statuses(node)[ID] == "ended"


def test_errors_of_a_group_and_of_their_causes_are_told_too(cells: Cells, node: Node):
    said = cells.fail(
        "%%kinode process counter\n"
        "import asyncio\n"
        "async def work():\n"
        "    try:\n"
        "        nowhere\n"
        "    except NameError as error:\n"
        "        raise ValueError('no work') from error\n"
        "async def init(our):\n"
        "    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(work())\n"
    )
    assert '  |   File "<process counter>", line 5, in work' in said
    assert "  | NameError: name 'nowhere' is not defined" in said
    assert "  | That was the direct cause of this error:" in said
    assert "  | ValueError: no work" in said
    assert "as soon as it began: ValueError: no work (line 7 of <process counter>" in said


def test_an_error_at_its_first_message_is_shown_too_if_that_comes_at_once(cells: Cells, node: Node):
    said = cells.fail(
        "%%kinode process counter\n"
        "async def init(our):\n"
        f"    await our.send_request('{ID}', b'1')\n"
        "    async for message in our:\n"
        "        1 / 0\n"
    )
    assert "ZeroDivisionError: division by zero (line 5 of <process counter>: 1 / 0)" in said


def test_a_process_that_restarts_and_fails_again_and_again_is_told_of_once(
    cells: Cells, node: Node
):
    said = cells.fail("%%kinode process counter --on-exit restart\nasync def init(our):\n    1 / 0")
    assert said.count("ZeroDivisionError") == 2  # the traceback's last line, and the error's
    assert f"%kinode kill {ID} -n fake.dev ends that" in said
    cells.run("%kinode kill counter")
    assert "runs" in cells.run(COUNTER)


def test_nothing_of_the_notebook_is_in_it_and_a_name_that_is_there_is_explained(
    cells: Cells, node: Node
):
    cells.run("start = 3\ndef helper(): ...")
    cell = "%%kinode process counter\nasync def init(our):\n    {}\n"
    for name in ("start", "helper"):
        said = cells.fail(cell.format(name))
        advice = f"--with {name} copies it in, or import it in the cell"
        assert f"{name} is a notebook variable: {advice}" in said
    assert "is a notebook variable" not in cells.fail(cell.format("nowhere"))


def test_with_copies_deeply_and_for_each_process(cells: Cells, node: Node):
    cells.run("%kinode boot fake2.dev -p none")
    cells.run(
        "import json as js\nitems = [[1]]\nalso = items[0]\nfactor = 2\n"
        "def grown(by):\n    also.append(by)\n    return js.dumps(items)\n"
    )
    cells.run(
        "%%kinode process counter -n fake.dev fake2.dev --with items,also, grown\n"
        "async def init(our):\n"
        "    async for message in our:\n"
        "        await our.send_response(grown(message.json()))\n"
    )
    net = kinode_nb.fakenet()
    assert node.request(ID, 2).json() == "[[1, 2]]"
    assert node.request(ID, 3).json() == "[[1, 2, 3]]"
    assert net.node("fake2.dev").request(ID, 4).json() == "[[1, 4]]"
    assert cells.shell.user_ns["items"] == [[1]]


def test_flags_decide_what_it_may_do(cells: Cells, node: Node):
    cells.run(COUNTER.replace("counter\n", "counter --private --no-networking --on-exit restart\n"))
    row = node.processes().set_index("process").loc[ID]
    assert (row["public"], row["on_exit"]) == (False, "Restart")
    assert "network" not in row["capabilities"]


def test_it_spawns_its_functions_which_share_nothing_with_it(cells: Cells, node: Node):
    cells.run(
        "%%kinode process counter\n"
        "import json\n"
        "seen = []\n"
        "def see(what):\n"
        "    seen.append(what)\n"
        "    return json.dumps(seen)\n"
        "async def worker(our):\n"
        "    async for message in our:\n"
        "        await our.send_response(see('worker'))\n"
        "async def init(our):\n"
        "    see('parent')\n"
        "    local = {'n': 1}\n"
        "    async def nested(our):\n"
        "        async for message in our:\n"
        "            local['n'] += 1\n"
        "            await our.send_response([local, see('nested')])\n"
        "    await our.spawn(worker, name='worker', public=True)\n"
        "    await our.spawn(nested, name='nested', public=True)\n"
        "    local['n'] = 10\n"
        "    async for message in our:\n"
        "        await our.send_response([local, seen])\n"
    )
    asked = [node.request(f"{n}:notebook:template.os", 0).json() for n in ("worker", "nested")]
    assert asked == ['["worker"]', [{"n": 2}, '["nested"]']]
    assert node.request(ID, 0).json() == [{"n": 10}, ["parent"]]


def test_a_function_that_closes_over_what_cannot_be_copied_is_refused(cells: Cells, node: Node):
    said = cells.fail(
        "%%kinode process counter\n"
        "async def init(our):\n"
        "    parent = our\n"
        "    async def nested(our):\n"
        "        parent.print_to_terminal(0, 'x')\n"
        "    await our.spawn(nested)\n"
    )
    assert "UsageError: parent (Our) cannot be copied into a process" in said
    assert "line 6, in init" in said


def test_help_and_tab(cells: Cells, node: Node):
    cells.run(COUNTER)
    text = cells.run("%%kinode process -h\n#")
    assert "%%kinode process NAME [-n NODE…] [--package PACKAGE] [--private]" in text
    assert cells.run("%kinode process -h") == cells.run("%kinode help process") == text
    assert "%%kinode process NAME runs the lines" in cells.shell.find_magic("kinode").__doc__

    def offers(text: str) -> list[str]:
        with provisionalcompleter():
            return [each.text for each in cells.shell.Completer.completions(text, len(text))]

    assert "process" in offers("%%kinode pro")
    assert offers("%%kinode process co") == ["counter"]
    assert offers("%%kinode process counter -n fake.dev fa") == ["fake.dev"]
    assert offers("%%kinode process counter --on-exit re") == ["restart"]
    assert offers("%%kinode process counter --pri") == ["--private"]


def test_typed_messages_of_a_wit_cell_are_used_in_it(cells: Cells, node: Node):
    cells.run(
        "%%kinode wit tally\n"
        "interface tally {\n"
        "    variant request { add(u32), read }\n"
        "    variant response { total(u32) }\n"
        "}\n"
    )
    try:
        cells.run(
            "%%kinode process counter\n"
            "from kinode_nb.wit import decode, tally\n\n"
            "async def init(our):\n"
            "    total = 0\n"
            "    async for message in our:\n"
            "        match decode(tally.Request, message.body):\n"
            "            case tally.Request.Add(value):\n"
            "                total += value\n"
            "        await our.send_response(tally.Response.Total(total))\n"
        )
        assert node.request(ID, {"Add": 4}).json() == {"Total": 4}
        made = kinode_nb.wit.tally
        assert node.request(ID, made.Request.Read()).json() == {"Total": 4}
        cells.shell.user_ns["node"] = node
        said = cells.fail(f"node.request('{ID}', {{'Add': 'x'}})")
        assert "(line 7 of <process counter>: match decode(tally.Request, message.body):" in said
    finally:
        delattr(kinode_nb.wit, "tally")


def test_functions_that_are_given_to_spawn_spawn_others(cells: Cells, node: Node):
    cells.shell.user_ns["node"] = node
    cells.run(
        "import json\n"
        "def shown(what): return json.dumps(what)\n"
        "async def child(our):\n"
        "    async for _ in our: await our.send_response(shown('child'))\n"
        "async def init(our):\n"
        "    said = 'nested'\n"
        "    async def nested(our):\n"
        "        async for _ in our: await our.send_response(shown(said))\n"
        "    await our.spawn(child, name='child', public=True)\n"
        "    await our.spawn(nested, name='nested', public=True)\n"
        "    await our.receive()\n"
        "node.spawn(init)\n"
    )
    asked = [node.request(f"{n}:notebook:template.os", 0).json() for n in ("child", "nested")]
    assert asked == ['"child"', '"nested"']


def test_a_path_is_spawned_too(cells: Cells, node: Node):
    folder = node.home / "vfs" / "notebook:template.os" / "pkg"
    folder.mkdir(parents=True)
    (folder / "worker.py").write_text(
        "async def init(our):\n    async for _ in our: await our.send_response('from a file')\n"
    )
    cells.run(
        "%%kinode process counter\n"
        "async def init(our):\n"
        "    path = 'notebook:template.os/pkg/worker.py'\n"
        "    await our.spawn(path, name='worker', public=True)\n"
        "    await our.receive()\n"
    )
    assert node.request("worker:notebook:template.os", 0).json() == "from a file"
