"""tester runs Python test processes as kit asks. Time is virtual: some tests do not answer."""

import asyncio
import base64
import json
import textwrap
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node_rows import process_rows
from kinode_nb.portal import FakeNet as BlockingNet
from kinode_nb.testing import MockClock, virtual_loop
from kinode_nb.types import Event

TESTER = "tester:tester:sys"

PASSES = """
    async def init(our):
        request = await our.receive()
        run = request.json()["Run"]
        print("ran with", run["test_names"], "for", run["test_timeout"])
        await our.send_response({"Run": {"Ok": None}})
"""
FAILS = """
    async def init(our):
        await our.receive()
        where = {"test": "sums", "file": "sums.py", "line": 7, "column": 1}
        await our.send_response({"Run": {"Err": where}})
"""
SILENT = """
    async def init(our):
        await our.receive()
        await our.receive()
"""
RETURNS = """
    async def init(our):
        await our.receive()
"""
RAISES = """
    async def init(our):
        raise ValueError("no test")
"""
NO_PYTHON = """
    async def init(our:
"""
ANSWERS_NONSENSE = """
    async def init(our):
        await our.receive()
        await our.send_response({"Walk": None})
"""
TELLS_ITS_CAPABILITIES = """
    async def init(our):
        await our.receive()
        print("holds", *sorted(f"{each.issuer.process}{each.params}"
                               for each in our.our_capabilities()))
        await our.send_response({"Run": {"Ok": None}})
"""


class Booted:
    """A node in virtual time, used from outside its loop."""

    def __init__(self, runner: asyncio.Runner, net: Net) -> None:
        self.runner, self.net = runner, net
        self.core = runner.run(net.boot(port="none"))
        self.name = self.core.name

    def request(self, target: str, body: Any, blob: bytes | None = None) -> Any:
        return self.runner.run(self.core.request(target, body, timeout=20, blob=blob)).json()

    def terminal(self) -> list[str]:
        entries = self.net.log.entries
        return [e.body for e in entries if isinstance(e, Event) and e.kind == "print"]

    def said(self, text: str) -> int:
        return sum(text in line for line in self.terminal())

    def tester(self) -> Any:
        (row,) = [each for each in process_rows(self.core) if str(each.process) == TESTER]
        return row


@pytest.fixture
def node() -> Iterator[Booted]:
    clock = MockClock()
    with asyncio.Runner(loop_factory=lambda: virtual_loop(clock)) as runner:

        async def make() -> Net:
            return Net(0, clock)

        net = runner.run(make())
        yield Booted(runner, net)
        runner.run(net.close())


def put(node: Booted, tests: dict[str, str], capabilities: object = None) -> None:
    """Write tests where kit does, and as it does: by messages to vfs."""

    def write(name: str, data: bytes) -> None:
        body = {"path": f"/tester:sys/tests/{name}", "action": "Write"}
        assert node.request("vfs:distro:sys", body, data) == "Ok"

    for name, code in tests.items():
        write(f"{name}.py", textwrap.dedent(code).encode())
    if capabilities is not None:
        write("capabilities.json", json.dumps(capabilities).encode())


def run(node: Booted, *tests: str, names: tuple[str, ...] = (), timeout: int = 5) -> Any:
    body = {
        "Run": {
            "input_node_names": list(names or (node.name,)),
            "test_names": tests,
            "test_timeout": timeout,
        }
    }
    return node.request(TESTER, body)


def test_its_drives_are_there(node: Booted) -> None:
    for name in ("setup", "tests"):
        body = {"path": f"/tester:sys/{name}", "action": "ReadDir"}
        assert node.request("vfs:distro:sys", body) == {"ReadDir": []}


def test_tests_run_one_after_another_with_the_run_as_it_came(node: Booted) -> None:
    put(node, {"one": PASSES, "two-more": PASSES})
    assert run(node, "one", "two-more") == {"Run": {"Ok": None}}
    said = "ran with ['one', 'two-more'] for 5"
    assert node.said(said) == 2


