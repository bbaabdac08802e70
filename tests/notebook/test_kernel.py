"""The Kinode Jupyter kernel, driven as a front end drives it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, ClassVar

import jupyter_kernel_test
import psutil
import pytest

from tests.notebook.cells import SCENARIO, Kernel

pytestmark = pytest.mark.timeout(180)  # machine processes are started, on a machine that is busy


def sessions(tmp_path: Path) -> list[Path]:
    """Return the folders that hold temporary homes."""
    return [path for path in (tmp_path / "temporary").glob("*/*") if path.is_dir()]


def boot(kernel: Kernel) -> Path:
    assert kernel.run("a = %kinode boot fake.dev -p none").status == "ok"
    home = Path(kernel.value("str(a.home)"))
    assert home.is_dir()
    return home


def pid(kernel: Kernel) -> int:
    return int(kernel.value("__import__('os').getpid()"))


class TestTheSuiteForJupyterKernels(jupyter_kernel_test.KernelTests):
    kernel_name = "kinode"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('x', file=sys.stderr)"
    code_execute_result: ClassVar = [{"code": "6 * 7", "result": "42"}]
    code_display_data: ClassVar = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>'))",
            "mime": "text/html",
        }
    ]
    code_generate_error = "%kinode bot"
    complete_code_samples: ClassVar = ["1", "%kinode nodes"]
    incomplete_code_samples: ClassVar = ["def f():"]
    completion_samples: ClassVar = [
        {"text": "%kinode downl", "matches": {"download"}},
        {"text": "df = %kinode lo", "matches": {"log"}},
    ]
    code_inspect_sample = "print"


def test_the_scenario_runs_as_written_and_again(kernel: Kernel):
    for _ in range(2):
        for line in SCENARIO:
            output = kernel.run(line)
            assert (output.status, output.errors) == ("ok", []), line
            if line.startswith("t = "):
                assert "my_file.txt" in output.text
    assert kernel.value("t.status") == "done"
    assert int(kernel.value("len(log)")) > 20


def test_a_mistake_is_one_line_and_a_failure(kernel: Kernel):
    output = kernel.run("%kinode bot")
    assert output.status == "error"
    assert output.errors == [["UsageError: there is no verb 'bot'. Did you mean 'boot'?"]]


def test_tab_through_the_jupyter_kernel(kernel: Kernel):
    for line in SCENARIO[1:7]:
        kernel.run(line)
    assert kernel.matches("%kinode downl") == ["download"]
    assert kernel.matches("df = %kinode log --l") == ["--last"]
    assert kernel.matches("%kinode send ") == ["fake.dev", "fake2.dev"]
    assert kernel.matches("%%kinode -n fake2") == ["fake2.dev"]
    assert kernel.matches("%%kinode\nhi fake2") == ["fake2.dev"]
    assert kernel.matches("%kinode download my fake2.dev", len("%kinode download my")) == [
        "my_file.txt"
    ]


def test_help_through_the_jupyter_kernel(kernel: Kernel):
    content = kernel.client.inspect("%kinode", reply=True, timeout=60)["content"]
    assert "download FILE… NODE" in content["data"]["text/plain"]


def test_it_says_what_it_is(kernel: Kernel):
    content = kernel.client.kernel_info(reply=True, timeout=60)["content"]
    assert content["implementation"] == "kinode"
    assert content["language_info"]["name"] == "python"
    assert "%kinode boot" in content["banner"]


def test_interrupt_ends_the_waiting_and_not_the_nodes(kernel: Kernel):
    """A node without the package answers nothing, so that there is a wait to interrupt."""
    kernel.run("%kinode boot fake.dev -p none\n%kinode boot silent.dev -p none")
    kernel.run("%kinode start chat-with-file-transfer -n fake.dev")
    interrupted = []

    def interrupt(kind: str, _: Any) -> None:
        if kind == "display_data":  # the progress is there, so the waiting has begun
            kernel.manager.interrupt_kernel()
            interrupted.append(kind)

    output = kernel.run("%kinode download my_file.txt silent.dev", interrupt)
    assert interrupted
    assert output.status == "error"
    assert output.errors == [
        ["KeyboardInterrupt: only the waiting has ended: t1 goes on. See %kinode transfers t1"]
    ]
    assert kernel.value("list(get_ipython().run_line_magic('kinode', 'nodes').status)") == (
        "['running', 'running']"
    )
    assert kernel.value("__import__('kinode_nb').fakenet().transfer('t1').status") == "waiting"


def test_interrupt_ends_a_line_at_the_terminal_and_not_the_nodes(kernel: Kernel):
    """A process that answers nothing is waited for; a cell that goes on is not gone on with."""
    kernel.run("%kinode boot fake.dev -p none")
    kernel.run(
        "async def init(our):\n    async for _ in our:\n        pass\n"
        "__import__('kinode_nb').fakenet().node().spawn(init, 'silent', public=True)"
    )
    interrupted = []

    def interrupt(kind: str, content: Any) -> None:
        if kind == "stream" and "Awaiting response for 600s" in content["text"]:
            kernel.manager.interrupt_kernel()
            interrupted.append(kind)

    output = kernel.run(
        "%%kinode --keep-going\nm our@silent:notebook:template.os x -a 600\necho after", interrupt
    )
    assert interrupted
    assert output.status == "error"
    ((line,),) = output.errors
    assert line.startswith("KeyboardInterrupt: only the waiting has ended: ")
    assert "after" not in output.text
    assert kernel.run("%%kinode\necho alive").text == "alive\n"


INTERRUPTS_ONCE_IT_WAITS = """
import signal, sys, threading

