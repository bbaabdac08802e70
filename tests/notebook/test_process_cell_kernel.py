"""``%%kinode process`` in a real Jupyter kernel: what only a front end's cells show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.notebook.cells import Kernel

pytestmark = pytest.mark.timeout(180)  # machine processes are started, on a machine that is busy

ID = "counter:notebook:template.os"
BOOT = "import kinode_nb as kn\nnode = %kinode boot fake.dev -p none"
ECHO = """\
%%kinode process counter
async def init(our):
    async for message in our:
        await our.send_response(12 / message.json())
"""
SPINS = """\
%%kinode process counter
async def init(our):
    while True: pass
"""


def interrupter(kernel: Kernel) -> Any:
    def interrupt(kind: str, content: Any) -> None:
        if kind == "stream" and "has not yielded" in content["text"]:
            kernel.manager.interrupt_kernel()

    return interrupt


def test_a_cell_is_written_broken_and_replaced(kernel: Kernel):
    assert kernel.run(BOOT).status == "ok"
    assert kernel.run(ECHO).text == f"fake.dev@{ID} runs\n"
    asking = f"print(node.request('{ID}', 0).json())"
    (shown,) = kernel.run(asking).errors
    assert f"{ID} on fake.dev ended with an error: ZeroDivisionError" in shown[0]
    assert "(line 4 of <process counter>: await our.send_response(12 / message.js" in shown[0]
    assert '\n\n  File "<process counter>", line 4, in init\n    await our.send' in shown[0]
    assert kernel.run(ECHO.replace("12 /", "12 +")).text == f"fake.dev@{ID} runs\n"
    assert kernel.run(asking).text == "12\n"
    (shown,) = kernel.run(ECHO.replace("12 /", "12 / /")).errors
    assert shown[0].startswith("UsageError: line 4: SyntaxError: invalid syntax: await our.send")
    assert kernel.run(asking).text == "12\n"
    (shown,) = kernel.run("%%kinode process other\nasync def init(our):\n    node\n").errors
    assert shown[0].startswith('  File "<process other>", line 3, in init\n    node\n')
    assert "node is a notebook variable: --with node copies it in" in shown[0]


def test_a_function_of_a_cell_is_a_process(kernel: Kernel):
    assert kernel.run(BOOT).status == "ok"
    cell = (
        "import json\nfactor = 2\n\ndef doubled(n): return json.loads('2') * n\n\n"
        "@kn.process('counter')\nasync def init(our):\n    async for message in our:\n"
        "        await our.send_response(doubled(message.json()) if message.json() else factor)\n"
    )
    assert kernel.run(cell).status == "ok"
    assert kernel.run(f"print(init.address, node.request('{ID}', 4).json())").text == (
        f"fake.dev@{ID} 8\n"
    )
    (shown,) = kernel.run(f"node.request('{ID}', 0)").errors
    assert "factor is a variable outside the process: with_=('factor',) copies it in" in shown[0]
    assert "(line 9 of <process counter>: await our.send_response(doubled(" in shown[0]


def test_an_interrupt_ends_what_never_yields_and_a_new_cell_replaces_it(kernel: Kernel):
    assert kernel.run(BOOT).status == "ok"
    output = kernel.run(SPINS, interrupter(kernel))
    assert output.status == "error"
    assert f"{ID} on fake.dev has not yielded for 1 s: line 3 of <process counter>" in output.text
    assert f"{ID} on fake.dev was ended, since it did not yield" in output.text
    spins_later = SPINS.replace("    while", "    await our.receive()\n    while")
    assert kernel.run(spins_later).text == f"fake.dev@{ID} runs\n"
    begun = f"kn.fakenet().portal.submit(node._core.request('{ID}', 1, 1000));"
    assert kernel.run(begun).status == "ok"
    assert kernel.run(ECHO).text == f"fake.dev@{ID} runs (replaced)\n"
    assert kernel.run(f"print(node.request('{ID}', 4).json())").text == "3.0\n"


def test_a_request_to_what_never_yields_is_interrupted_in_one_line(kernel: Kernel):
    assert kernel.run(BOOT).status == "ok"
    kernel.run(SPINS.replace("    while", "    await our.receive()\n    while"))
    output = kernel.run(f"node.request('{ID}', 1)", interrupter(kernel))
    assert output.errors == [["KeyboardInterrupt: the waiting has ended; nodes go on"]]
    assert f"{ID} on fake.dev was ended, since it did not yield" in output.text


def test_text_that_has_no_utf_8_hides_nothing_of_what_a_notebook_shows(kernel: Kernel):
    assert kernel.run(BOOT).status == "ok"
    cell = (
        "%%kinode process counter\nimport json\nasync def init(our):\n"
        "    message = await our.receive()\n    raise ValueError('x' + json.loads(message.body))\n"
    )
    assert kernel.run(cell).status == "ok"
    output = kernel.run(f"print('before')\nnode.request('{ID}', b'\"\\\\ud800\"')")
    assert output.text == "before\n"
    assert "ended with an error: ValueError: x\\ud800 (line 5 of" in output.errors[0][0]
    assert r"ValueError: x\ud800" in kernel.run("%kinode terminal").text
    assert kernel.run("%kinode log").status == "ok"


def test_after_a_restart_of_the_jupyter_kernel_the_cells_run_again(kernel: Kernel):
    for _ in range(2):
        assert kernel.run(BOOT).status == "ok"
        assert kernel.run(ECHO).text == f"fake.dev@{ID} runs\n"
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=60)
    assert "no node is running" in kernel.run(ECHO).errors[0][0]