def test_a_failure_is_answered_as_the_test_told_it_and_the_next_are_not_run(node: Booted) -> None:
    put(node, {"bad": FAILS, "good": PASSES})
    failure = {"test": "sums", "file": "sums.py", "line": 7, "column": 1}
    assert run(node, "bad", "good") == {"Run": {"Err": failure}}
    assert node.said("test sums failed: sums.py:7:1 (a test of bad)")
    assert not node.said("ran with")


def test_after_a_failure_the_tester_starts_again(node: Booted) -> None:
    put(node, {"bad": FAILS, "good": PASSES})
    run(node, "bad")
    assert run(node, "good") == {"Run": {"Ok": None}}
    row = node.tester()
    assert (row.restarts, row.on_exit, row.public) == (1, "Restart", True)


def test_a_test_that_is_not_there_is_named(node: Booted) -> None:
    failure = run(node, "nowhere")["Run"]["Err"]
    assert failure == {
        "test": "nowhere",
        "file": "tester:sys/tests/nowhere.wasm",
        "line": 0,
        "column": 0,
    }
    assert node.said("test nowhere failed: it could not be spawned")


def test_a_test_that_does_not_answer_is_named(node: Booted) -> None:
    put(node, {"silent": SILENT})
    assert run(node, "silent", timeout=1)["Run"]["Err"]["test"] == "silent"
    assert node.said("test silent failed: no answer")


@pytest.mark.parametrize("code", [RETURNS, RAISES, NO_PYTHON])
def test_a_test_that_ends_is_not_waited_for(node: Booted, code: str) -> None:
    put(node, {"brief": code, "good": PASSES})
    before = node.core.kernel.scheduler.now()
    assert run(node, "brief", timeout=10)["Run"]["Err"]["test"] == "brief"
    assert node.core.kernel.scheduler.now() - before < 1e9
    assert node.said("test brief failed: it ended without an answer")
    assert run(node, "good") == {"Run": {"Ok": None}}  # the end of the other is no Run


def test_an_answer_that_makes_no_sense_is_named(node: Booted) -> None:
    put(node, {"odd": ANSWERS_NONSENSE})
    assert run(node, "odd")["Run"]["Err"]["test"] == "odd"
    assert node.said("test odd failed: its answer makes no sense")


def test_a_run_that_comes_while_a_test_is_waited_for_has_its_turn(node: Booted) -> None:
    put(node, {"silent": SILENT, "good": PASSES})

    async def both() -> list[Any]:
        async def one(name: str) -> Any:
            names = {"input_node_names": [node.name], "test_names": [name], "test_timeout": 3}
            return (await node.core.request(TESTER, {"Run": names}, timeout=20)).json()

        return await asyncio.gather(one("good"), one("good"))

    assert node.runner.run(both()) == [{"Run": {"Ok": None}}] * 2


def test_a_test_may_have_modules_beside_it(node: Booted) -> None:
    imports = "from .sums import TWO\n" + textwrap.dedent(PASSES).replace("ran with", "{TWO}")
    body = {"path": "/tester:sys/tests/with-sums", "action": "CreateDirAll"}
    assert node.request("vfs:distro:sys", body) == "Ok"
    put(node, {"with-sums/with_sums": imports, "with-sums/sums": "TWO = 2"})
    assert run(node, "with-sums") == {"Run": {"Ok": None}}


def test_a_capability_that_is_not_to_be_had_is_told(node: Booted) -> None:
    put(node, {"good": PASSES}, {"good": {"request_capabilities": ["eth:distro:sys"]}})
    assert run(node, "good") == {"Run": {"Ok": None}}
    assert node.said("tester: good requests")


def test_who_is_not_the_master_answers_ok(node: Booted) -> None:
    put(node, {"bad": FAILS})
    assert run(node, "bad", names=("other.dev", node.name)) == {"Run": {"Ok": None}}