def watch(main=threading.main_thread().ident):
    while True:
        frame = sys._current_frames()[main]
        inner, files = frame.f_code, []
        while frame:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        idle = inner.co_name == "select" and inner.co_filename.endswith("selectors.py")
        in_wait = inner.co_name == "wait" and any(f.endswith("portal/transfer.py") for f in files)
        if idle or in_wait:
            return signal.pthread_kill(main, signal.SIGINT)
"""


@pytest.mark.parametrize(
    ("wait", "error"),
    [
        ("t.wait()", "KeyboardInterrupt: only the waiting"),
        ("await t", "CancelledError: only the waiting"),
        ("await asyncio.sleep(0); t.wait()", "KeyboardInterrupt: only the waiting"),
        ("await aio.Node(node).request(address, None, timeout=100_000)", ""),
    ],
)
def test_interrupt_ends_the_waiting_of_python_code(kernel: Kernel, wait: str, error: str):
    prepared = kernel.run(
        f"{INTERRUPTS_ONCE_IT_WAITS}\nimport asyncio, kinode_nb\nfrom kinode_nb import aio\n"
        "net = kinode_nb.fakenet()\n"
        "node, _ = net.boot(port='none'), net.boot('silent.dev', port='none')\n"
        "node.start('chat-with-file-transfer')\n"
        "async def silent(our):\n    await our.receive()\n    await our.receive()\n"
        "address = node.spawn(silent)\n"
        "t = node.download('my_file.txt', 'silent.dev')"
    )
    assert prepared.status == "ok", prepared
    output = kernel.run(f"threading.Thread(target=watch).start()\n{wait}")
    assert output.status == "error"
    if error:
        assert output.errors[0][0].startswith(error)
    assert kernel.value("node.status") == "running"


SPINS = """
import asyncio, kinode_nb
from kinode_nb import aio
net = kinode_nb.fakenet()
node = net.boot(port="none")

async def init(our):
    await our.receive()
    while True: pass

address = node.spawn(init, name="counter")
"""
BEGINS = "net.portal.submit(node._core.request(address, None))"


@pytest.mark.parametrize(
    "wait",
    [
        "node.request(address, None, timeout=100_000)",
        "await aio.Node(node).request(address, None, timeout=100_000)",
        f"{BEGINS}\n%kinode hi fake2.dev hello",
        "await asyncio.sleep(0)\nnode.request(address, None, timeout=100_000)",
    ],
    ids=["a call", "an awaited call", "a magic", "a call in a cell that awaits"],
)
def test_interrupt_ends_a_process_that_never_yields(kernel: Kernel, wait: str):
    assert kernel.run(SPINS).status == "ok"
    interrupted = []

    def interrupt(kind: str, content: Any) -> None:
        if kind == "stream" and "has not yielded" in content["text"]:
            kernel.manager.interrupt_kernel()
            interrupted.append(kind)

    output = kernel.run(wait, interrupt)
    assert interrupted
    assert output.status == "error"
    process = "counter:notebook:template.os"
    named, ended = output.text.splitlines()[:2]
    assert (
        f"{process} on fake.dev has not yielded for 1 s: line 8 of a cell (while True: pass)"
        in named
    )
    assert f"%kinode kill {process} -n fake.dev, ends it" in named
    assert ended.startswith(f"{process} on fake.dev was ended, since it did not yield: line")
    assert kernel.run("%kinode hi fake2.dev hello").text.startswith("fake2.dev is offline")
    assert kernel.value("net.processes().set_index('process').status[str(address.process)]") == (
        "ended"
    )


def test_a_cell_kills_what_never_yields(kernel: Kernel):
    assert kernel.run(SPINS + BEGINS).status == "ok"
    output = kernel.run("t = %kinode processes\nprint(t[t.status == 'blocking'].process.item())")
    assert "counter:notebook:template.os on fake.dev has not yielded" in output.text
    assert "\ncounter:notebook:template.os\n" in output.text
    assert kernel.run("%kinode kill counter").text == (
        "killed process counter:notebook:template.os\n"
    )
    assert kernel.run("%kinode hi fake2.dev hello").text.startswith("fake2.dev is offline")


def test_shutdown_ends_what_never_yields(kernel: Kernel, tmp_path: Path):
    assert kernel.run(SPINS + BEGINS).status == "ok"
    process = psutil.Process(pid(kernel))
    kernel.manager.shutdown_kernel()
    assert not process.is_running()
    assert sessions(tmp_path) == []


def test_asyncio_run_inside_a_cell_on_request(kernel: Kernel):
    cell = "import asyncio\nasync def f(): return 42\nprint(asyncio.run(f()))"
    assert kernel.run(cell).status == "error"
    assert kernel.run("%kinode nest").status == "ok"
    assert kernel.run(cell).text == "42\n"
    assert kernel.run("%kinode boot fake.dev -p none").status == "ok"


def test_shutdown_removes_the_homes(kernel: Kernel, tmp_path: Path):
    home, process = boot(kernel), psutil.Process(pid(kernel))
    kernel.manager.shutdown_kernel()
    assert not home.exists()
    assert not process.is_running()
    assert sessions(tmp_path) == []


def test_restart_removes_the_homes_and_begins_again(kernel: Kernel):
    home, before = boot(kernel), pid(kernel)
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=60)
    assert not home.exists()
    assert pid(kernel) != before
    assert kernel.run("%kinode nodes").status == "ok"
    assert boot(kernel) != home


def test_what_a_killed_one_left_goes_at_the_next_boot(kernel: Kernel):
    home = boot(kernel)
    process = psutil.Process(pid(kernel))
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    assert home.is_dir()
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=60)
    assert boot(kernel).is_dir()
    assert not home.exists()


def test_an_end_without_notice_removes_the_homes(kernel: Kernel):
    home = boot(kernel)
    process = psutil.Process(pid(kernel))
    process.terminate()
    process.wait(timeout=60)
    assert not home.exists()