def test_tests_hold_what_the_tester_holds(node: Booted) -> None:
    put(node, {"caps": TELLS_ITS_CAPABILITIES})
    assert run(node, "caps") == {"Run": {"Ok": None}}
    (line,) = [each for each in node.terminal() if "holds" in each]
    for process in ("vfs", "kv", "sqlite", "timer", "http-server", "kernel"):
        assert f'{process}:distro:sys"messaging"' in line
    assert 'kernel:distro:sys"network"' in line


USES_KV = """
    from kinode_nb.process_lib import kv

    async def init(our):
        await our.receive()
        db = await kv.open(our, our.package_id, "tests", timeout=1)
        await db.set("a", 1)
        await our.send_response({"Run": {"Ok": None}})
"""


@pytest.mark.parametrize(
    "grant",
    [
        "kv:distro:sys",
        '["kv:distro:sys","\\"messaging\\""]',
        {"process": "kv:distro:sys", "params": "messaging"},
    ],
)
def test_capabilities_that_a_test_grants(node: Booted, grant: object) -> None:
    """Tests are not public: kv can answer only the one that lets it."""
    granting = {"with": {"request_capabilities": ["kv:distro:sys"], "grant_capabilities": [grant]}}
    put(node, {"with": USES_KV, "without": USES_KV}, granting)
    assert run(node, "with") == {"Run": {"Ok": None}}
    assert run(node, "without", timeout=2)["Run"]["Err"]["test"] == "without"


@pytest.mark.parametrize(
    "wish",
    [
        "nonsense",
        "{nonsense",
        {"process": "nonsense", "params": 1},
    ],
)
def test_a_wish_that_makes_no_sense_fails_its_test(node: Booted, wish: object) -> None:
    put(node, {"good": PASSES}, {"good": {"request_capabilities": [wish]}})
    assert run(node, "good")["Run"]["Err"]["test"] == "good"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'"Run"',
        b'{"Run":{}}',
        b'{"Run":{"input_node_names":[],"test_names":[],"test_timeout":1}}',
    ],
)
def test_a_run_that_makes_no_sense_is_answered_and_ends_nothing(node: Booted, body: bytes) -> None:
    answer = node.request(TESTER, body)
    assert answer["Run"]["Err"]["test"] == "tester"
    assert node.tester().restarts == 0


def test_a_capabilities_file_that_is_broken_is_told(node: Booted) -> None:
    put(node, {"good": PASSES}, ["nonsense"])
    assert run(node, "good")["Run"]["Err"]["test"] == "tester"
    assert node.said("the Run cannot be done")


def test_all_of_it_by_http_as_kit_does() -> None:
    """kit polls ReadDir until the node is up, writes the tests, and sends the Run."""

    def post(node: Any, process: str, body: object, data: bytes | None = None) -> Any:
        rpc = {
            "node": None,
            "process": process,
            "inherit": False,
            "expects_response": 15,
            "body": json.dumps(body),
            "metadata": None,
            "context": None,
            "mime": "application/octet-stream",
            "data": None if data is None else base64.b64encode(data).decode(),
        }
        url = f"http://127.0.0.1:{node.port}/rpc:distro:sys/message"
        request = urllib.request.Request(url, json.dumps(rpc).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(bytes(json.load(response)["body"]))

    def vfs_write(node: Any, name: str, data: bytes) -> Any:
        return post(node, "vfs:distro:sys", {"path": name, "action": "Write"}, data)

    with BlockingNet() as net:
        node = net.boot()
        listing = {"path": "/tester:sys/tests", "action": "ReadDir"}
        assert post(node, "vfs:distro:sys", listing)  # any answer will do, an error too
        wasm = textwrap.dedent(PASSES).encode()
        assert vfs_write(node, "/tester:sys/setup/thing.wasm", b"setup") == "Ok"
        assert vfs_write(node, "/tester:sys/tests/one.py", wasm) == "Ok"
        assert vfs_write(node, "/tester:sys/tests/capabilities.json", b"{}") == "Ok"
        names = {"input_node_names": [node.name], "test_names": ["one"], "test_timeout": 5}
        assert post(node, TESTER, {"Run": names}) == {"Run": {"Ok": None}}
